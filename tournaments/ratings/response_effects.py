"""Bradley-Terry with answers that are better or worse than usual for their competitor.

Where winners go on to meet winners (a knock-out), late rounds are played by lucky answers, and a
plain fit takes their close results for closeness of the competitors. Here each answer has an
effect of its own, u ~ N(0, sigma^2), shared by all comparisons that use it:

    logit P(i beats j on x) = alpha_i + u_ix - alpha_j - u_jx.

Who meets whom then depends on results that are in the likelihood, so it biases nothing. On each
prompt the comparisons must form no circle (knock-outs, chains, stars and disjoint pairs do not);
then the effects are integrated out exactly (`answer_trees`). log sigma has a standard normal prior.

Reported are the Bradley-Terry strengths that endlessly many random pairs on fresh prompts would
give, so they stand on the same scale as a plain fit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from tournaments.ratings.answer_trees import Trees, log_likelihood, quadrature, trees_of
from tournaments.ratings.base import FloatArray, RatingError
from tournaments.ratings.counts import Evidence, Pairs
from tournaments.ratings.links import HalfWin
from tournaments.ratings.paired import Fit, Prior, Units, fit, laplacian

_NUDGE = 1e-4
_GRADIENT = 3e-4
_CLOSE = 1e-3
"""The optimiser must end so near the maximum that one Newton step reaches it."""

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

    def objective(point: FloatArray) -> tuple[float, FloatArray]:
        value, scores = _likelihood(evidence, trees, point)
        prior_value, prior_gradient = _log_prior(point, prior)
        return -value - prior_value, -scores.sum(axis=0) - prior_gradient

    plain = fit(Units.plain(evidence.pairs), HalfWin(), prior)
    found = minimize(
        objective, np.append(plain.theta, 0.0), jac=True, method="BFGS",
        options={"maxiter": 500, "gtol": _GRADIENT, "hess_inv0": _near_inverse(plain)},
    )  # fmt: skip
    point = found.x.astype(np.float64)
    _, base = objective(point)
    hessian = np.empty((len(point),) * 2)
    for i, nudge in enumerate(_NUDGE * np.eye(len(point))):
        hessian[i] = (objective(point + nudge)[1] - base) / _NUDGE
    inverse = np.linalg.inv((hessian + hessian.T) / 2).astype(np.float64)
    last = inverse @ base  # a step of Newton's method squares what is left
    if not np.abs(last).max() <= _CLOSE:
        raise RatingError("the fit with effects of answers did not converge")
    return _seen(evidence, trees, point - last, inverse, int(found.nit))


def _likelihood(
    evidence: Evidence, trees: list[Trees], point: FloatArray
) -> tuple[float, FloatArray]:
    return log_likelihood(trees, evidence.n_prompts, point[:-1], float(np.exp(point[-1])))


def _near_inverse(plain: Fit) -> FloatArray:
    """(M + 1, M + 1): an inverse information near enough to begin with, from the plain fit."""
    m = len(plain.theta)
    inverse = np.zeros((m + 1, m + 1))
    inverse[:m, :m] = (plain.covariance + plain.covariance.T) / 2  # symmetric to the last digit
    inverse[m, m] = np.diag(plain.covariance).mean()
    return inverse


def _log_prior(point: FloatArray, prior: Prior) -> tuple[float, FloatArray]:
    theta, log_sigma = point[:-1], point[-1]
    ghost = np.logaddexp(0.0, theta) + np.logaddexp(0.0, -theta)
    value = -prior.games / 2 * float(ghost.sum()) - log_sigma**2 / 2
    return float(value), np.append(prior.games * (0.5 - expit(theta)), -log_sigma)


def _seen(
    evidence: Evidence, trees: list[Trees], point: FloatArray, inverse: FloatArray, rounds: int
) -> Responses:
    """From strengths given the answers to strengths over all answers, with the delta method."""
    theta, jacobian = _over_answers(point[:-1], float(np.exp(point[-1])))
    clustered, n_prompts = None, evidence.n_prompts
    if n_prompts > 1:
        _, scores = _likelihood(evidence, trees, point)
        sandwich = inverse @ (scores.T @ scores) @ inverse * (n_prompts / (n_prompts - 1.0))
        clustered = jacobian @ sandwich @ jacobian.T
    error = float(np.sqrt(inverse[-1, -1]))
    model = jacobian @ inverse @ jacobian.T
    return Responses(theta, model, clustered, float(point[-1]), error, rounds)


def _over_answers(alpha: FloatArray, sigma: float) -> tuple[FloatArray, FloatArray]:
    """(M,) strengths that fit the chances of all pairs, and (M, M + 1) their derivatives."""
    m = len(alpha)
    a, b = np.triu_indices(m, 1)
    nodes, weights = quadrature(31)
    spread = np.sqrt(2.0) * sigma * nodes
    p = expit((alpha[a] - alpha[b])[:, None] + spread)
    chance, slope = p @ weights, (p * (1.0 - p)) @ weights
    by_sigma = (p * (1.0 - p) * spread) @ weights
    outcomes = _MANY_GAMES * np.stack([chance, np.zeros(len(a)), 1.0 - chance], axis=1)
    pairs = Pairs(m, a, b, outcomes)
    fitted = fit(Units.plain(pairs), HalfWin(), Prior(1e-3))
    q = expit(fitted.theta[a] - fitted.theta[b])
    moved = np.column_stack([laplacian(pairs, slope), pairs.net(by_sigma)])
    jacobian: FloatArray = np.linalg.pinv(laplacian(pairs, q * (1.0 - q))) @ moved
    return fitted.theta - fitted.theta.mean(), jacobian
