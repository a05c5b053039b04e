"""How much honest raters differ in what they like, and what each makes of each competitor.

Real people have tastes: one likes a competitor better than the field does and nothing is wrong with
it. So the honest model of rater r on competitor k is the expectation of the field shifted by a
taste of N(0, spread^2) log odds, and a test asks for more than such a taste explains. The spread is
found from the raters themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from judges.stats.bootstrap import BoolArray, FloatArray
from judges.stats.raters.field import Field
from judges.stats.raters.votes import summed

LEAST_SPREAD = 0.3
SAFETY = 1.2
"""The spread that is found is widened by this: habits (`field.py`) absorb a part of tastes."""
_WINSOR, _KEPT = 4.0, 0.9205
"""A square counts as at most so many variances; what is left of the mean of normal squares."""


@dataclass(frozen=True)
class Tastes:
    """surplus, weight: (R, K) wins beyond the expectation on each competitor, and their variance
    were there no tastes. spread: of tastes, log odds."""

    surplus: FloatArray
    weight: FloatArray
    spread: float

    @property
    def z(self) -> FloatArray:
        """(R, K) surplus in standard deviations of an honest rater with tastes."""
        variance = self.weight + self.spread**2 * self.weight**2
        found: FloatArray = self.surplus / np.sqrt(np.maximum(variance, 1e-9))
        return found


def tastes(field: Field, trusted: BoolArray) -> Tastes:
    """What each rater makes of each competitor; the spread from the trusted raters (R,)."""
    left = (field.won - field.chance) * field.sided
    weight = field.chance * (1 - field.chance) * field.sided
    surplus = by_competitor(field, left, -left)
    weights = by_competitor(field, weight, weight)
    return Tastes(surplus, weights, _spread(surplus[trusted], weights[trusted]))


def by_competitor(field: Field, first: FloatArray, second: FloatArray) -> FloatArray:
    """(R, K): sums of what the votes (N,) bring to the competitor shown first and second."""
    votes = field.votes
    size = votes.raters * votes.competitors
    base = votes.rater * votes.competitors
    sums: FloatArray = summed(base + votes.first, first, size)
    sums = sums + summed(base + votes.second, second, size)
    return sums.reshape(votes.raters, votes.competitors)


def _spread(surplus: FloatArray, weight: FloatArray) -> float:
    """By moments: the variance of a surplus is weight + spread^2 weight^2.

    The median over the competitors, and a cell counts as two standard deviations at most, so that
    riggers, who are few and after one or two competitors, do not pass for people with tastes.
    """
    spread = LEAST_SPREAD
    for _ in range(10):
        variance = weight + spread**2 * weight**2
        square = np.minimum(surplus**2, _WINSOR * variance) / _KEPT
        share = weight**2 / np.maximum(variance, 1e-9) ** 2
        total = (share * weight**2).sum(axis=0)
        seen = total > 0
        if not seen.any():
            return LEAST_SPREAD
        excess = (share * (square - weight)).sum(axis=0)[seen] / total[seen]
        spread = float(np.sqrt(max(float(np.median(excess)), 0.0)))
    return max(LEAST_SPREAD, SAFETY * spread)
