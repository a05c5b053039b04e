"""Newton's method for models of paired comparisons, on sufficient statistics.

The predictor of a unit is eta = slope (theta_a - theta_b) + x beta. A unit is a pair with its
counts, or a single comparison where it has covariates of its own. Weak priors keep every answer
finite: each competitor has played `games` games against a ghost of log-strength 0 and won half of
them; ties are as if one game (`games`) between equals had been half tied; a coefficient beta is
normal with mean 0 and standard deviation 10. The objective is strictly concave.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.special import expit

from tournaments.ratings.base import FloatArray, RatingError
from tournaments.ratings.counts import Pairs, totals
from tournaments.ratings.links import Link

TOLERANCE = 1e-9
"""The last step of a fit that converged moves no parameter by more, the common level apart."""

_LEVEL_TOLERANCE = 1e-4
"""The common level of all strengths rests on the prior alone, and no reader sees it."""

ROUNDS = 500
_LONGEST = 1.5
_KEEP_FACTOR = 1e-3
COEFFICIENT_PRECISION = 0.01
EQUALS = np.array([[0.25, 0.5, 0.25]])
"""The outcomes of the prior's game between equals."""


@dataclass(frozen=True)
class Units:
    """What a fit reads. slope: (U,) or None for 1. x: (U, K) covariates, K may be 0."""

    pairs: Pairs
    x: FloatArray
    slope: FloatArray | None = None

    @cached_property
    def widest(self) -> FloatArray:
        """(K,): the largest size of each covariate."""
        largest: FloatArray = np.abs(self.x).max(axis=0, initial=0.0)
        return largest

    @cached_property
    def steepest(self) -> float:
        """The largest slope."""
        return 1.0 if self.slope is None else float(self.slope.max(initial=0.0))

    @classmethod
    def plain(cls, pairs: Pairs) -> Units:
        return cls(pairs, np.empty((len(pairs.a), 0)))


@dataclass(frozen=True)
class Prior:
    """games: against the ghost. mean, precision: of a normal prior on the strengths, if any."""

    games: float
    mean: FloatArray | None = None
    precision: float = 0.0


@dataclass(frozen=True)
class Fit:
    """theta: (M,) log-strengths relative to the ghost. beta: (K,). tie: 0 without tie parameter.

    information: (M + K + T, M + K + T), minus the Hessian; T is 1 with a tie parameter, else 0.
    rounds: of Newton's method; gradient: the largest entry of the gradient before the last.
    """

    theta: FloatArray
    beta: FloatArray
    tie: float
    information: FloatArray
    rounds: int
    gradient: float

    @cached_property
    def covariance(self) -> FloatArray:
        """Inverse information."""
        identity = np.eye(len(self.information))
        inverse: FloatArray = cho_solve(_factor(self.information), identity, check_finite=False)
        return inverse


def fit(units: Units, link: Link, prior: Prior, start: FloatArray | None = None) -> Fit:
    """The maximum of the posterior. RatingError when Newton's method does not reach it.

    A step changes no predictor by more than 1.5: so short a Newton step cannot increase the loss
    of a logistic model (Bach, 2010, Proposition 1).
    """
    m, k = units.pairs.n, units.x.shape[1]
    point = np.zeros(m + k + link.ties)
    if start is not None:
        point[:m] = start
    factor, length, information = None, np.inf, np.empty((0, 0))
    for round_ in range(1, ROUNDS + 1):
        local = _Local(units, link, prior, point)
        gradient = local.gradient()
        if factor is None or length > _KEEP_FACTOR:
            information = local.information()
            factor = _factor(information)
        step = cho_solve(factor, gradient, check_finite=False)
        step *= _LONGEST / max(_LONGEST, _change(units, step))
        point += step
        level = float(step[:m].mean())
        step[:m] -= level
        length = float(np.abs(step).max(initial=0.0))
        if length <= TOLERANCE and abs(level) <= _LEVEL_TOLERANCE:
            ended = _Local(units, link, prior, point)
            largest = float(np.abs(gradient).max(initial=0.0))
            return Fit(ended.theta, ended.beta, ended.tie, ended.information(), round_, largest)
        if not np.isfinite(length):
            break
    raise RatingError(f"the fit did not converge in {ROUNDS} rounds of Newton's method")


def at(units: Units, link: Link, prior: Prior, theta: FloatArray) -> Fit:
    """What a fit without covariates and tie parameter that ended at `theta` (M,) would be."""
    local = _Local(units, link, prior, theta)
    return Fit(theta, np.empty(0), 0.0, local.information(), 0, 0.0)


