"""Does a rater vote before the answers can have been read?"""

from __future__ import annotations

from typing import Final

import numpy as np

from judges.stats.bootstrap import BoolArray, FloatArray
from judges.stats.raters.sides import above
from judges.stats.raters.votes import Votes

FASTEST: Final = 500.0
"""Characters a second: ten times as fast as a text is skimmed."""

OF_MEDIAN: Final = 1 / 8

HONEST: Final = 0.1
"""An honest rater is too fast in at most this share of votes: a glance settles some."""


def too_fast(votes: Votes) -> BoolArray:
    """(N,) votes that took less than FASTEST needs, or an eighth of the field's median vote.

    The shorter of both where lengths are known: one need not read to the end to decide.
    """
    if not len(votes.seconds):
        return np.zeros(0, dtype=bool)
    # The median of the raters' medians, so that one busy script does not set what is usual.
    usual = float(np.median(median_seconds(votes))) * OF_MEDIAN
    needed = np.fmin(votes.lengths.sum(axis=1) / FASTEST, usual)
    fast: BoolArray = votes.seconds < needed
    return fast


def median_seconds(votes: Votes) -> FloatArray:
    """(R,) of each rater."""
    order = np.lexsort((votes.seconds, votes.rater))
    seconds = votes.seconds[order]
    counts = np.bincount(votes.rater, minlength=votes.raters)
    ends = np.cumsum(counts)
    low, high = ends - counts + (counts - 1) // 2, ends - counts + counts // 2
    found: FloatArray = (seconds[low] + seconds[high]) / 2
    return found


def speed_p(votes: Votes) -> FloatArray:
    """(R,) exact binomial p-values of being too fast more often than an honest rater."""
    return above(
        votes.per_rater(too_fast(votes)), votes.per_rater(np.ones(len(votes.seconds))), HONEST
    )
