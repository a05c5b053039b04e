"""Intervals, ranks, rank ranges, P(above) and tiers from an estimate and its uncertainty."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from tournaments.ratings.base import CENTRE, ELO_SCALE, BoolArray, FloatArray, IntArray
from tournaments.ratings.uncertainty import Spread

_SAME = 1e-9
"""Ratings closer than this are equal and share a rank."""

DRAWS = 1_000

_MANY_PROMPTS = 30
"""Below, a bootstrap interval is mirrored at the estimate instead of read off as percentiles."""


@dataclass(frozen=True)
class Estimate:
    """What a method says of M competitors, on its scale.

    ratings: (M,). low, high: (M,) ends of the intervals. variances: (M, M) of the difference of
    two ratings. draws: (D, M) ratings as they might be, for the rank ranges.
    """

    ratings: FloatArray
    low: FloatArray
    high: FloatArray
    variances: FloatArray
    draws: FloatArray


@dataclass(frozen=True)
class Ranks:
    """Ranks (the best is 1), ends of the rank ranges, and tiers, each (M,)."""

    rank: IntArray
    low: IntArray
    high: IntArray
    tier: IntArray


def elo_points(theta: FloatArray) -> FloatArray:
    """Log-strengths (..., M) on the Elo scale, with mean 1000."""
    points: FloatArray = CENTRE + ELO_SCALE * (theta - theta.mean(axis=-1, keepdims=True))
    return points


def from_spread(
    ratings: FloatArray, spread: Spread, scale: float, rng: np.random.Generator
) -> Estimate:
    """Symmetric intervals: ratings (M,) and their spread, which is `scale` times smaller."""
    draws: FloatArray = rng.multivariate_normal(
        ratings, scale**2 * spread.covariance, DRAWS, check_valid="ignore", method="eigh"
    )
    half = scale * spread.half
    return Estimate(ratings, ratings - half, ratings + half, scale**2 * spread.variances, draws)


def from_replicates(
    model: Estimate, replicates: FloatArray, level: BoolArray, n_prompts: int, confidence: float
) -> Estimate:
    """Intervals from refits (B, M) to resampled prompts, B > 0.

    Percentiles, below 30 prompts mirrored at the estimate (the basic bootstrap). Competitors in
    `level` (M,), whose result no resample can change, keep what `model` says.
    """
    if n_prompts < _MANY_PROMPTS:
        replicates = 2.0 * model.ratings - replicates
    tail = (1.0 - confidence) / 2
    low, high = np.quantile(replicates, [tail, 1.0 - tail], axis=0)
    covariance = np.atleast_2d(np.cov(replicates, rowvar=False))
    own = np.diag(covariance)
    fixed = level[:, None] | level[None, :]
    differences = own[:, None] + own[None, :] - 2.0 * covariance
    size = min(len(replicates), len(model.draws))
    draws = np.where(level, model.draws[:size], replicates[:size])
    return Estimate(
        ratings=model.ratings,
        low=np.where(level, model.low, np.minimum(low, model.ratings)),
        high=np.where(level, model.high, np.maximum(high, model.ratings)),
        variances=np.where(fixed, np.maximum(model.variances, differences), differences),
        draws=draws,
    )


def ranks(estimate: Estimate, confidence: float) -> Ranks:
    """Ranks, ranges that hold the rank at `confidence`, and tiers."""
    tail = (1.0 - confidence) / 2
    rank = _ranks(estimate.ratings[None])[0]
    drawn = _ranks(estimate.draws)
    low, high = np.quantile(drawn, [tail, 1.0 - tail], axis=0, method="inverted_cdf")
    tier = tiers(estimate.ratings, estimate.variances, confidence)
    return Ranks(rank, np.minimum(low, rank), np.maximum(high, rank), tier)


def probability_above(ratings: FloatArray, variances: FloatArray) -> FloatArray:
    """(M, M): how probable it is that i is better than j; 0.5 where nothing tells them apart."""
    lead = ratings[:, None] - ratings[None, :]
    with np.errstate(divide="ignore", invalid="ignore"):
        deviates = np.where(np.abs(lead) > _SAME, lead / np.sqrt(variances), 0.0)
    probability: FloatArray = ndtr(deviates)
    return probability


def separated(ratings: FloatArray, variances: FloatArray, confidence: float) -> BoolArray:
    """(M, M): which pairs differ, all pairs taken together (Holm, 1979).

    The chance that any pair of equals is among them is at most 1 - confidence.
    """
    n = len(ratings)
    i, j = np.triu_indices(n, 1)
    above = probability_above(ratings, variances)[i, j]
    p = 2.0 * np.minimum(above, 1.0 - above)
    order = np.argsort(p, kind="stable")
    allowed = (1.0 - confidence) / np.arange(len(p), 0, -1)
    failed = np.flatnonzero(p[order] > allowed)
    rejected = order[: failed[0] if len(failed) else len(p)]
    result = np.zeros((n, n), dtype=bool)
    result[i[rejected], j[rejected]] = result[j[rejected], i[rejected]] = True
    return result


def tiers(ratings: FloatArray, variances: FloatArray, confidence: float) -> IntArray:
    """(M,) from 1: going down, a tier ends with the first who is separated from its best."""
    apart = separated(ratings, variances, confidence)
    tier = np.ones(len(ratings), dtype=np.int64)
    order = np.argsort(-ratings, kind="stable")
    best, number = order[0], 1
    for i in order:
        if apart[best, i]:
            best, number = i, number + 1
        tier[i] = number
    return tier


def _ranks(ratings: FloatArray) -> IntArray:
    """Ranks (R, M) within each row of ratings (R, M): one more than the number above."""
    order = np.argsort(-ratings, axis=1, kind="stable")
    best_first = np.take_along_axis(ratings, order, axis=1)
    place = np.broadcast_to(np.arange(1, ratings.shape[1] + 1), ratings.shape)
    drop = np.ones(ratings.shape, dtype=bool)
    drop[:, 1:] = best_first[:, :-1] - best_first[:, 1:] > _SAME
    shared = np.maximum.accumulate(np.where(drop, place, 0), axis=1)
    ranks_ = np.empty(ratings.shape, dtype=np.int64)
    np.put_along_axis(ranks_, order, shared, axis=1)
    return ranks_
