"""Intervals by a bootstrap over prompts, on sums instead of rows.

Comparisons on one prompt share its answers, and both orders of one comparison are one observation,
so prompts are resampled. A statistic says which counts it needs of each prompt and how it follows
from their sums; a resample is then a row of weights, and all resamples are one matrix product.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import isfinite, sqrt

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Statistic = Callable[[FloatArray], FloatArray]
"""Sums (R, ...) of R resamples to values (R,); nan where there is none."""

Z95 = 1.959964
RESAMPLES = 1_000
MAX_WEIGHTS = 5_000_000
MIN_RESAMPLES = 200


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval. `n` counts what it was computed from, `prompts` the units.

    The ends are None where no interval can be had: one prompt, or resamples that cannot differ.
    """

    value: float
    low: float | None
    high: float | None
    n: int
    prompts: int


@dataclass(frozen=True)
class Sums:
    """Counts summed over prompts: as observed (1, ...), and in each resample (R, ...)."""

    observed: FloatArray
    resampled: FloatArray
    prompts: int

    def estimate(self, statistic: Statistic, n: float) -> Estimate | None:
        """The statistic with its interval; None where it is not defined."""
        value = float(statistic(self.observed)[0])
        if not isfinite(value):
            return None
        low, high = self._interval(statistic)
        return Estimate(value, low, high, round(n), self.prompts)

    def share(self, hits: int, of: int) -> Estimate | None:
        """Column `hits` over column `of`, for shares from 0 to 1.

        Where all prompts say the same, resamples do too; Wilson's interval for as many trials as
        there are prompts stands in, so that "never seen" is not shown as "never happens".
        """
        found = self.estimate(lambda sums: ratio(sums[:, hits], sums[:, of]), self.observed[0, of])
        if found is None or found.low is not None:
            return found
        low, high = wilson(found.value, self.prompts)
        return Estimate(found.value, low, high, found.n, found.prompts)

    def _interval(self, statistic: Statistic) -> tuple[float | None, float | None]:
        values = statistic(self.resampled)
        values = values[np.isfinite(values)]
        if self.prompts < 2 or 2 * len(values) < len(self.resampled):
            return None, None
        low, high = np.quantile(values, [0.025, 0.975])
        return (float(low), float(high)) if high - low > 1e-12 else (None, None)


class PromptBootstrap:
    """Resamples of `prompts` prompts, the same ones for every statistic that is asked for.

    One seed gives one set of resamples, so figures repeat to the digit and those of two judges
    move together. A statistic about some of the prompts sees as many of them as a resample holds.
    """

    def __init__(self, prompts: int, seed: int = 0) -> None:
        self.prompts = prompts
        self._seed = seed

    @cached_property
    def weights(self) -> FloatArray:
        """(R, P): how often each prompt is in each resample. Fewer resamples of very many."""
        size = min(RESAMPLES, max(MIN_RESAMPLES, MAX_WEIGHTS // max(self.prompts, 1)))
        rng = np.random.default_rng(self._seed)
        weights = np.empty((size, self.prompts))
        for row in weights if self.prompts else ():
            drawn = rng.integers(self.prompts, size=self.prompts)
            row[:] = np.bincount(drawn, minlength=self.prompts)
        return weights

    def sums(self, counts: FloatArray) -> Sums:
        """Sum counts (P, ...) over the prompts, as observed and in each resample."""
        flat = counts.reshape(self.prompts, math.prod(counts.shape[1:]))
        used = np.flatnonzero(flat.any(axis=1))
        weights = self.weights if len(used) == self.prompts else self.weights[:, used]
        resampled = (weights @ flat[used]).reshape(-1, *counts.shape[1:])
        return Sums(counts.sum(axis=0)[None], resampled, len(used))

    def per_prompt(self, prompt: IntArray, columns: FloatArray) -> FloatArray:
        """Sum the rows of columns (N, K) by their prompt (N,), to (P, K)."""
        sums = [np.bincount(prompt, weights=c, minlength=self.prompts) for c in columns.T]
        return np.stack(sums, axis=1).astype(float)

    def of_rows(self, prompt: IntArray, *columns: NDArray[np.generic]) -> Sums:
        """The sums of columns (N,) whose rows belong to these prompts (N,)."""
        stacked = np.stack([np.asarray(column, dtype=float) for column in columns], axis=1)
        return self.sums(self.per_prompt(prompt, stacked))


def ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    """above / below, nan where below is zero."""
    quotient: FloatArray = np.full(above.shape, np.nan)
    np.divide(above, below, out=quotient, where=below != 0)
    return quotient


def wilson(share: float, trials: int) -> tuple[float, float]:
    """Wilson's 95 % score interval of a share (Wilson 1927)."""
    square = Z95**2
    centre = (share + square / (2 * trials)) / (1 + square / trials)
    spread = share * (1 - share) / trials + square / (4 * trials**2)
    half = Z95 * sqrt(spread) / (1 + square / trials)
    return max(0.0, min(share, centre - half)), min(1.0, max(share, centre + half))
