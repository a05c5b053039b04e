"""Verdicts as numbers, and verdicts of several judges as a matrix.

A matrix of verdicts is (C, J): a row for each comparison, a column for each judge, NONE where a
judge gave no verdict. "Both bad" is a category of its own in nominal statistics. In ordinal ones
it stands in the middle with the ties: it prefers neither side.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from judges.stats.bootstrap import BoolArray, FloatArray

Verdicts = NDArray[np.int8]

A: Final = 0
TIE: Final = 1
B: Final = 2
BOTH_BAD: Final = 3
NONE: Final = -1

CODES = {"a": A, "tie": TIE, "b": B, "both_bad": BOTH_BAD}
CATEGORIES = len(CODES)

EXCHANGED = np.array([B, TIE, A, BOTH_BAD])
"""Of each category what it is when a and b change their names."""

_POINTS = np.array([1.0, 0.5, 0.0, 0.5, np.nan])
_SIDES = np.array([1.0, np.nan, 0.0, np.nan, np.nan])


def points(verdicts: Verdicts) -> FloatArray:
    """What side a gets: 1 for a win, a half for a tie or both bad, nan where nobody decided."""
    return _POINTS[verdicts]


def sides(verdicts: Verdicts) -> FloatArray:
    """1 where a is preferred, 0 where b is, nan where neither is or nobody decided."""
    return _SIDES[verdicts]


def decisive(verdicts: Verdicts) -> BoolArray:
    """Whether one side is preferred."""
    return np.isin(verdicts, (A, B))


def counted(verdicts: Verdicts) -> FloatArray:
    """(C, 4): how many of the judges (C, J) gave each verdict."""
    return np.stack([(verdicts == code).sum(axis=1) for code in range(CATEGORIES)], axis=1).astype(
        float
    )


def plurality(counts: FloatArray, draw: int) -> Verdicts:
    """The most frequent verdict of counts (C, 4); `draw` where two are, NONE where nobody spoke."""
    most = counts.max(axis=1)
    winner: Verdicts = counts.argmax(axis=1).astype(np.int8)
    drawn = (counts == most[:, None]).sum(axis=1) > 1
    winner[drawn] = draw
    winner[most == 0] = NONE
    return winner
