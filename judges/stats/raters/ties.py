"""How often a tie is to be expected of each vote.

Davidson (1970): a tie is nu / (nu + 2 cosh(lead / 2)). Here nu is a product of the rater's
readiness for ties and of one for either competitor, since "both bad" is said of the weak ones.
"""

from __future__ import annotations

import numpy as np

from judges.stats.bootstrap import BoolArray, FloatArray
from judges.stats.raters.field import Field
from judges.stats.raters.votes import summed

PRIOR = 2.0
"""So many ties, and as many as expected, are added to each rater's and each competitor's."""

_ROUNDS = 8


def tie_chance(field: Field, trusted: BoolArray) -> FloatArray:
    """(N,) of each vote; competitors by the trusted raters (R,), by iterative scaling."""
    votes = field.votes
    tied = (~field.sided).astype(float)
    counts = trusted[votes.rater].astype(float)
    decided = 2 * np.cosh(np.clip(field.logit, -30, 30) / 2)
    of_rater, of_competitor = np.zeros(votes.raters), np.zeros(votes.competitors)
    chance = np.zeros(len(tied))
    for _ in range(_ROUNDS):
        chance = _chance(field, of_rater, of_competitor, decided)
        seen, expected = votes.per_rater(tied), votes.per_rater(chance)
        of_rater += np.log((seen + PRIOR) / (expected + PRIOR))
        chance = _chance(field, of_rater, of_competitor, decided)
        seen, expected = (_per_competitor(field, counts * what) for what in (tied, chance))
        # Half the step: both competitors of a pair move.
        of_competitor += 0.5 * np.log((seen + PRIOR) / (expected + PRIOR))
    return np.clip(chance, 1e-3, 1 - 1e-3)


def _chance(
    field: Field, of_rater: FloatArray, of_competitor: FloatArray, decided: FloatArray
) -> FloatArray:
    votes = field.votes
    nu = of_rater[votes.rater] + of_competitor[votes.first] + of_competitor[votes.second]
    ready = np.exp(np.clip(nu, -30, 30))
    chance: FloatArray = ready / (ready + decided)
    return chance


def _per_competitor(field: Field, values: FloatArray) -> FloatArray:
    size = field.votes.competitors
    sums: FloatArray = summed(field.votes.first, values, size)
    return sums + summed(field.votes.second, values, size)
