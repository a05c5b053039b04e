"""Logistic preference model: P(first is better) from a difference of features.

P = 1 / (1 + exp(-w·z)) where z is the difference divided by its scale and clipped to `clip`
scales, so that no single feature can decide alone however extreme a text is. There is no
intercept: swapping the answers turns w·z into -w·z exactly, hence P into 1 - P.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

MAX_STEPS = 100
MAX_HALVINGS = 40


def sigmoid(x: FloatArray) -> FloatArray:
    """1 / (1 + exp(-x)), without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * x)), dtype=np.float64)


@dataclass
class PairwiseLogistic:
    """Antisymmetric logistic regression with an L2 penalty, fitted by Newton's method.

    `l2` multiplies half the squared length of the coefficients: with weights that sum to n it is
    a normal prior of variance 1 / l2 on each, seen together with n observations.
    """

    l2: float = 1.0
    clip: float = 3.0
    scale_: FloatArray = field(default_factory=lambda: np.empty(0))
    coef_: FloatArray = field(default_factory=lambda: np.empty(0))

    def fit(self, x: FloatArray, y: FloatArray, weights: FloatArray | None = None) -> Self:
        """Fit on differences x (n, K) and shares y (n,) in 0..1 of votes for the first.

        The scale of a feature is its weighted root mean square. Raises ValueError when the
        shapes disagree, a value is not finite, or there is no penalty (`l2` must be positive:
        it keeps the coefficients finite when the data are separable).
        """
        weights = np.ones(len(y)) if weights is None else weights
        _check(x, y, weights)
        if self.l2 <= 0:
            raise ValueError("l2 must be positive")
        square = weights @ x**2 / weights.sum()
        self.scale_ = np.where(square > 0, np.sqrt(square), 1.0)
        self.coef_ = self._newton(self.standardise(x), y, weights)
        return self

    def standardise(self, x: FloatArray) -> FloatArray:
        """Divide by the scales and clip; shape as x."""
        return np.asarray(np.clip(x / self.scale_, -self.clip, self.clip), dtype=np.float64)

    def contributions(self, x: FloatArray) -> FloatArray:
        """What each feature adds to the log-odds for the first; shape as x."""
        return np.asarray(self.standardise(x) * self.coef_, dtype=np.float64)

    def decision_function(self, x: FloatArray) -> FloatArray:
        """Log-odds that the first is better; shape (n,) for x (n, K)."""
        return np.asarray(self.contributions(x).sum(axis=-1), dtype=np.float64)

    def predict_proba(self, x: FloatArray) -> FloatArray:
        """P(first is better); shape (n,) for x (n, K)."""
        return sigmoid(self.decision_function(x))

    def to_json(self) -> dict[str, Any]:
        """The settings and the learnt state, rounded to what a refit reproduces exactly."""
        return {
            "l2": self.l2,
            "clip": self.clip,
            "scale": [_rounded(value) for value in self.scale_],
            "coef": [_rounded(value) for value in self.coef_],
        }

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild from `to_json`."""
        return cls(
            l2=float(state["l2"]),
            clip=float(state["clip"]),
            scale_=np.array(state["scale"], dtype=np.float64),
            coef_=np.array(state["coef"], dtype=np.float64),
        )

    def _newton(self, z: FloatArray, y: FloatArray, weights: FloatArray) -> FloatArray:
        coef = np.zeros(z.shape[1])
        loss = self._loss(coef, z, y, weights)
        for _ in range(MAX_STEPS):
            p = sigmoid(z @ coef)
            gradient = z.T @ (weights * (p - y)) + self.l2 * coef
            curvature = (z * (weights * p * (1 - p))[:, None]).T @ z
            step = np.linalg.solve(curvature + self.l2 * np.eye(len(coef)), gradient)
            if np.abs(step).max() < 1e-12:
                break
            for _ in range(MAX_HALVINGS):
                new_loss = self._loss(coef - step, z, y, weights)
                if new_loss <= loss * (1 + 1e-12):
                    break
                step = step / 2
            coef, loss = coef - step, new_loss
        return np.asarray(coef, dtype=np.float64)

    def _loss(self, coef: FloatArray, z: FloatArray, y: FloatArray, weights: FloatArray) -> float:
        logit = z @ coef
        likelihood = weights @ (np.logaddexp(0, logit) - y * logit)
        return float(likelihood + 0.5 * self.l2 * coef @ coef)


def _rounded(value: float) -> float:
    return float(f"{value:.6g}")


def _check(x: FloatArray, y: FloatArray, weights: FloatArray) -> None:
    if x.ndim != 2 or y.shape != (len(x),) or weights.shape != (len(x),) or len(x) == 0:
        raise ValueError("x must be (n, K), y and weights (n,), with n > 0")
    if not (np.isfinite(x).all() and np.isfinite(y).all() and np.isfinite(weights).all()):
        raise ValueError("x, y and weights must be finite")
    if y.min() < 0 or y.max() > 1 or weights.min() < 0 or weights.sum() == 0:
        raise ValueError("y must lie in 0..1 and weights must not be negative")
