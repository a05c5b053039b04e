"""What a judge gives to one sort of answer beyond what the other judges give it."""

from __future__ import annotations

import numpy as np

from judges.stats.bootstrap import Estimate, FloatArray, IntArray, PromptBootstrap, ratio


def excess(
    boot: PromptBootstrap, prompt: IntArray, own: FloatArray, others: FloatArray
) -> Estimate | None:
    """Mean of own - others over the comparisons (C,) where neither is nan.

    Both speak of the same side, from 0 to 1, so that the quality of that side cancels out. Where a
    judge ties it should be nan: ties would draw the judge towards one half, and a judge that ties
    much would seem to favour whatever the others find worse.
    """
    both = ~np.isnan(own) & ~np.isnan(others)
    if not both.any():
        return None
    sums = boot.of_rows(prompt[both], own[both] - others[both], np.ones(int(both.sum())))
    return sums.estimate(lambda s: ratio(s[:, 0], s[:, 1]), sums.observed[0, 1])


def mean_known(values: FloatArray) -> FloatArray:
    """Mean (C,) of the values (C, J) that are known; nan where none is."""
    known = ~np.isnan(values)
    return ratio(np.where(known, values, 0.0).sum(axis=1), known.sum(axis=1).astype(float))
