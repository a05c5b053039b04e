"""How few calls could do: the Cramer-Rao bound of schedules that know the truth beforehand.

n calls, a share pi of them on each pair, give the differences of strengths an information matrix
H = n sum pi w (e_i - e_j)(e_i - e_j)', with w the Fisher information of one verdict at the true
lead; no unbiased estimate varies less than inv(H). Kendall's tau is then expected to be
1 - 2 mean Phi(-|D| / s). The oracle chooses pi for the truth itself, which no real schedule knows;
each call is on two fresh answers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from tournaments.formats.beliefs import FloatArray

_ROUNDS = 60
_STEPS = 24
_POWER = 0.7
"""Of the multiplicative update (Silvey, Titterington & Torsney, 1978)."""


@dataclass(frozen=True)
class Oracle:
    """theta: (R, M) the truth. information: (R, pairs) of a verdict, pairs as in triu_indices."""

    theta: FloatArray
    information: FloatArray

    def calls(self, goal: float, *, best_design: bool = True) -> float:
        """Calls after which the mean over the trials of the expected tau reaches `goal`.

        best_design: else every pair gets the same share, as by random pairs.
        """
        low, high = np.log(self.theta.shape[1]), np.log(1e8)
        share = np.full(self.information.shape, 1.0 / self.information.shape[1])
        for _ in range(_STEPS):
            middle = (low + high) / 2.0
            if best_design:
                share = self._designed(share, float(np.exp(middle)))
            reached = self._tau(share, float(np.exp(middle))).mean() >= goal
            low, high = (low, middle) if reached else (middle, high)
        return float(np.exp(high))

    def _tau(self, share: FloatArray, calls: float) -> FloatArray:
        """(R,)"""
        lead, variance, _ = self._standing(share, calls)
        tau: FloatArray = 1.0 - 2.0 * ndtr(-lead / np.sqrt(variance)).mean(axis=1)
        return tau

    def _designed(self, share: FloatArray, calls: float) -> FloatArray:
        """(R, pairs): shares that make tau locally largest; those too small to recover are kept."""
        share = share + 1e-6 / share.shape[1]
        for _ in range(_ROUNDS):
            worth = self.information * self._gain(share, calls)
            share = share * worth**_POWER
            share /= share.sum(axis=1, keepdims=True)
        return share

    def _gain(self, share: FloatArray, calls: float) -> FloatArray:
        """(R, pairs): by how much information on a pair lowers the expected misplaced pairs."""
        lead, variance, covariance = self._standing(share, calls)
        density = np.exp(-0.5 * lead**2 / variance)
        weight = density * lead / variance**1.5
        spread = covariance @ _laplacian(weight, self.theta.shape[1]) @ covariance
        return _differences(spread)

    def _standing(
        self, share: FloatArray, calls: float
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """(R, pairs) true leads and their variances, (R, M, M) covariance of the strengths."""
        m = self.theta.shape[1]
        i, j = np.triu_indices(m, 1)
        information = _laplacian(calls * share * self.information, m)
        scale = np.trace(information, axis1=1, axis2=2)[:, None, None] / m**2
        covariance = np.linalg.inv(information + scale).astype(np.float64, copy=False)
        lead = np.abs(self.theta[:, i] - self.theta[:, j])
        return lead, _differences(covariance), covariance


def _laplacian(weight: FloatArray, m: int) -> FloatArray:
    """(R, M, M) of (R, pairs)."""
    i, j = np.triu_indices(m, 1)
    found = np.zeros((len(weight), m, m))
    found[:, i, j] = found[:, j, i] = -weight
    index = np.arange(m)
    found[:, index, index] = -found.sum(axis=2)
    return found


def _differences(form: FloatArray) -> FloatArray:
    """(R, pairs): (e_i - e_j)' form (e_i - e_j)."""
    i, j = np.triu_indices(form.shape[1], 1)
    own = np.diagonal(form, axis1=1, axis2=2)
    found: FloatArray = own[:, i] + own[:, j] - 2.0 * form[:, i, j]
    return found
