"""Bradley-Terry with answers that are better or worse than usual for their competitor.

Where winners go on to meet winners (a knock-out), late rounds are played by lucky answers, and a
plain fit takes their close results for closeness of the competitors. Here each answer has an
effect of its own, u ~ N(0, sigma^2), shared by all comparisons that use it:

    logit P(i beats j on x) = alpha_i + u_ix - alpha_j - u_jx.

A tie is a result of its own, likelier between equals (Davidson, 1970), so that it says of the
answers what it should. Who meets whom then depends on results that are in the likelihood, so it
biases nothing. On each prompt the comparisons must form no circle (knock-outs, chains, stars and
disjoint pairs do not); then the effects are integrated out exactly (`answer_trees`). log sigma has
a standard normal prior, and one game between equals was half tied.

Reported are the Bradley-Terry strengths that endlessly many random pairs on fresh prompts would
give, so they stand on the same scale as a plain fit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.optimize import minimize
from scipy.special import expit

from tournaments.ratings.answer_trees import (
    Trees,
    log_likelihood,
    quadrature,
    trees_of,
    win_tie_loss,
)
from tournaments.ratings.base import FloatArray, RatingError
from tournaments.ratings.counts import Evidence, Pairs
from tournaments.ratings.links import HalfWin
from tournaments.ratings.paired import Fit, Prior, Units, fit, laplacian

_NUDGE = 1e-4
_GRADIENT = 3e-4
_CLOSE = 1e-3
"""The optimiser must end so near the maximum that one Newton step reaches it."""

_FAILED = "the fit with effects of answers did not converge"
_MANY_GAMES = 1e6
_LOGISTIC = np.pi**2 / 6
"""Variance of the judge's noise that belongs to each of two answers."""


@dataclass(frozen=True)
class Responses:
    """theta: (M,) strengths with mean zero. model, clustered: (M, M) covariances of them.

    log_sigma: of the answers' effects, and its standard error. rounds: of the optimiser.
    """

    theta: FloatArray
    model: FloatArray
    clustered: FloatArray | None
    log_sigma: float
    log_sigma_error: float
    rounds: int

    def noise_share(self, deviates: float = 0.0) -> float:
        """The share of a verdict's noise that is in the answers, so many standard errors up."""
        variance = float(np.exp(2.0 * (self.log_sigma + deviates * self.log_sigma_error)))
        return variance / (variance + _LOGISTIC)


def fit_responses(evidence: Evidence, prior: Prior) -> Responses:
    """The maximum of the posterior and its curvature.

    RatingError when the comparisons of a prompt form a circle, have weights, or the fit does not
    converge.
    """
    if evidence.weight is not None:
        raise RatingError("with effects of answers, comparisons have no weights")
    trees = list(trees_of(evidence))
    ties = int(np.count_nonzero(evidence.outcome == 1))

    def objective(point: FloatArray) -> tuple[float, FloatArray]:
        value, scores = _likelihood(evidence, trees, point)
        prior_value, prior_gradient = _log_prior(point, len(evidence.names), prior)
        return -value - prior_value, -scores.sum(axis=0) - prior_gradient

    plain = fit(Units.plain(evidence.pairs), HalfWin(), prior)
    start, near = _near(plain, ties, len(evidence.a))
    found = minimize(
        objective, start, jac=True, method="BFGS",
        options={"maxiter": 500, "gtol": _GRADIENT, "hess_inv0": near},
    )  # fmt: skip
    point = found.x.astype(np.float64)
    _, base = objective(point)
    inverse = _inverse(objective, point, base)
    last = inverse @ base  # a step of Newton's method squares what is left
    if not np.abs(last).max() <= _CLOSE:
        raise RatingError(_FAILED)
    return _seen(evidence, trees, point - last, inverse, int(found.nit))


def _inverse(
    objective: Callable[[FloatArray], tuple[float, FloatArray]], point: FloatArray, base: FloatArray
) -> FloatArray:
    """(D, D): the inverse of the information, which must be positive definite."""
    hessian = np.empty((len(point),) * 2)
    for i, nudge in enumerate(_NUDGE * np.eye(len(point))):
        hessian[i] = (objective(point + nudge)[1] - base) / _NUDGE
    try:
        factor = cho_factor((hessian + hessian.T) / 2, lower=True)
    except (LinAlgError, ValueError) as error:
        raise RatingError(_FAILED) from error
    inverse: FloatArray = cho_solve(factor, np.eye(len(point)))
    return inverse


