"""Many p-values at once."""

from __future__ import annotations

import numpy as np

from judges.stats.bootstrap import FloatArray


def benjamini_hochberg(p: FloatArray) -> FloatArray:
    """Adjusted p-values (N,): of those that are <= q, at most a share q is expected to be false.

    Benjamini & Hochberg (1995); holds for tests that are independent or depend positively.
    """
    order = np.argsort(p, kind="stable")
    steps = p[order] * len(p) / np.arange(1, len(p) + 1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(1.0, np.minimum.accumulate(steps[::-1])[::-1])
    return adjusted
