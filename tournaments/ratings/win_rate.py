"""The share of points won, against everybody met or against one anchor; in per cent."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import Field

from arena.common import plugins
from tournaments.ratings import registry
from tournaments.ratings.base import (
    BoolArray,
    Comparisons,
    FloatArray,
    RatingTable,
)
from tournaments.ratings.counts import Evidence, gather, totals
from tournaments.ratings.intervals import DRAWS, Estimate
from tournaments.ratings.rows import against
from tournaments.ratings.table import HYBRID, Result, empty_table, rating_table
from tournaments.ratings.uncertainty import Spread, hybrid

PERCENT_SETTINGS = {"scale": "per cent", "unit": "prompt"}

_UNEVEN = 0.1
"""Shares of opponents that are further from even make win rates hard to compare."""

_UNEVEN_MEANS = (
    "Competitors met different opponents, so their win rates do not compare; Bradley-Terry takes"
    " the opponents into account."
)


class WinRateParams(plugins.Params):
    """anchor: count only comparisons with this competitor, which stands at 50; empty for all."""

    anchor: str = ""
    confidence: float = Field(0.95, gt=0, lt=1)
    seed: int = Field(0, ge=0)


@registry.register("win_rate")
class WinRate:
    """Points over comparisons, a tie being half a point.

    The interval is Wilson's, with the larger of two variances: of independent comparisons, one
    more game (half won) included, and clustered by prompt. Where judges gave probabilities these
    are the points.
    """

    label = "Win rate"
    description = (
        "The share of points won, in per cent: against everybody met, or against one anchor. Says"
        " nothing about who was met, so it suits complete designs and fixed baselines."
    )
    Params = WinRateParams

    def __init__(self, params: WinRateParams) -> None:
        self.params = params

    @property
    def columns(self) -> frozenset[str]:
        return frozenset({"share"})

    def rate(self, comparisons: Comparisons) -> RatingTable:
        """Count; there is nothing to converge. RatingError when nobody met the anchor."""
        comparisons = against(comparisons, self.params.anchor)
        evidence = gather(comparisons)
        if not evidence.names:
            return empty_table("win_rate", self._settings(), evidence)
        points = points_of(evidence)
        rates, spread = shares(evidence, points, self.params.confidence)
        rng = np.random.default_rng(self.params.seed)
        fixed = np.array([name == self.params.anchor for name in evidence.names])
        result = Result(
            estimate=percentages(rates, games_of(evidence), spread, fixed, rng),
            basis="one more game, half won,",
            warnings=() if self.params.anchor else _uneven(evidence),
        )
        return rating_table("win_rate", self._settings(), evidence, result)

    def _settings(self) -> dict[str, Any]:
        against_whom = self.params.anchor or "everybody met"
        return {
            "ties": "half a point for each",
            **PERCENT_SETTINGS,
            "against": against_whom,
            "intervals": HYBRID,
            **self.params.model_dump(),
        }


def points_of(evidence: Evidence) -> FloatArray:
    """(N,) points of a: the judge's probability where it gave one, the score elsewhere."""
    if "share" not in evidence.columns:
        return evidence.score
    share = evidence.floats("share")
    return np.where(np.isnan(share), evidence.score, share)


def games_of(evidence: Evidence) -> FloatArray:
    """(M,) the weight of a competitor's comparisons."""
    n, weight = len(evidence.names), _weight(evidence)
    return totals(evidence.a, weight, n) + totals(evidence.b, weight, n)


def shares(evidence: Evidence, points: FloatArray, confidence: float) -> tuple[FloatArray, Spread]:
    """(M,) the share of points that each won, and how uncertain all are together."""
    weight, games = _weight(evidence), games_of(evidence)
    n = len(evidence.names)
    won = totals(evidence.a, weight * points, n) + totals(evidence.b, weight * (1 - points), n)
    middle = (won + 0.5) / (games + 1.0)
    of_a, of_b = points - middle[evidence.a], 1.0 - points - middle[evidence.b]
    inverse = np.outer(1.0 / (games + 1.0), 1.0 / (games + 1.0))
    independent = _by_row(evidence, weight, of_a, of_b)
    independent += np.diag(middle**2 + (1.0 - middle) ** 2) / 2  # the game more, half won
    clustered = None
    if evidence.n_prompts > 1:
        scores = evidence.by_prompt(weight * of_a, weight * of_b)
        correction = evidence.n_prompts / (evidence.n_prompts - 1.0)
        clustered = correction * (scores.T @ scores) * inverse
    spread = hybrid(independent * inverse, clustered, evidence.n_prompts, confidence)
    return won / games, spread


def _by_row(
    evidence: Evidence, weight: FloatArray, of_a: FloatArray, of_b: FloatArray
) -> FloatArray:
    """(M, M): covariance of points, were all comparisons independent."""
    n = len(evidence.names)
    own = totals(evidence.a, weight * of_a**2, n) + totals(evidence.b, weight * of_b**2, n)
    across = totals(evidence.a * n + evidence.b, weight * of_a * of_b, n * n).reshape(n, n)
    return np.diag(own) + across + across.T


def percentages(
    rates: FloatArray,
    games: FloatArray,
    spread: Spread,
    fixed: BoolArray,
    rng: np.random.Generator,
) -> Estimate:
    """Shares in per cent, with Wilson's (1927) intervals on as many games as the spread is worth.

    games: (M,) on which each share rests. fixed: (M,) whose share is known to be a half, because
    it is the anchor's own.
    """
    rates = np.where(fixed, 0.5, rates)
    near = (rates * games + 0.5) / (games + 1.0)  # never 0 or 1
    keep = np.where(fixed, 0.0, 1.0)
    covariance = spread.covariance * np.outer(keep, keep)
    low, high = _wilson(rates, near * (1.0 - near), np.where(fixed, 0.0, spread.half))
    own = np.diag(covariance)
    one_fixed = fixed[:, None] | fixed[None, :]
    alone = own[:, None] + own[None, :] - 2.0 * np.diag(own)
    draws = rng.multivariate_normal(rates, covariance, DRAWS, check_valid="ignore", method="eigh")
    return Estimate(
        ratings=100.0 * rates,
        low=100.0 * low,
        high=100.0 * high,
        variances=100.0**2 * np.where(one_fixed, alone, spread.variances),
        draws=100.0 * draws,
    )


def _wilson(
    rates: FloatArray, variance: FloatArray, half: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Ends of intervals for shares, from the variance of one game and normal half-widths (M,)."""
    squared = half**2 / variance  # z^2 / n
    middle = (rates + squared / 2.0) / (1.0 + squared)
    reach = np.sqrt(squared * rates * (1.0 - rates) + squared**2 / 4.0) / (1.0 + squared)
    return np.minimum(middle - reach, rates), np.maximum(middle + reach, rates)


def _uneven(evidence: Evidence) -> tuple[str, ...]:
    """A warning when competitors met different opponents."""
    met = evidence.pairs.win_matrix
    met = met + met.T
    n = len(met)
    if n < 3:
        return ()
    share = met / met.sum(axis=1, keepdims=True)
    usual = (np.ones((n, n)) - np.eye(n)) / (n - 1.0)
    if np.abs(share - usual).max() <= _UNEVEN:
        return ()
    return (_UNEVEN_MEANS,)


def _weight(evidence: Evidence) -> FloatArray:
    return np.ones(len(evidence.a)) if evidence.weight is None else evidence.weight
