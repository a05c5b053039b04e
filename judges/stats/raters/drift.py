"""Does a rater change in the course of their votes: tire, hurry, learn, or turn?

The first half of the votes is compared with the second. One test for agreement with others (given
what the other raters of an item make likely) and one for speed (log seconds), each normal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from judges.stats.bootstrap import BoolArray, FloatArray, ratio
from judges.stats.raters.consensus import same_as_others
from judges.stats.raters.votes import Votes

LEAST = 20
"""Votes below which halves say nothing."""


@dataclass(frozen=True)
class Drift:
    """Each (R, 2): mean agreement with others and geometric mean seconds, first and second half;
    p: (R, 2) two-sided p-values of a change in agreement and in speed, 1 where too few votes."""

    agreement: FloatArray
    seconds: FloatArray
    p: FloatArray


def drift(votes: Votes) -> Drift:
    """Compare the halves of every rater's votes, by number."""
    counts = np.bincount(votes.rater, minlength=votes.raters)
    place = np.arange(len(votes.rater)) - (np.cumsum(counts) - counts)[votes.rater]
    late = place >= (counts[votes.rater] + 1) // 2
    same, shared = same_as_others(votes)
    everything = np.ones(len(late), dtype=bool)
    agreement, of_agreement = _halves(votes, same, late, shared)
    speed, of_speed = _halves(votes, np.log(np.maximum(votes.seconds, 1e-3)), late, everything)
    return Drift(agreement, np.exp(speed), np.stack([of_agreement, of_speed], axis=1))


def _halves(
    votes: Votes, values: FloatArray, late: BoolArray, known: BoolArray
) -> tuple[FloatArray, FloatArray]:
    """Means (R, 2) and the p-values (R,) of Welch's comparison."""
    means, errors, counts = [], [], []
    for half in (~late & known, late & known):
        n = votes.per_rater(half)
        mean = ratio(votes.per_rater(values, half), n)
        left = np.where(half, values - mean[votes.rater], 0.0)
        errors.append(ratio(votes.per_rater(left**2), n * np.maximum(n - 1, 1)))
        means.append(mean)
        counts.append(n)
    z = ratio(means[1] - means[0], np.sqrt(errors[0] + errors[1]))
    p = np.where(np.isfinite(z), 2 * ndtr(-np.abs(z)), 1.0)
    enough = counts[0] + counts[1] >= LEAST
    return np.stack(means, axis=1), np.where(enough, p, 1.0)