def _parts(point: FloatArray, m: int) -> tuple[FloatArray, float, float]:
    """Strengths, sigma and nu."""
    nu = float(np.exp(point[m + 1])) if len(point) > m + 1 else 0.0
    return point[:m], float(np.exp(point[m])), nu


def _likelihood(
    evidence: Evidence, trees: list[Trees], point: FloatArray
) -> tuple[float, FloatArray]:
    """With (P, D) derivatives; D is M + 1, and one more with ties."""
    parts = _parts(point, len(evidence.names))
    value, scores = log_likelihood(trees, evidence.n_prompts, *parts)
    return value, scores[:, : len(point)]


def _near(plain: Fit, ties: int, rows: int) -> tuple[FloatArray, FloatArray]:
    """Where to begin, (D,), and an inverse information near enough (D, D), from the plain fit."""
    m = len(plain.theta)
    diagonal = np.append(np.zeros(m), np.diag(plain.covariance).mean())
    start = np.append(plain.theta, 0.0)
    if ties:
        start = np.append(start, np.log(2.0 * ties / (rows - ties + 1.0)))
        diagonal = np.append(diagonal, 1.0 / ties)
    inverse = np.diag(diagonal)
    inverse[:m, :m] = (plain.covariance + plain.covariance.T) / 2  # symmetric to the last digit
    return start, inverse


def _log_prior(point: FloatArray, m: int, prior: Prior) -> tuple[float, FloatArray]:
    theta, log_sigma = point[:m], point[m]
    ghost = np.logaddexp(0.0, theta) + np.logaddexp(0.0, -theta)
    value = -prior.games / 2 * float(ghost.sum()) - log_sigma**2 / 2
    gradient = np.append(prior.games * (0.5 - expit(theta)), -log_sigma)
    if len(point) == m + 1:
        return float(value), gradient
    half_tied = point[-1] / 2 - np.log(2.0 + np.exp(point[-1]))  # one game between equals
    by_tie = prior.games * (0.5 - expit(point[-1] - np.log(2.0)))
    return float(value + prior.games * half_tied), np.append(gradient, by_tie)


def _seen(
    evidence: Evidence, trees: list[Trees], point: FloatArray, inverse: FloatArray, rounds: int
) -> Responses:
    """From strengths given the answers to strengths over all answers, with the delta method."""
    m = len(evidence.names)
    theta, jacobian = _over_answers(*_parts(point, m))
    jacobian = jacobian[:, : len(point)]
    clustered, n_prompts = None, evidence.n_prompts
    if n_prompts > 1:
        _, scores = _likelihood(evidence, trees, point)
        sandwich = inverse @ (scores.T @ scores) @ inverse * (n_prompts / (n_prompts - 1.0))
        clustered = jacobian @ sandwich @ jacobian.T
    error = float(np.sqrt(inverse[m, m]))
    model = jacobian @ inverse @ jacobian.T
    return Responses(theta, model, clustered, float(point[m]), error, rounds)


def _over_answers(
    alpha: FloatArray, sigma: float, nu: float = 0.0
) -> tuple[FloatArray, FloatArray]:
    """(M,) strengths that fit the expected scores of all pairs, and (M, M + 2) their derivatives
    by alpha, log sigma and log nu. A tie is half a win."""
    m = len(alpha)
    a, b = np.triu_indices(m, 1)
    nodes, weights = quadrature(31)
    spread = np.sqrt(2.0) * sigma * nodes
    won, tied, _ = win_tie_loss((alpha[a] - alpha[b])[:, None] + spread, nu)
    p = won + tied / 2
    slopes = won + tied / 4 - p**2
    by_nu = -tied * (p - 0.5)
    chance, slope = p @ weights, slopes @ weights
    by_sigma = (slopes * spread) @ weights
    outcomes = _MANY_GAMES * np.stack([chance, np.zeros(len(a)), 1.0 - chance], axis=1)
    pairs = Pairs(m, a, b, outcomes)
    fitted = fit(Units.plain(pairs), HalfWin(), Prior(1e-3))
    q = expit(fitted.theta[a] - fitted.theta[b])
    moved = np.column_stack(
        [laplacian(pairs, slope), pairs.net(by_sigma), pairs.net(by_nu @ weights)]
    )
    jacobian: FloatArray = np.linalg.pinv(laplacian(pairs, q * (1.0 - q))) @ moved
    return fitted.theta - fitted.theta.mean(), jacobian