def predictor(units: Units, theta: FloatArray, beta: FloatArray) -> FloatArray:
    """(U,) eta."""
    eta = units.pairs.lead(theta)
    if units.slope is not None:
        eta = eta * units.slope
    return eta + units.x @ beta if len(beta) else eta


def design_sum(units: Units, weight: FloatArray) -> FloatArray:
    """(M + K,): the sum of weight times the derivative of the unit's predictor."""
    sloped = weight if units.slope is None else weight * units.slope
    return np.concatenate([units.pairs.net(sloped), units.x.T @ weight])


def gram(units: Units, weight: FloatArray) -> FloatArray:
    """(M + K, M + K): the sum of weight times the outer product of that derivative."""
    m, k = units.pairs.n, units.x.shape[1]
    sloped = weight if units.slope is None else weight * units.slope
    squared = sloped if units.slope is None else sloped * units.slope
    result = np.empty((m + k, m + k))
    result[:m, :m] = laplacian(units.pairs, squared)
    for column in range(k):
        across = design_sum(units, weight * units.x[:, column])
        result[:, m + column] = result[m + column, :] = across
    return result


def prior_information(theta: FloatArray, prior: Prior) -> FloatArray:
    """(M,): what the prior adds to the diagonal of the information on the strengths."""
    ghost = expit(theta)
    information: FloatArray = prior.games * ghost * (1.0 - ghost) + prior.precision
    return information


def laplacian(pairs: Pairs, weight: FloatArray) -> FloatArray:
    """(M, M): the sum of weight (U,) times (e_a - e_b)(e_a - e_b)' over pairs."""
    n = pairs.n
    off = totals(pairs.cell, weight, n * n).reshape(n, n)
    off = off + off.T
    result = -off
    result.flat[:: n + 1] += off.sum(axis=1)
    return result


def _factor(information: FloatArray) -> tuple[FloatArray, bool]:
    try:
        factor: tuple[FloatArray, bool] = cho_factor(information, lower=True, check_finite=False)
    except (LinAlgError, ValueError) as error:
        raise RatingError("the information matrix is singular: the fit cannot be had") from error
    return factor


def _change(units: Units, step: FloatArray) -> float:
    """The largest change of a predictor, strength or tie parameter by a step, if it is too long.

    If not, an upper bound that shows it, which needs no pass over the units.
    """
    m, k = units.pairs.n, units.x.shape[1]
    theta, beta, tie = step[:m], step[m : m + k], step[m + k :]
    alone = float(max(np.abs(theta).max(initial=0.0), np.abs(tie).max(initial=0.0)))
    bound = units.steepest * float(np.ptp(theta)) + float(np.abs(beta) @ units.widest)
    if bound <= _LONGEST:
        return max(alone, bound)
    return max(alone, float(np.abs(predictor(units, theta, beta)).max(initial=0.0)))


class _Local:
    """The derivatives of the log-posterior at one point."""

    def __init__(self, units: Units, link: Link, prior: Prior, point: FloatArray) -> None:
        self.units, self.link, self.prior = units, link, prior
        self.m, self.k = units.pairs.n, units.x.shape[1]
        self.theta, self.beta = point[: self.m], point[self.m : self.m + self.k]
        self.tie = float(point[-1]) if link.ties else 0.0
        eta = predictor(units, self.theta, self.beta)
        self.terms = link.terms(eta, self.tie, units.pairs)
        nobody = np.zeros(1, dtype=np.int64)
        equals = Pairs(units.pairs.n, nobody, nobody, prior.games * EQUALS)
        self.equals = link.terms(np.zeros(1), self.tie, equals)

    def gradient(self) -> FloatArray:
        prior = self.prior
        gradient = design_sum(self.units, self.terms.gradient)
        gradient[: self.m] += prior.games * (0.5 - expit(self.theta))
        if prior.mean is not None:
            gradient[: self.m] -= prior.precision * (self.theta - prior.mean)
        gradient[self.m :] -= COEFFICIENT_PRECISION * self.beta
        tie = [self.terms.tie_gradient + self.equals.tie_gradient] if self.link.ties else []
        return np.concatenate([gradient, tie])

    def information(self) -> FloatArray:
        m, k, ties = self.m, self.k, self.link.ties
        result = np.zeros((m + k + ties,) * 2)
        result[: m + k, : m + k] = gram(self.units, self.terms.curvature)
        result[np.arange(m), np.arange(m)] += prior_information(self.theta, self.prior)
        result[np.arange(m, m + k), np.arange(m, m + k)] += COEFFICIENT_PRECISION
        if self.terms.cross is not None:
            result[: m + k, -1] = design_sum(self.units, self.terms.cross)
            result[-1, : m + k] = result[: m + k, -1]
            result[-1, -1] = self.terms.tie_curvature + self.equals.tie_curvature
        return result
