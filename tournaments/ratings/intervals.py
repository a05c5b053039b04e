"""Intervals and rank ranges: percentiles of a bootstrap over prompts, or the model's own.

The unit is the prompt: comparisons on one prompt share its answers, so prompts are resampled, not
comparisons. Where a resample cannot differ (see `Evidence.level`) a bootstrap interval would have
no width, and the normal interval from the model's covariance stands in for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from tournaments.ratings.base import CENTRE, ELO_SCALE, FloatArray, IntArray
from tournaments.ratings.counts import BoolArray

_SAME = 1e-9
"""Ratings closer than this are equal and share a rank."""

_DRAWS = 1_000


@dataclass(frozen=True)
class Estimate:
    """What a method says of M competitors, in Elo points.

    ratings: (M,). replicates: (B, M) refits to resampled prompts, B = 0 where there are none.
    covariance: (M, M) of the ratings, by the model.
    """

    ratings: FloatArray
    replicates: FloatArray
    covariance: FloatArray


@dataclass(frozen=True)
class Intervals:
    """Ends of the intervals, ranks (the best is 1) and ends of the rank ranges, each (M,)."""

    low: FloatArray
    high: FloatArray
    rank: IntArray
    rank_low: IntArray
    rank_high: IntArray


def elo_points(theta: FloatArray) -> FloatArray:
    """Log-strengths (..., M) on the Elo scale, with mean 1000."""
    points: FloatArray = CENTRE + ELO_SCALE * (theta - theta.mean(axis=-1, keepdims=True))
    return points


def prompt_weights(
    rng: np.random.Generator, n_prompts: int, size: int, chunk: int
) -> Iterator[IntArray]:
    """Yield (up to `chunk`, P) counts of how often each prompt is in a resample, `size` in all."""
    for start in range(0, size, chunk):
        share = np.full(n_prompts, 1.0 / n_prompts)
        yield rng.multinomial(n_prompts, share, size=min(chunk, size - start))


def intervals(
    estimate: Estimate, level: BoolArray, confidence: float, rng: np.random.Generator
) -> Intervals:
    """Intervals at `confidence` that hold the rating, and rank ranges that hold the rank.

    level: (M,) whose results no resample can change; they, and all where there are no replicates,
    get the model's interval.
    """
    ratings, replicates = estimate.ratings, estimate.replicates
    tail = (1.0 - confidence) / 2
    if len(replicates):
        low, high = np.quantile(replicates, [tail, 1.0 - tail], axis=0)
    else:
        level = np.ones_like(level)
        low = high = ratings
    half = NormalDist().inv_cdf(1.0 - tail) * np.sqrt(np.diag(estimate.covariance))
    rank = _ranks(ratings[None])[0]
    ranks = _ranks(_with_draws(estimate, level, rng))
    rank_low, rank_high = np.quantile(ranks, [tail, 1.0 - tail], axis=0, method="inverted_cdf")
    return Intervals(
        low=np.where(level, ratings - half, np.minimum(low, ratings)),
        high=np.where(level, ratings + half, np.maximum(high, ratings)),
        rank=rank,
        rank_low=np.minimum(rank_low, rank),
        rank_high=np.maximum(rank_high, rank),
    )


def _with_draws(estimate: Estimate, level: BoolArray, rng: np.random.Generator) -> FloatArray:
    """The replicates, with draws from the model for the competitors in `level`."""
    size = len(estimate.replicates) or _DRAWS
    draws: FloatArray = rng.multivariate_normal(
        estimate.ratings, estimate.covariance, size, check_valid="ignore", method="eigh"
    )
    return draws if level.all() else np.where(level, draws, estimate.replicates)


def _ranks(ratings: FloatArray) -> IntArray:
    """Ranks (R, M) within each row of ratings (R, M): one more than the number above."""
    ranks = np.empty(ratings.shape, dtype=np.int64)
    for i in range(ratings.shape[1]):
        ranks[:, i] = 1 + (ratings > ratings[:, [i]] + _SAME).sum(axis=1)
    return ranks
