"""How a difference of strengths becomes chances of win, tie and loss: one class a model.

Each gives the derivatives of the log-likelihood of U units (pairs, or single comparisons) with
respect to their predictor eta = theta_a - theta_b (+ covariates) and to one tie parameter. All
three log-likelihoods are jointly concave in (eta, tie).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import expit

from tournaments.ratings.base import FloatArray
from tournaments.ratings.counts import Pairs


@dataclass(frozen=True)
class Terms:
    """First derivatives and minus the second ones.

    gradient, curvature: (U,) by eta. tie_gradient, tie_curvature: by the tie parameter. cross:
    (U,) by both. The last three are 0 for a link without tie parameter.
    """

    gradient: FloatArray
    curvature: FloatArray
    tie_gradient: float
    tie_curvature: float
    cross: FloatArray | None


class Link(Protocol):
    ties: bool
    """Whether the model has a tie parameter."""

    def terms(self, eta: FloatArray, tie: float, pairs: Pairs) -> Terms: ...

    def scores(self, eta: FloatArray, tie: float) -> tuple[FloatArray, FloatArray]:
        """(U, 3) each: the derivative by eta, and by tie, of the log-chance of each outcome."""
        ...

    def chances(self, eta: FloatArray, tie: float) -> FloatArray:
        """(U, 3): the chances of win of a, tie, win of b."""
        ...


class HalfWin:
    """Bradley & Terry (1952); a tie is half a win for each. Has no use for a tie parameter."""

    ties = False

    def terms(self, eta: FloatArray, tie: float, pairs: Pairs) -> Terms:  # noqa: ARG002
        p = expit(eta)
        expected = pairs.met * p
        return Terms(pairs.points - expected, expected * (1.0 - p), 0.0, 0.0, None)

    def scores(self, eta: FloatArray, tie: float) -> tuple[FloatArray, FloatArray]:  # noqa: ARG002
        p = expit(eta)
        return np.stack([1.0 - p, 0.5 - p, -p], axis=1), np.zeros((len(eta), 3))

    def chances(self, eta: FloatArray, tie: float) -> FloatArray:  # noqa: ARG002
        p = expit(eta)
        return np.stack([p, np.zeros_like(p), 1.0 - p], axis=1)


class Davidson:
    """Davidson (1970): chances as exp(eta / 2) : nu : exp(-eta / 2), tie parameter log nu."""

    ties = True

    def terms(self, eta: FloatArray, tie: float, pairs: Pairs) -> Terms:
        p, t, q = self.chances(eta, tie).T
        outcomes, met = pairs.outcomes, pairs.met
        lead = (p - q) / 2
        gradient = (outcomes[:, 0] - outcomes[:, 2]) / 2 - met * lead
        curvature = met * ((p + q) / 4 - lead**2)
        by_tie = float((outcomes[:, 1] - met * t).sum())
        return Terms(
            gradient, curvature, by_tie, float((met * t * (1.0 - t)).sum()), -met * lead * t
        )

    def scores(self, eta: FloatArray, tie: float) -> tuple[FloatArray, FloatArray]:
        p, t, q = self.chances(eta, tie).T
        lead = (p - q) / 2
        return np.stack([0.5 - lead, -lead, -0.5 - lead], axis=1), np.stack(
            [-t, 1.0 - t, -t], axis=1
        )

    def chances(self, eta: FloatArray, tie: float) -> FloatArray:
        exponents = np.stack([eta / 2, np.full_like(eta, tie), -eta / 2], axis=1)
        exponents -= exponents.max(axis=1, keepdims=True)
        odds = np.exp(exponents)
        chances: FloatArray = odds / odds.sum(axis=1, keepdims=True)
        return chances


class RaoKupper:
    """Rao & Kupper (1967): a wins with chance expit(eta - k), b with expit(-eta - k).

    The tie parameter is log(exp(2 k) - 1), free of bounds; k = `threshold(tie)` > 0.
    """

    ties = True

    def terms(self, eta: FloatArray, tie: float, pairs: Pairs) -> Terms:
        k, slope, bend = _threshold(tie)
        p, q, outcomes = expit(eta - k), expit(-eta - k), pairs.outcomes
        for_a = outcomes[:, 0] + outcomes[:, 1]
        for_b = outcomes[:, 2] + outcomes[:, 1]
        a_left, b_left = for_a * (1.0 - p), for_b * (1.0 - q)
        a_curve, b_curve = a_left * p, b_left * q
        lost = float((a_left + b_left).sum())
        curve = a_curve + b_curve
        by_tie = float(outcomes[:, 1].sum()) - slope * lost
        tie_curvature = bend * lost + slope**2 * float(curve.sum())
        return Terms(a_left - b_left, curve, by_tie, tie_curvature, -slope * (a_curve - b_curve))

    def scores(self, eta: FloatArray, tie: float) -> tuple[FloatArray, FloatArray]:
        k, slope, _ = _threshold(tie)
        p, q = expit(eta - k), expit(-eta - k)
        by_eta = np.stack([1.0 - p, q - p, q - 1.0], axis=1)
        both = 1.0 - slope * (2.0 - p - q)
        return by_eta, np.stack([-slope * (1.0 - p), both, -slope * (1.0 - q)], axis=1)

    def chances(self, eta: FloatArray, tie: float) -> FloatArray:
        k, _, _ = _threshold(tie)
        p, q = expit(eta - k), expit(-eta - k)
        return np.stack([p, np.exp(tie) * p * q, q], axis=1)


def threshold(tie: float) -> float:
    """k of the Rao-Kupper model: by how much one must lead, in log-odds, to win rather than tie."""
    return _threshold(tie)[0]


def _threshold(tie: float) -> tuple[float, float, float]:
    """k = log(1 + exp(tie)) / 2 and its two derivatives."""
    share = float(expit(tie))
    return float(np.logaddexp(0.0, tie)) / 2, share / 2, share * (1.0 - share) / 2
