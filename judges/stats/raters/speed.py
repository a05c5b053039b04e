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

AT_ONCE: Final = 5.0
"""Seconds in which what comes next is shown, once a vote has arrived."""

ROUNDING: Final = 0.01
"""Seconds by which a difference of times may be off."""

LEAST: Final = 5
"""Votes that were too fast, below which nothing is said of a rater."""


def too_fast(votes: Votes) -> BoolArray:
    """(N,) votes that took less than FASTEST needs, or an eighth of the field's median vote.

    The shorter of both where lengths are known: one need not read to the end to decide. Votes that
    seem to have been held up on their way are not among them.
    """
    if not len(votes.seconds):
        return np.zeros(0, dtype=bool)
    # The median of the raters' medians, so that one busy script does not set what is usual.
    usual = float(np.median(median_seconds(votes)))
    needed = np.fmin(votes.lengths.sum(axis=1) / FASTEST, usual * OF_MEDIAN)
    fast: BoolArray = (votes.seconds < needed) & ~_held_up(votes, usual)
    return fast


def _held_up(votes: Votes, usual: float) -> BoolArray:
    """(N,) votes whose answers may have been read while the vote before them was on its way.

    What comes next counts as shown once a vote has arrived. A line that is cut lets the rater read
    on and delivers two votes at once: the first then seems to have taken all the time, and the
    second none. So a vote that follows another at once is not too fast when both together took as
    long as a `usual` one. Who does not read at all is not excused: there the one before is short.
    Votes of one screen arrive together, and what holds for one of them holds for all.
    """
    between = np.diff(votes.at) - votes.seconds[1:]
    new = np.diff(votes.rater) != 0
    follows = ~new & (between > -ROUNDING) & (between < AT_ONCE)
    together = votes.seconds[:-1] + votes.seconds[1:]
    held = np.concatenate([[False], follows & (together >= usual)])
    other = new | (np.diff(votes.at) != 0) | (np.diff(votes.seconds) != 0)
    first = np.concatenate([[True], other])
    found: BoolArray = held[first][np.cumsum(first) - 1]
    return found


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
    """(R,) exact binomial p-values of being too fast more often than an honest rater.

    1 below LEAST such votes: a handful tells of the line, or of a slip, as well as of the rater.
    """
    fast = votes.per_rater(too_fast(votes))
    found = above(fast, votes.per_rater(np.ones(len(votes.seconds))), HONEST)
    p: FloatArray = np.where(fast >= LEAST, found, 1.0)
    return p
