"""What verdicts cost, how long they take, and how often there is none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from judges.stats.bootstrap import (
    BoolArray,
    Estimate,
    FloatArray,
    IntArray,
    PromptBootstrap,
    ratio,
)

MAX_GRID = 512
MAX_CELLS = 5_000_000


@dataclass(frozen=True)
class Latency:
    """Milliseconds that half, and 95 %, of the judgments took at most."""

    p50: Estimate | None
    p95: Estimate | None


def rate(boot: PromptBootstrap, prompt: IntArray, hits: BoolArray) -> Estimate | None:
    """The share of rows (N,) that are hits; None without rows."""
    return boot.of_rows(prompt, hits, np.ones(len(hits))).share(0, 1)


def per_verdict(boot: PromptBootstrap, spent: FloatArray, verdicts: FloatArray) -> Estimate | None:
    """Spent over verdicts, both summed by prompt (P,). `n` counts the verdicts."""
    sums = boot.sums(np.stack([spent, verdicts], axis=1))
    return sums.estimate(lambda s: ratio(s[:, 0], s[:, 1]), sums.observed[0, 1])


def latency(boot: PromptBootstrap, prompt: IntArray, milliseconds: FloatArray) -> Latency | None:
    """From what each judgment (N,) took; None without any.

    Resamples are read off counts on a grid of quantiles that is finer than the interval.
    """
    if not len(milliseconds):
        return None
    steps = np.linspace(0, 1, min(MAX_GRID, max(32, MAX_CELLS // boot.prompts)))
    grid = np.unique(np.quantile(milliseconds, steps, method="inverted_cdf"))
    place = np.searchsorted(grid, milliseconds)
    cells = np.bincount(prompt * len(grid) + place, minlength=boot.prompts * len(grid))
    sums = boot.sums(cells.reshape(boot.prompts, len(grid)).astype(float))
    n = len(milliseconds)
    return Latency(
        p50=sums.estimate(lambda s: _quantile(s, grid, 0.5), n),
        p95=sums.estimate(lambda s: _quantile(s, grid, 0.95), n),
    )


def _quantile(counts: FloatArray, grid: FloatArray, share: float) -> FloatArray:
    """The smallest grid value that holds this share of the counts (R, G); nan where all are 0."""
    total = counts.sum(axis=1)
    reached = np.cumsum(counts, axis=1) >= share * total[:, None] - 1e-9
    return np.where(total > 0, grid[reached.argmax(axis=1)], np.nan)
