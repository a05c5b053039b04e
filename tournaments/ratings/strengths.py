"""Bradley-Terry log-strengths from win matrices: a fit, refits of many resamples, covariance.

The model is P(i beats j) = 1 / (1 + exp(theta_j - theta_i)), and a tie counts as half a win for
each. A weak prior keeps the undefeated and the winless finite: everybody has played `prior_games`
games against a ghost of log-strength 0 and won half of them. The objective is then strictly
concave, and its gradient for i is  points_i - sum_j met_ij p_ij + prior_games (1/2 - p_i,ghost).
"""

from __future__ import annotations

import choix
import numpy as np
from scipy.special import expit

from tournaments.ratings.base import FloatArray, RatingError

TOLERANCE = 1e-6
"""How far a log-strength may be from the maximum (0.0002 Elo points)."""

_LSR_ROUNDS, _LSR_TOLERANCE = 10_000, 1e-11
_NEWTON_ROUNDS = 1_000
_LONGEST_STEP = 0.75


def fit(wins: FloatArray, prior_games: float) -> FloatArray:
    """Log-strengths (M,) relative to the ghost, from a win matrix (M, M).

    Iterative Luce spectral ranking (Maystre & Grossglauser, 2015) with the ghost as one more
    competitor. A Newton step from where it ends must move nobody, else RatingError.
    """
    n = len(wins)
    with_ghost = np.full((n + 1, n + 1), prior_games / 2)
    with_ghost[:n, :n] = wins
    with_ghost[n, n] = 0.0
    try:
        found = choix.ilsr_pairwise_dense(with_ghost, max_iter=_LSR_ROUNDS, tol=_LSR_TOLERANCE)
    except (RuntimeError, ValueError) as error:
        raise RatingError(f"the Bradley-Terry fit did not converge: {error}") from error
    theta: FloatArray = found[:n] - found[n]
    distance = np.abs(_newton_step(theta[None], *_points_and_met(wins[None]), prior_games)).max()
    if not distance <= TOLERANCE:
        raise RatingError(f"the Bradley-Terry fit ended {distance:.1e} short of the maximum")
    return theta


def refit(theta: FloatArray, wins: FloatArray, prior_games: float) -> FloatArray:
    """Log-strengths (R, M) of R win matrices (R, M, M), by Newton's method from `theta` (M,).

    A step moves nobody by more than 0.75, so no two competitors by more than 1.5 against each
    other; so short a Newton step cannot increase the loss of a logistic model (Bach, 2010,
    Proposition 1). RatingError when a replicate does not converge.
    """
    points, met = _points_and_met(wins)
    thetas = np.tile(theta, (len(wins), 1))
    active = np.arange(len(wins))
    for _ in range(_NEWTON_ROUNDS):
        step = _newton_step(thetas[active], points[active], met[active], prior_games)
        length = np.abs(step).max(axis=1)
        thetas[active] += step * (_LONGEST_STEP / np.maximum(length, _LONGEST_STEP))[:, None]
        active = active[~(length <= TOLERANCE)]
        if not len(active):
            return thetas
    raise RatingError(f"{len(active)} of {len(wins)} bootstrap replicates did not converge")


def covariance(theta: FloatArray, wins: FloatArray, prior_games: float) -> FloatArray:
    """(M, M): inverse information at `theta` (M,), for log-strengths with mean zero."""
    n = len(theta)
    p = _expected(theta[None])
    information = _information(theta[None], p, _points_and_met(wins[None])[1], prior_games)
    centring = np.eye(n) - 1.0 / n
    result: FloatArray = centring @ np.linalg.inv(information[0]) @ centring
    return result


def _points_and_met(wins: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Points (R, M) and how often each pair met (R, M, M)."""
    return wins.sum(axis=2), wins + wins.transpose(0, 2, 1)


def _expected(theta: FloatArray) -> FloatArray:
    p: FloatArray = expit(theta[:, :, None] - theta[:, None, :])
    return p


def _newton_step(
    theta: FloatArray, points: FloatArray, met: FloatArray, prior_games: float
) -> FloatArray:
    """(R, M): the step from theta (R, M) to the maximum of the local quadratic model."""
    p = _expected(theta)
    gradient = points - (met * p).sum(axis=2) + prior_games * (0.5 - expit(theta))
    information = _information(theta, p, met, prior_games)
    try:
        return np.linalg.solve(information, gradient[:, :, None])[:, :, 0]
    except np.linalg.LinAlgError as error:
        raise RatingError("the Bradley-Terry information matrix is singular") from error


def _information(
    theta: FloatArray, p: FloatArray, met: FloatArray, prior_games: float
) -> FloatArray:
    """(R, M, M): minus the Hessian."""
    weight = met * p * (1.0 - p)
    ghost = expit(theta)
    diagonal = weight.sum(axis=2) + prior_games * ghost * (1.0 - ghost)
    information = -weight
    index = np.arange(theta.shape[1])
    information[:, index, index] += diagonal
    return information
