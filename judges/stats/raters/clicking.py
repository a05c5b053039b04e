"""Is a rater's choice unrelated to what the others think of the answers?

Honest raters follow the lead of the field with a skill that differs from person to person; a random
clicker has none. Honest skills are taken for log-normal, with centre and spread found from the
raters themselves; the p-value is the share of honest raters that would seem as unskilled, given how
few votes show it. Items on which the others are split say nothing, since their lead is near 0. Who
has strong tastes of their own follows the field less, and is not clicking: the error of a skill
holds what tastes do to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import ndtr

from judges.stats.bootstrap import BoolArray, FloatArray
from judges.stats.raters.field import HABITS, HABITS_SD, Field
from judges.stats.raters.tastes import Tastes, by_competitor

LEAST_SPREAD: Final = 0.35
MOST_SPREAD: Final = 0.6
"""Bounds of the standard deviation of log skill."""

ABOVE_CHANCE: Final = 2.0
"""Who follows the field by so many standard errors is not clicking at random, only unusual."""

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(9)
_SHARES = _WEIGHTS / _WEIGHTS.sum()
_HALF_CHI_SQUARE: Final = 0.455
"""Median of chi-square with one degree of freedom."""


@dataclass(frozen=True)
class Skills:
    """value, error: (R,) how sharply each follows the field, and the standard error (1 and inf
    where nothing is known). nodes: (9,) typical honest skills, with weights `_SHARES`."""

    value: FloatArray
    error: FloatArray
    nodes: FloatArray


def skills(field: Field, liked: Tastes, trusted: BoolArray) -> Skills:
    """The skill of every rater, free of the prior, and its distribution among the trusted (R,)."""
    weight = field.chance * (1 - field.chance) * field.lead**2
    information = field.votes.per_rater(weight, field.sided)
    known = information > 0.5
    prior = 1.0 / HABITS_SD[0] ** 2
    shrunk = field.habits[:, 0]
    value = shrunk + prior * (shrunk - HABITS[0]) / np.maximum(information, 0.5)
    value = np.where(known, value, 1.0)
    pull = by_competitor(field, *_signed(field.chance * (1 - field.chance) * field.lead, field))
    variance = information + liked.spread**2 * (pull**2).sum(axis=1)
    error = np.where(known, np.sqrt(variance) / np.maximum(information, 0.5), np.inf)
    honest = trusted & known
    centre, spread = 1.0, LEAST_SPREAD
    if honest.any():
        centre = max(0.2, float(np.median(value[honest])))
        spread = _spread((value[honest] / centre - 1.0) ** 2, (error[honest] / centre) ** 2)
    return Skills(value, error, centre * np.exp(spread * _NODES))


def clicking_p(found: Skills) -> FloatArray:
    """(R,) p-values of being as unrelated to the field as seen; 1 for who is above chance."""
    error = np.where(np.isinf(found.error), 1e9, found.error)
    p: FloatArray = ndtr((found.value[:, None] - found.nodes) / error[:, None]) @ _SHARES
    return np.where(found.value < ABOVE_CHANCE * found.error, p, 1.0)


def clicking_elsewhere(field: Field, found: Skills) -> FloatArray:
    """(R, K) likelihood ratio of clicking to honest skill, on votes without competitor k."""
    side = field.logit - field.design[:, 0] * field.habits[field.votes.rater, 0]
    sign = 2 * field.won - 1
    none = _elsewhere(field, sign * side)
    honest = np.full(none.shape, -np.inf)
    for skill, weight in zip(found.nodes, _SHARES, strict=True):
        there = _elsewhere(field, sign * (skill * field.lead + side))
        honest = np.logaddexp(honest, there + np.log(weight))
    ratio: FloatArray = np.exp(np.minimum(none - honest, 600.0))
    return ratio


def _signed(values: FloatArray, field: Field) -> tuple[FloatArray, FloatArray]:
    """What the sided votes (N,) bring to the first and to the second competitor."""
    kept = values * field.sided
    return kept, -kept


def _elsewhere(field: Field, margin: FloatArray) -> FloatArray:
    """(R, K) log likelihood of the sided votes that competitor k plays no part in."""
    said = np.where(field.sided, -np.logaddexp(0.0, -margin), 0.0)
    return field.votes.per_rater(said)[:, None] - by_competitor(field, said, said)


def _spread(square: FloatArray, variance: FloatArray) -> float:
    """The spread at which the median of the squares is what it should be; robust to outliers."""
    low, high = LEAST_SPREAD**2, MOST_SPREAD**2
    for _ in range(30):
        middle = (low + high) / 2
        wide = float(np.median(square / (middle + variance))) > _HALF_CHI_SQUARE
        low, high = (middle, high) if wide else (low, middle)
    return float(np.sqrt(low))
