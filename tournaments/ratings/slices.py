"""Ratings of slices that borrow strength from the whole, so that thin slices are not noise.

theta of a slice is normal about theta of all comparisons, with one standard deviation t for all
slices and competitors, estimated from the data (the mean of its posterior under a flat prior, by
Laplace's approximation; its maximum is too often zero). A thin slice stays near the whole, a
thick one goes where its own comparisons are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tournaments.ratings.base import (
    CENTRE,
    ELO_SCALE,
    Comparisons,
    FloatArray,
    RatingTable,
)
from tournaments.ratings.counts import Evidence, Pairs, gather
from tournaments.ratings.intervals import from_spread
from tournaments.ratings.links import HalfWin
from tournaments.ratings.paired import Prior, Units, fit, predictor
from tournaments.ratings.rows import rows_of
from tournaments.ratings.strengths import PairedParams, contrast_of, strengths_spread
from tournaments.ratings.table import ELO_SETTINGS, HYBRID, Result, rating_table
from tournaments.ratings.uncertainty import clustered_covariance, hybrid, model_covariance

_SPREADS = np.geomspace(0.03, 2.0, 16)
"""Standard deviations of a slice about the whole, in log-odds, that are weighed."""


@dataclass(frozen=True)
class Whole:
    """All slices together. place: index of each name. theta: (M,). covariance: (M, M)."""

    place: dict[str, int]
    theta: FloatArray
    covariance: FloatArray

    def among(self, names: tuple[str, ...]) -> Whole:
        chosen = np.array([self.place[name] for name in names])
        place = {name: i for i, name in enumerate(names)}
        return Whole(place, self.theta[chosen], self.covariance[np.ix_(chosen, chosen)])


def rate_slices(comparisons: Comparisons, params: PairedParams) -> dict[str, RatingTable]:
    """Bradley-Terry tables of all slices that have a comparison, by name of the slice.

    Reads the column `slice`. Of the params, prior_games, confidence, seed and anchor count.
    Raises RatingError when a fit does not converge.
    """
    of_row = comparisons.slice
    if of_row is None or not len(of_row):
        return {}
    whole = _whole(gather(comparisons), Prior(params.prior_games))
    parts = {
        comparisons.slices[s]: gather(rows_of(comparisons, of_row == s)) for s in np.unique(of_row)
    }
    spread = typical_spread(whole, list(parts.values()))
    return {name: _table(whole, part, params, spread) for name, part in parts.items()}


def _whole(evidence: Evidence, prior: Prior) -> Whole:
    units, link = Units.plain(evidence.pairs), HalfWin()
    fitted = fit(units, link, prior)
    model = model_covariance(fitted, units, link, prior)
    clustered = clustered_covariance(fitted, units, link, evidence, evidence.pair_of_row)
    covariance = hybrid(model, clustered, evidence.n_prompts, 0.95).covariance
    place = {name: i for i, name in enumerate(evidence.names)}
    return Whole(place, fitted.theta, covariance)


def typical_spread(whole: Whole, parts: list[Evidence]) -> float:
    """The root mean square, under its posterior, of how far slices are from the whole."""
    near = [(whole.among(part.names), part.pairs) for part in parts]
    log_chances = np.array([sum(_log_chance(*part, t) for part in near) for t in _SPREADS])
    # The grid is geometric: a flat prior gives each point a weight in proportion to its value.
    weight = np.exp(log_chances - log_chances.max()) * _SPREADS
    return float(np.sqrt((weight * _SPREADS**2).sum() / weight.sum()))


def _prior(whole: Whole, spread: float) -> Prior:
    return Prior(0.0, whole.theta, 1.0 / spread**2)


def _log_chance(whole: Whole, pairs: Pairs, spread: float) -> float:
    """Of a slice's results, strengths integrated out by Laplace's approximation."""
    units = Units.plain(pairs)
    fitted = fit(units, HalfWin(), _prior(whole, spread), whole.theta)
    eta = predictor(units, fitted.theta, fitted.beta)
    likelihood = pairs.points @ eta - pairs.met @ np.logaddexp(0.0, eta)
    away = ((fitted.theta - whole.theta) ** 2).sum() / spread**2
    _, volume = np.linalg.slogdet(fitted.information * spread**2)
    return float(likelihood - away / 2 - volume / 2)


def _table(whole: Whole, part: Evidence, params: PairedParams, spread: float) -> RatingTable:
    """Competitors without a comparison in the slice stay unrated in it."""
    whole = whole.among(part.names)
    units, link, prior = Units.plain(part.pairs), HalfWin(), _prior(whole, spread)
    fitted = fit(units, link, prior, whole.theta)
    inherited = fitted.covariance * prior.precision  # d theta / d theta of the whole
    from_whole = inherited @ whole.covariance @ inherited.T
    model = model_covariance(fitted, units, link, prior) + from_whole
    clustered = clustered_covariance(fitted, units, link, part, part.pair_of_row)
    contrast = contrast_of(part, params.anchor)
    both = None if clustered is None else clustered + from_whole
    spread_of = strengths_spread(contrast, model, both, part.n_prompts, params.confidence)
    ratings = CENTRE + ELO_SCALE * (contrast @ fitted.theta)
    estimate = from_spread(ratings, spread_of, ELO_SCALE, np.random.default_rng(params.seed))
    return rating_table(
        "bradley_terry",
        _settings(params, spread),
        part,
        Result(estimate, "the other slices", rounds=fitted.rounds),
    )


def _settings(params: PairedParams, spread: float) -> dict[str, Any]:
    return {
        "ties": "half a win for each",
        **ELO_SETTINGS,
        "centred_on": params.anchor or "mean of the competitors that were compared",
        "intervals": HYBRID,
        "confidence": params.confidence,
        "seed": params.seed,
        "prior": "strengths of all slices together",
        "prior_games": params.prior_games,
        "spread_of_slices": float(ELO_SCALE * spread),
    }
