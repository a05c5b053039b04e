"""Intervals that hold at every look, for those who watch a tournament while it runs.

An ordinary 95 % interval holds at one look fixed in advance. Who looks after every verdict and
stops when the interval pleases is wrong far more often. A confidence sequence holds at all looks
together, however the moment to stop is chosen.
"""

from __future__ import annotations

import math

import numpy as np

from tournaments.ratings.base import FloatArray, IntArray

_BETS = 0.5
"""A bet stakes at most this share of what it could lose."""

_GRID = 1_001


def widening(n: float, expected: float, confidence: float = 0.95) -> float:
    """By how many standard errors an interval from n prompts reaches, to hold at every look.

    For any estimate that is asymptotically a mean over prompts, such as a difference of ratings
    and its clustered standard error (Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas, 2021, the
    asymptotic confidence sequence of Theorem 2.2). It is narrowest, about 1.4 to 1.5 times the
    ordinary interval, near `expected` prompts. Asymptotic: begin to look from some 30 prompts on.
    """
    if n <= 0 or expected <= 0:
        raise ValueError("n and expected must be positive")
    if not 0 < confidence < 1:
        raise ValueError("confidence must lie between 0 and 1")
    alpha = 1.0 - confidence
    log_term = -2.0 * math.log(alpha) + math.log(-2.0 * math.log(alpha)) + 1.0
    ratio = n * log_term / expected  # n rho^2, with rho chosen for `expected`
    return math.sqrt((ratio + 1.0) / ratio * (math.log(ratio + 1.0) - 2.0 * math.log(alpha)))


def separated(
    leads: FloatArray, variances: FloatArray, n: float, expected: float, confidence: float = 0.95
) -> FloatArray:
    """Which of several differences of ratings are not zero, at every look and all together.

    leads, variances: (K,) differences and their variances from n prompts. Bonferroni over K.
    Returns (K,) -1, 0 or 1: the sign that is settled, or 0.
    """
    each = 1.0 - (1.0 - confidence) / max(len(leads), 1)
    reach = widening(n, expected, each) * np.sqrt(variances)
    settled: FloatArray = np.where(np.abs(leads) > reach, np.sign(leads), 0.0)
    return settled


def mean_sequence(points: FloatArray, confidence: float = 0.95) -> tuple[FloatArray, FloatArray]:
    """Confidence sequence for the mean of points (T,) from 0 to 1, one of each prompt in turn.

    (T,) lower and (T,) upper ends; they hold at every t together, for any number of prompts and
    any distribution (the hedged capital process of Waudby-Smith & Ramdas, 2024): a mean is left
    out once a gambler who may bet against it, both ways, has multiplied the stake by 2 / alpha.
    """
    points = np.asarray(points, dtype=np.float64)
    if len(points) and not (points.min() >= 0 and points.max() <= 1):
        raise ValueError("points must lie between 0 and 1")
    alpha = 1.0 - confidence
    means = np.linspace(0.0, 1.0, _GRID)
    for_more, for_less = np.zeros(_GRID), np.zeros(_GRID)
    alive = np.ones(_GRID, dtype=bool)
    low, high = np.empty(len(points)), np.empty(len(points))
    total, squares = 0.5, 0.25
    for t, point in enumerate(points.tolist(), start=1):
        variance = squares / t
        bet = math.sqrt(2.0 * math.log(2.0 / alpha) / (variance * t * math.log(1.0 + t)))
        with np.errstate(divide="ignore"):
            up = np.minimum(bet, _BETS / means)
            down = np.minimum(bet, _BETS / (1.0 - means))
        for_more += np.log1p(up * (point - means))
        for_less += np.log1p(-down * (point - means))
        alive &= np.maximum(for_more, for_less) < math.log(2.0 / alpha)
        kept = np.flatnonzero(alive)
        mean = (total + point) / (t + 1.0)
        low[t - 1], high[t - 1] = _ends(means, kept, mean)
        total, squares = total + point, squares + (point - mean) ** 2
    return low, high


def _ends(means: FloatArray, kept: IntArray, mean: float) -> tuple[float, float]:
    """The ends of the means that are left, a step of the grid outwards to be safe."""
    if not len(kept):  # the grid is too coarse for what is left
        return max(mean - 1.0 / _GRID, 0.0), min(mean + 1.0 / _GRID, 1.0)
    step = means[1]
    return max(float(means[int(kept[0])] - step), 0.0), min(float(means[int(kept[-1])] + step), 1.0)
