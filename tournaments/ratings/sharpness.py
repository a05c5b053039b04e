"""The joint posterior of strengths, coefficients and how sharp judges are, and its maximum.

    eta = g_k (theta_a - theta_b) + x beta,    log g_k = s_k - log(sum of w_l exp(s_l))

with w_l the share of the comparisons that judge l decided, so that the mean of g over all
comparisons is 1. It is no concave function: one judge may tell by a large g what another one hides
by ties, or contradict the others. So Newton's method goes no further in a step than its picture of
the function has proved true (a trust region; Conn, Gould & Toint, 2000).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from tournaments.ratings.base import FloatArray, IntArray, RatingError
from tournaments.ratings.counts import totals
from tournaments.ratings.links import HalfWin
from tournaments.ratings.paired import (
    COEFFICIENT_PRECISION,
    Prior,
    Units,
    gram,
    predictor,
    prior_information,
)

PRECISION = 1.0
"""Of the normal prior of log g."""

_ROUNDS = 500
_TOLERANCE = 1e-9
"""Of the gradient, for each comparison."""


@dataclass(frozen=True)
class _Point:
    """theta: (M,). beta: (K,). log_g, weight: (J,), the latter w_k g_k, which add up to 1. lead,
    eta: (U,) of the units, whose slopes are g: without, and with what x adds."""

    theta: FloatArray
    beta: FloatArray
    log_g: FloatArray
    weight: FloatArray
    units: Units
    lead: FloatArray
    eta: FloatArray


@dataclass(frozen=True)
class Posterior:
    """units: with covariates of the order only. judge: (U,) of each unit, 0 to judges - 1."""

    units: Units
    judge: IntArray
    judges: int
    prior: Prior

    def sharpest(self, theta: FloatArray, beta: FloatArray) -> FloatArray:
        """(J,): log g at the maximum, looked for from a fit in which all judges are alike.

        RatingError when it is not found.
        """
        start = np.concatenate([theta, beta, np.zeros(self.judges)])
        limit = _TOLERANCE * max(1.0, float(self.units.pairs.met.sum()))
        found = minimize(
            self._loss, start, jac=self._gradient, hess=self._hessian, method="trust-exact",
            options={"gtol": limit, "maxiter": _ROUNDS},
        )  # fmt: skip
        if float(np.abs(found.jac).max()) > 100.0 * limit:
            raise RatingError("the effects of judges did not converge")
        return self._at(found.x).log_g

    def _at(self, point: FloatArray) -> _Point:
        m, k = self.units.pairs.n, self.units.x.shape[1]
        theta, beta, sharpness = point[:m], point[m : m + k], point[m + k :]
        games = totals(self.judge, self.units.pairs.met, self.judges)
        odds = games * np.exp(sharpness - sharpness.max())
        log_g = sharpness - sharpness.max() - np.log(odds.sum() / games.sum())
        units = replace(self.units, slope=np.exp(log_g)[self.judge])
        lead = predictor(units, theta, np.zeros(k))
        eta = lead + self.units.x @ beta
        return _Point(theta, beta, log_g, odds / odds.sum(), units, lead, eta)

    def _loss(self, point: FloatArray) -> float:
        """Minus the logarithm of the posterior; the mean of s, which changes nothing, is held."""
        at, pairs = self._at(point), self.units.pairs
        likelihood = pairs.points @ at.eta - pairs.met @ np.logaddexp(0.0, at.eta)
        ghost = self.prior.games * (at.theta / 2 - np.logaddexp(0.0, at.theta)).sum()
        normal = COEFFICIENT_PRECISION * at.beta @ at.beta + PRECISION * at.log_g @ at.log_g
        return float(normal / 2 - likelihood - ghost + point[-self.judges :].mean() ** 2 / 2)

    def _gradient(self, point: FloatArray) -> FloatArray:
        at, pairs = self._at(point), self.units.pairs
        left = HalfWin().terms(at.eta, 0.0, pairs).gradient
        assert at.units.slope is not None
        by_judge = totals(self.judge, left * at.lead, self.judges) - PRECISION * at.log_g
        strengths = pairs.net(left * at.units.slope) + self.prior.games * (0.5 - expit(at.theta))
        others = self.units.x.T @ left - COEFFICIENT_PRECISION * at.beta
        held = point[-self.judges :].mean() / self.judges
        apart = by_judge - at.weight * by_judge.sum()
        return -np.concatenate([strengths, others, apart - held])

    def _hessian(self, point: FloatArray) -> FloatArray:
        at, pairs = self._at(point), self.units.pairs
        m, k, n = len(at.theta), len(at.beta), self.judges
        terms = HalfWin().terms(at.eta, 0.0, pairs)
        sharpness = by_sharpness(at.lead, self.judge, at.weight)
        x = np.column_stack([self.units.x, sharpness]).copy(order="F")
        result = gram(replace(at.units, x=x), terms.curvature)
        result[np.arange(m), np.arange(m)] += prior_information(at.theta, self.prior)
        result[np.arange(m, m + k), np.arange(m, m + k)] += COEFFICIENT_PRECISION
        # What is left of the verdicts, times how the predictor bends.
        assert at.units.slope is not None
        sloped = terms.gradient * at.units.slope
        own = np.column_stack([pairs.net(sloped * (self.judge == j)) for j in range(n)])
        across = own - np.outer(own.sum(axis=1), at.weight)
        result[:m, m + k :] -= across
        result[m + k :, :m] -= across.T
        pull = totals(self.judge, terms.gradient * at.lead, n)
        apart = np.eye(n) - at.weight
        bent = np.diag(at.weight) - np.outer(at.weight, at.weight)
        block = PRECISION * (apart.T @ apart - at.log_g.sum() * bent)
        block -= apart.T @ (pull[:, None] * apart) - pull.sum() * bent
        result[m + k :, m + k :] += block + 1.0 / n**2
        return result


def by_sharpness(lead: FloatArray, judge: IntArray, weight: FloatArray) -> FloatArray:
    """(U, J): derivatives of the predictor by s. weight: (J,) w_k g_k, which add up to 1."""
    found: FloatArray = lead[:, None] * ((judge[:, None] == np.arange(len(weight))) - weight)
    return found
