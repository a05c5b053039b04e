"""What the methods that fit strengths from paired comparisons share, whatever their ties mean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from pydantic import Field

from arena.common import plugins
from tournaments.ratings import replicates
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
from tournaments.ratings.counts import Evidence, Pairs, gather
from tournaments.ratings.intervals import Estimate, from_replicates, from_spread
from tournaments.ratings.links import Link
from tournaments.ratings.paired import Fit, Prior, Units, fit
from tournaments.ratings.response_effects import is_knock_out
from tournaments.ratings.table import (
    ELO_SETTINGS,
    HYBRID,
    RESAMPLED,
    Result,
    empty_table,
    rating_table,
)
from tournaments.ratings.uncertainty import (
    Spread,
    clustered_covariance,
    hybrid,
    model_covariance,
    quantile,
)

Style = Literal["length", "headers", "lists", "bold"]
_LONG_KNOCK_OUT = 100
"""Prompts from which on the bias of a knock-out is larger than the intervals allow for."""

STYLES: tuple[Style, ...] = ("length", "headers", "lists", "bold")


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


@dataclass(frozen=True)
class Covariate:
    """A coefficient to report. factor: it is the logarithm of a factor, which is shown instead.

    base: where the fit was linearised, so that its own coefficient is the distance from there.
    """

    name: str
    meaning: str
    factor: bool = False
    base: float = 0.0


POSITION = Covariate("first position", "log-odds of winning by being shown first")


@dataclass(frozen=True)
class Design:
    """What is fitted: units, which of them each row is, and what their covariates are."""

    units: Units
    unit_of_row: IntArray
    covariates: tuple[Covariate, ...] = ()
    warnings: tuple[str, ...] = ()


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
        wanted = {f"covariates.{style}" for style in self.params.style_control}
        return frozenset(wanted | ({"first"} if self.params.position == "common" else set()))

    def rate(self, comparisons: Comparisons) -> RatingTable:
        """Fit all competitors. Raises RatingError when the fit cannot be had."""
        evidence = gather(comparisons)
        if not evidence.names:
            return empty_table(self.name, self._settings(), evidence)
        prior = Prior(self.params.prior_games)
        design, fitted = self.fitted(evidence, prior)
        result = self._result(evidence, design, prior, fitted)
        return rating_table(self.name, self._settings(), evidence, result)

    def fitted(self, evidence: Evidence, prior: Prior) -> tuple[Design, Fit]:
        """What is fitted, and the fit."""
        design, start = design_of(evidence, self.params), None
        if design.covariates:  # the fit without them needs no row, and is near
            start = fit(Units.plain(evidence.pairs), self.link, prior).theta
        return design, fit(design.units, self.link, prior, start)

    def _result(self, evidence: Evidence, design: Design, prior: Prior, fitted: Fit) -> Result:
        params = self.params
        model = model_covariance(fitted, design.units, self.link, prior)
        clustered = clustered_covariance(
            fitted, design.units, self.link, evidence, design.unit_of_row
        )
        estimate = self._estimate(evidence, design, prior, fitted, model, clustered)
        errors = _standard_errors(design, model, clustered, evidence.n_prompts)
        effects = (
            *covariate_effects(design, fitted, errors, params.confidence),
            *self.tie_effects(fitted),
        )
        return Result(
            estimate=estimate,
            resampled=params.bootstrap > 0 and evidence.n_prompts > 1,
            effects=effects,
            warnings=(*design.warnings, *_about_knock_outs(evidence)),
            rounds=fitted.rounds,
        )

    def _estimate(
        self,
        evidence: Evidence,
        design: Design,
        prior: Prior,
        fitted: Fit,
        model: FloatArray,
        clustered: FloatArray | None,
    ) -> Estimate:
        params, rng = self.params, np.random.default_rng(self.params.seed)
        contrast = contrast_of(evidence, params.anchor)
        ratings = CENTRE + ELO_SCALE * (contrast @ fitted.theta)
        spread = strengths_spread(contrast, model, clustered, evidence.n_prompts, params.confidence)
        estimate = from_spread(ratings, spread, ELO_SCALE, rng)
        if not params.bootstrap or evidence.n_prompts < 2:
            return estimate
        resamples = replicates.prompt_resamples(
            evidence, design.unit_of_row, len(design.units.pairs.a), params.bootstrap, rng
        )
        refitted = replicates.refits(resamples, fitted, design.units, self.link, prior)
        points = CENTRE + ELO_SCALE * (refitted @ contrast.T)
        return from_replicates(
            estimate, points, evidence.level, evidence.n_prompts, params.confidence
        )

    def tie_effects(self, fitted: Fit) -> Iterator[Effect]:
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
            "centred_on": centred_on,
            "intervals": RESAMPLED if self.params.bootstrap else HYBRID,
            **params,
            "prior": "each competitor plays prior_games against an average one and wins half",
        }


def _about_knock_outs(evidence: Evidence) -> Iterator[str]:
    if evidence.n_prompts >= _LONG_KNOCK_OUT and is_knock_out(evidence):
        yield (
            f"A knock-out over {evidence.n_prompts} prompts: late rounds are played by answers"
            " that came out well, so the best are closer here than they are, and their intervals"
            " too narrow. Random pairs on some prompts, or response_effects, mend that."
        )


def design_of(evidence: Evidence, params: PairedParams) -> Design:
    """The units to fit: pairs, or single comparisons where they have covariates."""
    covariates: list[Covariate] = []
    columns: list[FloatArray] = []
    warnings: list[str] = []
    for style in dict.fromkeys(params.style_control):
        values = evidence.floats(f"covariates.{style}")
        # Not centred: the difference of a and b must change its sign when they change places.
        size = float(np.sqrt(np.mean(values**2)))
        if size == 0.0:
            warnings.append(f"No two answers differ in {style}, so it changes nothing.")
            continue
        meaning = f"log-odds of winning by a typical lead in {style}"
        covariates.append(Covariate(style, meaning))
        columns.append(values / size)
    first = positions(evidence, params)
    if first is not None:
        covariates.append(POSITION)
        columns.append(first.astype(np.float64))
    if not covariates:
        return Design(Units.plain(evidence.pairs), evidence.pair_of_row, (), tuple(warnings))
    if first is not None and len(covariates) == 1:
        return _by_pair_and_order(evidence, first)
    units = Units(row_pairs(evidence), np.column_stack(columns).copy(order="F"))
    return Design(units, np.arange(len(evidence.a)), tuple(covariates), tuple(warnings))


def positions(evidence: Evidence, params: PairedParams) -> IntArray | None:
    """(N,) `first`, where it is wanted and any order is known."""
    if params.position != "common" or "first" not in evidence.columns:
        return None
    first = evidence.ints("first")
    return first if first.any() else None


def _by_pair_and_order(evidence: Evidence, first: IntArray) -> Design:
    """With the order alone, rows of a pair shown in one order are one unit."""
    keys, unit = np.unique(3 * evidence.pair_of_row + first + 1, return_inverse=True)
    pair, shown = np.divmod(keys, 3)
    cells = np.bincount(3 * unit + evidence.outcome, evidence.weight, 3 * len(keys))
    outcomes = cells.astype(np.float64).reshape(-1, 3)
    pairs = Pairs(len(evidence.names), evidence.pairs.a[pair], evidence.pairs.b[pair], outcomes)
    return Design(Units(pairs, (shown - 1.0)[:, None]), unit, (POSITION,))


def row_pairs(evidence: Evidence) -> Pairs:
    """Each comparison as a unit of its own."""
    outcomes = np.zeros((len(evidence.a), 3))
    outcomes[np.arange(len(evidence.a)), evidence.outcome] = (
        1.0 if evidence.weight is None else evidence.weight
    )
    return Pairs(len(evidence.names), evidence.a, evidence.b, outcomes)


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
    n_prompts: int,
    confidence: float,
) -> Spread:
    """Of the contrast (C, M) of the strengths, from covariances (D, D) of all parameters."""
    m = contrast.shape[1]

    def seen(covariance: FloatArray) -> FloatArray:
        result: FloatArray = contrast @ covariance[:m, :m] @ contrast.T
        return result

    return hybrid(
        seen(model), None if clustered is None else seen(clustered), n_prompts, confidence
    )


def _standard_errors(
    design: Design, model: FloatArray, clustered: FloatArray | None, n_prompts: int
) -> FloatArray:
    """(K,) of the covariates' coefficients, such that a normal quantile fits."""
    m, k = design.units.pairs.n, len(design.covariates)
    block = slice(m, m + k)
    theirs = None if clustered is None else clustered[block, block]
    return hybrid(model[block, block], theirs, n_prompts, 0.95).half / quantile(0.95)


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
