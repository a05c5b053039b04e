"""What the methods that fit strengths from paired comparisons share, whatever their ties mean."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
from pydantic import Field

from arena.common import plugins
from tournaments.ratings import replicates, resamples
from tournaments.ratings.base import (
    CENTRE,
    ELO_SCALE,
    Comparisons,
    Effect,
    FloatArray,
    IntArray,
    RatingError,
    RatingTable,
)
from tournaments.ratings.counts import Evidence, gather
from tournaments.ratings.design import Design, design_of
from tournaments.ratings.intervals import Estimate, from_replicates, from_spread
from tournaments.ratings.links import Link
from tournaments.ratings.paired import Fit, Prior, Units, fit
from tournaments.ratings.schedules import about_schedule
from tournaments.ratings.table import (
    ELO_SETTINGS,
    HYBRID,
    RESAMPLED,
    Result,
    empty_table,
    rating_table,
)
from tournaments.ratings.uncertainty import (
    People,
    Spread,
    clustered_covariance,
    hybrid,
    model_covariance,
    people_covariance,
    quantile,
)

Style = Literal["length", "headers", "lists", "bold"]
STYLES: tuple[Style, ...] = ("length", "headers", "lists", "bold")

_BY_PEOPLE = "prompts, and people where they judged"
_PROMPTS_ALONE = (
    "Prompts are resampled, but people are not: what verdicts of one person share is left out of"
    " these intervals. Those without bootstrap have it."
)
"""No weights of rows have the variance of both: products of two draws triple that of pure noise."""


_Covariances = tuple[FloatArray, FloatArray | None, People | None]
"""By the model, clustered by prompt, and what people add."""


class PairedParams(plugins.Params):
    """Params of all methods that fit strengths.

    prior_games: weight of the prior, in games against an average competitor. bootstrap: resamples
    of the prompts; 0 for intervals without resampling. anchor: the competitor rated 1000; the
    mean of the field when empty. style_control: what of an answer's looks is held level.
    position: whether the advantage of being shown first is estimated, where the order is known
    (for comparisons judged once, in random order).
    """

    prior_games: float = Field(1.0, gt=0)
    bootstrap: int = Field(0, ge=0, le=100_000)
    confidence: float = Field(0.95, gt=0, lt=1)
    seed: int = Field(0, ge=0)
    anchor: str = ""
    style_control: tuple[Style, ...] = ()
    position: Literal["common", "ignore"] = "ignore"


class PairedMethod:
    """A rating method by a link from strengths to results."""

    name: str
    ties_are: str
    link: Link
    Params: type[PairedParams] = PairedParams

    def __init__(self, params: PairedParams) -> None:
        self.params = params

    @property
    def columns(self) -> frozenset[str]:
        wanted = {"rater", *(f"covariates.{style}" for style in self.params.style_control)}
        return frozenset(wanted | ({"first"} if self.params.position == "common" else set()))

    def rate(self, comparisons: Comparisons) -> RatingTable:
        """Fit all competitors. Raises RatingError when the fit cannot be had."""
        evidence = gather(comparisons)
        if not evidence.names:
            return empty_table(self.name, self._settings(), evidence)
        return rating_table(self.name, self._settings(), evidence, self.result(evidence))

    def fitted(self, evidence: Evidence, prior: Prior) -> tuple[Design, Fit]:
        """What is fitted, and the fit."""
        design, start = (
            design_of(evidence, self.params.style_control, positions(evidence, self.params)),
            None,
        )
        if design.covariates:  # the fit without them needs no row, and is near
            start = fit(Units.plain(evidence.pairs), self.link, prior).theta
        return design, fit(design.units, self.link, prior, start)

    def result(self, evidence: Evidence) -> Result:
        """The fit of some comparisons, as an estimate with its intervals."""
        params = self.params
        prior = Prior(params.prior_games)
        design, fitted = self.fitted(evidence, prior)
        covariances = self._covariances(evidence, design, prior, fitted)
        estimate = self._estimate(evidence, design, prior, fitted, covariances)
        errors = _standard_errors(design, covariances, evidence.n_prompts)
        effects = (
            *covariate_effects(design, fitted, errors, params.confidence),
            *self.other_effects(evidence, design, fitted),
        )
        resampled = params.bootstrap > 0 and evidence.n_prompts > 1
        people = (_PROMPTS_ALONE,) if resampled and evidence.rater is not None else ()
        return Result(
            estimate=estimate,
            resampled=resampled,
            effects=effects,
            warnings=(*design.warnings, *people, *about_schedule(evidence, fitted.theta)),
            rounds=fitted.rounds,
        )

    def _covariances(
        self, evidence: Evidence, design: Design, prior: Prior, fitted: Fit
    ) -> _Covariances:
        units, link = design.units, self.link
        clustering = fitted, units, link, evidence, design.unit_of_row
        return (
            model_covariance(fitted, units, link, prior),
            clustered_covariance(*clustering),
            people_covariance(*clustering),
        )

    def _estimate(
        self,
        evidence: Evidence,
        design: Design,
        prior: Prior,
        fitted: Fit,
        covariances: _Covariances,
    ) -> Estimate:
        params, rng = self.params, np.random.default_rng(self.params.seed)
        contrast = contrast_of(evidence, params.anchor)
        ratings = CENTRE + ELO_SCALE * (contrast @ fitted.theta)
        model, clustered, people = covariances
        spread = strengths_spread(
            contrast, model, clustered, evidence.n_prompts, params.confidence, people
        )
        estimate = from_spread(ratings, spread, ELO_SCALE, rng)
        if not params.bootstrap or evidence.n_prompts < 2:
            return estimate
        drawn = resamples.drawn(
            evidence, design.unit_of_row, design.units.pairs, params.bootstrap, rng
        )
        refitted = replicates.refits(drawn, fitted, design.units, self.link, prior)
        points = CENTRE + ELO_SCALE * (refitted @ contrast.T)
        return from_replicates(
            estimate, points, evidence.level, evidence.n_prompts, params.confidence
        )

    def other_effects(
        self,
        evidence: Evidence,  # noqa: ARG002
        design: Design,  # noqa: ARG002
        fitted: Fit,
    ) -> Iterator[Effect]:
        """What the tie parameter says; nothing for a link without one."""
        if self.link.ties:
            chance = float(self.link.chances(np.zeros(1), fitted.tie)[0, 1])
            yield Effect(
                "ties between equals", chance, None, None, "the chance that two equals tie"
            )

    def _settings(self) -> dict[str, Any]:
        params = self.params.model_dump(mode="json")
        centred_on = self.params.anchor or "mean of the competitors that were compared"
        return {
            "ties": self.ties_are,
            **ELO_SETTINGS,
            "clusters": "prompts" if self.params.bootstrap else _BY_PEOPLE,
            "centred_on": centred_on,
            "intervals": RESAMPLED if self.params.bootstrap else HYBRID,
            **params,
            "prior": "each competitor plays prior_games against an average one and wins half",
        }


def positions(evidence: Evidence, params: PairedParams) -> IntArray | None:
    """(N,) `first`, where it is wanted and any order is known."""
    if params.position != "common" or "first" not in evidence.columns:
        return None
    first = evidence.ints("first")
    return first if first.any() else None


def contrast_of(evidence: Evidence, anchor: str) -> FloatArray:
    """(M, M): takes strengths to strengths relative to the field's mean, or to the anchor's."""
    n = len(evidence.names)
    if not anchor:
        return np.eye(n) - 1.0 / n
    if anchor not in evidence.names:
        raise RatingError(f"the anchor {anchor!r} has no comparison here")
    contrast = np.eye(n)
    contrast[:, evidence.names.index(anchor)] -= 1.0
    return contrast


def strengths_spread(
    contrast: FloatArray,
    model: FloatArray,
    clustered: FloatArray | None,
    clusters: int,
    confidence: float,
    people: People | None = None,
) -> Spread:
    """Of the contrast (C, M) of the strengths, from covariances (D, D) of all parameters."""
    m = contrast.shape[1]

    def seen(covariance: FloatArray) -> FloatArray:
        result: FloatArray = contrast @ covariance[:m, :m] @ contrast.T
        return result

    theirs = None if clustered is None else seen(clustered)
    extra = None if people is None else People(seen(people.extra), people.n)
    return hybrid(seen(model), theirs, clusters, confidence, extra)


def _standard_errors(design: Design, covariances: _Covariances, clusters: int) -> FloatArray:
    """(K,) of the covariates' coefficients, such that a normal quantile fits."""
    model, clustered, people = covariances
    m, k = design.units.pairs.n, len(design.covariates)
    block = slice(m, m + k)
    theirs = None if clustered is None else clustered[block, block]
    extra = None if people is None else People(people.extra[block, block], people.n)
    return hybrid(model[block, block], theirs, clusters, 0.95, extra).half / quantile(0.95)


def covariate_effects(
    design: Design, fitted: Fit, errors: FloatArray, confidence: float
) -> Iterator[Effect]:
    """Each coefficient with its interval, from its standard error (K,)."""
    for i, covariate in enumerate(design.covariates):
        half = quantile(confidence) * errors[i]
        value = covariate.base + float(fitted.beta[i])
        shown = np.array([value, value - half, value + half])
        value, low, high = (np.exp(shown) if covariate.factor else shown).tolist()
        yield Effect(covariate.name, value, low, high, covariate.meaning)
