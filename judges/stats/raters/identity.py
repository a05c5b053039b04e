"""Do a rater's votes follow who wrote the answers rather than the answers?

Who wants to lift one competitor also votes where it does not play, for the weak and against its
rivals (Min et al. 2025, "omnipresent" rigging). Then the rater's votes for and against each
competitor, taken together, fit large fixed likings of the names, more than honest tastes explain.
Compared are two models of these likings, N(0, wide^2) and the honest spread, by their marginal
likelihoods in Laplace's approximation. One over the ratio is a p-value of this rater; the ratios of
all raters together tell whether several accounts do it (`ring.py`).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from judges.stats.bootstrap import FloatArray
from judges.stats.raters.field import Field
from judges.stats.raters.rivals import informations
from judges.stats.raters.tastes import Tastes

WIDE: Final = 1.0
_CELLS = 4_000_000


def identity_ratio(field: Field, tastes: Tastes) -> FloatArray:
    """(R,) likelihood ratios of voting by names to voting honestly; 1 for who has not voted."""
    size = field.votes.competitors
    size = field.votes.competitors
    ratio = np.ones(field.votes.raters)
    step = max(1, _CELLS // size**2)
    for begin in range(0, field.votes.raters, step):
        end = min(begin + step, field.votes.raters)
        information = informations(field, begin, end)
        surplus = tastes.surplus[begin:end]
        log = _marginal(surplus, information, max(WIDE, 2 * tastes.spread))
        log -= _marginal(surplus, information, tastes.spread)
        ratio[begin:end] = np.exp(np.minimum(log, 600.0))
    return ratio


def _marginal(surplus: FloatArray, information: FloatArray, spread: float) -> FloatArray:
    """(R,) log of the mean likelihood over likings of N(0, spread^2), up to a common constant."""
    size = surplus.shape[1]
    inside = information + np.eye(size) / spread**2
    fitted = np.linalg.solve(inside, surplus[..., None])[..., 0]
    _, volume = np.linalg.slogdet(spread**2 * inside)
    found: FloatArray = 0.5 * (surplus * fitted).sum(axis=1) - 0.5 * volume
    return found
