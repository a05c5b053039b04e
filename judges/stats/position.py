"""Does it matter which answer is shown first?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from judges.stats.bootstrap import Estimate, FloatArray, IntArray, PromptBootstrap, ratio
from judges.stats.verdicts import NONE, A, B, Verdicts, decisive

AB, BA, UNKNOWN = 0, 1, 2


@dataclass(frozen=True)
class Position:
    """flip: of comparisons that name a side in both orders, the share that change sides; 0.5 is a
    coin. same: of those with a verdict in both orders, the share with the same verdict. first: how
    much more often than one half the side shown first is preferred, balanced over both orders."""

    flip: Estimate | None
    same: Estimate | None
    first: Estimate | None


def position(
    boot: PromptBootstrap,
    prompt: IntArray,
    comparison: IntArray,
    order: IntArray,
    sample: IntArray,
    verdicts: Verdicts,
) -> Position:
    """From judgments (N,): verdicts in terms of a and b, and which was shown first.

    Both orders of one repetition (`sample`) of a comparison make a pair.
    """
    first = _pairs(comparison, order, sample, verdicts)
    flip = same = None
    if len(first):
        ab, ba = verdicts[first[:, 0]], verdicts[first[:, 1]]
        sided = decisive(ab) & decisive(ba)
        sums = boot.of_rows(
            prompt[first[:, 0]], sided & (ab != ba), sided, ab == ba, np.ones(len(ab))
        )
        flip, same = sums.share(0, 1), sums.share(2, 3)
    return Position(flip, same, first_preference(boot, prompt, order, verdicts))


def first_preference(
    boot: PromptBootstrap, prompt: IntArray, order: IntArray, verdicts: Verdicts
) -> Estimate | None:
    """How much more often than one half the side shown first is preferred, from -0.5 to 0.5.

    The mean of both orders, so that it does not matter whether a or b is the better one more
    often. None when only one order was shown: bias and quality cannot be told apart then.
    """
    sided = decisive(verdicts)
    ab, ba = sided & (order == AB), sided & (order == BA)
    sums = boot.of_rows(prompt, ab, ab & (verdicts == A), ba, ba & (verdicts == B))
    return sums.estimate(_preference, sums.observed[0, 0] + sums.observed[0, 2])


def _preference(sums: FloatArray) -> FloatArray:
    ab, ab_first, ba, ba_first = sums.T
    return (ratio(ab_first, ab) + ratio(ba_first, ba)) / 2 - 0.5


def _pairs(comparison: IntArray, order: IntArray, sample: IntArray, verdicts: Verdicts) -> IntArray:
    """(M, 2): rows of judgments that are the same question in orders ab and ba, both answered."""
    rows = np.flatnonzero((verdicts != NONE) & (order != UNKNOWN))
    rows = rows[np.lexsort((order[rows], sample[rows], comparison[rows]))]
    one, two = rows[:-1], rows[1:]
    together = (comparison[one] == comparison[two]) & (sample[one] == sample[two])
    together &= (order[one] == AB) & (order[two] == BA)
    return np.stack([one[together], two[together]], axis=1)
