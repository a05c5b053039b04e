"""What games so far say of strengths: a normal approximation, for many tournaments at once.

Formats ask for one tournament, the simulation lab for hundreds; both run this code, so what the
lab measures is what a format does. Published ratings come from `tournaments.ratings` instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_TOLERANCE = 1e-9
_ROUNDS = 100
_LONGEST = 1.5


@dataclass(frozen=True)
class Prior:
    """games: against a ghost of strength 0, half won. mean, precision: (M,) of a normal prior."""

    games: float = 1.0
    mean: FloatArray | None = None
    precision: FloatArray | None = None


WEAK = Prior()


@dataclass(frozen=True)
class Belief:
    """Strengths are about normal: theta (R, M), inverse covariance `information` (R, M, M)."""

    theta: FloatArray
    information: FloatArray

    @cached_property
    def covariance(self) -> FloatArray:
        """(R, M, M)"""
        return np.linalg.inv(self.information).astype(np.float64, copy=False)

    @cached_property
    def root(self) -> FloatArray:
        """(R, M, M): root @ root' is the covariance."""
        return np.linalg.cholesky(self.covariance).astype(np.float64, copy=False)


def believe(points: FloatArray, start: FloatArray | None = None, prior: Prior = WEAK) -> Belief:
    """The Bradley-Terry posterior of R tournaments by Newton's method.

    points: (R, M, M) points of i against j; a tie is half a point for both, and graded verdicts
    share the point. start: (R, M) where to begin. A tournament that has converged stands still, so
    its digits do not depend on which others are fitted along with it.
    """
    met = points + points.transpose(0, 2, 1)
    scored = points.sum(axis=2)
    theta = np.zeros(scored.shape) if start is None else start.copy()
    moving = np.arange(len(theta))
    for _ in range(_ROUNDS):
        gradient, information = _local(theta[moving], met[moving], scored[moving], prior)
        step = np.linalg.solve(information, gradient[:, :, None])[:, :, 0]
        size = np.abs(step).max(axis=1, initial=0.0)
        step *= (_LONGEST / np.maximum(_LONGEST, size))[:, None]
        theta[moving] += step
        moving = moving[size > _TOLERANCE]
        if not len(moving):
            break
    return Belief(theta, _local(theta, met, scored, prior)[1])


def _local(
    theta: FloatArray, met: FloatArray, scored: FloatArray, prior: Prior
) -> tuple[FloatArray, FloatArray]:
    """Gradient (R, M) of the log-posterior and minus its Hessian (R, M, M)."""
    chance = expit(theta[:, :, None] - theta[:, None, :])
    gradient = scored - (met * chance).sum(axis=2)
    ghost = expit(theta)
    gradient += prior.games * (0.5 - ghost)
    weight = met * (chance * (1.0 - chance))
    diagonal = weight.sum(axis=2) + prior.games * ghost * (1.0 - ghost)
    if prior.mean is not None and prior.precision is not None:
        gradient -= prior.precision * (theta - prior.mean)
        diagonal += prior.precision
    information = -weight
    index = np.arange(theta.shape[1])
    information[:, index, index] = diagonal
    return gradient, information
