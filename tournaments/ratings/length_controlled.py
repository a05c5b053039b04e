"""Win rates with the judges' liking of length taken out, in per cent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from pydantic import Field
from scipy.special import expit

from arena.common import plugins
from tournaments.ratings import registry
from tournaments.ratings.base import (
    Comparisons,
    Effect,
    FloatArray,
    RatingTable,
)
from tournaments.ratings.counts import Evidence, Pairs, gather, totals
from tournaments.ratings.links import HalfWin
from tournaments.ratings.paired import Fit, Prior, Units, fit, gram, predictor, prior_information
from tournaments.ratings.rows import against
from tournaments.ratings.table import HYBRID, Result, empty_table, rating_table
from tournaments.ratings.uncertainty import hybrid, score_covariance, tie_chances
from tournaments.ratings.win_rate import (
    PERCENT_SETTINGS,
    percentages,
    points_of,
    shares,
)

_FAR, _QUARTER = 10.0, 0.25


class LengthControlledParams(plugins.Params):
    """anchor: the baseline, which stands at 50; empty for win rates against the whole field.

    prior_games: weight of the prior, in games against an average competitor.
    """

    anchor: str = ""
    prior_games: float = Field(1.0, gt=0)
    confidence: float = Field(0.95, gt=0, lt=1)
    seed: int = Field(0, ge=0)


@dataclass(frozen=True)
class _Data:
    """Comparisons as units of one row each. points: (N,) of a."""

    evidence: Evidence
    points: FloatArray
    units: Units


@registry.register("length_controlled")
class LengthControlled:
    """The logistic model of AlpacaEval 2 (Dubois et al., 2024), fitted jointly.

    logit P(a beats b on x) = theta_a - theta_b + phi tanh((length_a - length_b) / sd) + psi g_x,
    lengths in characters. The win rate sets the length term to 0. Against a baseline, g_x is how
    the other competitors do on prompt x against it; without one the prompt cancels.

    It differs from the original: phi is one for all competitors instead of one each, and so is
    psi; a weak prior replaces the L1 penalty and the artificial short and long baselines; g_x
    comes from the other competitors in the same data, and is left out below three of them.
    """

    label = "Length-controlled win rate"
    description = (
        "The win rate that would be expected if all answers were equally long, in per cent:"
        " against one baseline, or against the whole field. No defence against answers made to"
        " deceive a judge."
    )
    Params = LengthControlledParams

    def __init__(self, params: LengthControlledParams) -> None:
        self.params = params

    @property
    def columns(self) -> frozenset[str]:
        return frozenset({"share", "covariates.characters"})

    def rate(self, comparisons: Comparisons) -> RatingTable:
        """Fit all competitors. RatingError when nobody met the anchor or lengths are missing."""
        evidence = gather(against(comparisons, self.params.anchor))
        if not evidence.names:
            return empty_table("length_controlled", self._settings(), evidence)
        prior = Prior(self.params.prior_games)
        data, fitted = _fitted(evidence, self.params.anchor, prior)
        model, clustered = _covariances(data, fitted, prior)
        rates, jacobian, prompts = _expected(data, fitted, self.params.anchor)
        spread = hybrid(
            jacobian @ model @ jacobian.T + prompts,
            None if clustered is None else jacobian @ clustered @ jacobian.T + prompts,
            evidence.n_prompts,
            self.params.confidence,
        )
        fixed = np.array([name == self.params.anchor for name in evidence.names])
        rng = np.random.default_rng(self.params.seed)
        steady = np.full(len(rates), 1e9)  # the prior is in the fit already
        result = Result(
            estimate=percentages(rates, steady, spread, fixed, rng),
            effects=(self._length_effect(data, fitted, model, clustered),),
            warnings=tuple(self._far(data, rates)),
            rounds=fitted.rounds,
        )
        return rating_table("length_controlled", self._settings(), evidence, result)

    def _length_effect(
        self, data: _Data, fitted: Fit, model: FloatArray, clustered: FloatArray | None
    ) -> Effect:
        m, level = data.units.pairs.n, self.params.confidence
        theirs = None if clustered is None else clustered[m : m + 1, m : m + 1]
        spread = hybrid(model[m : m + 1, m : m + 1], theirs, data.evidence.n_prompts, level)
        half = float(spread.half[0])
        value = float(fitted.beta[0])
        meaning = "log-odds of winning by being far longer"
        return Effect("length", value, value - half, value + half, meaning)

    def _far(self, data: _Data, rates: FloatArray) -> list[str]:
        """Warnings for win rates that the control moves a long way."""
        raw, _ = shares(data.evidence, data.points, self.params.confidence)
        moved = 100.0 * (rates - raw)
        room = 100.0 * np.where(moved > 0, 1.0 - raw, raw)
        far = (np.abs(moved) > _FAR) & (np.abs(moved) > _QUARTER * room)
        if not self.params.anchor or not far.any():
            return []
        names = ", ".join(
            f"{data.evidence.names[i]} ({moved[i]:+.0f})" for i in np.flatnonzero(far)
        )
        return [f"Control for length moves these win rates far, so read both: {names}."]

    def _settings(self) -> dict[str, Any]:
        return {
            "ties": "half a point for each",
            **PERCENT_SETTINGS,
            "against": self.params.anchor or "the whole field",
            "intervals": HYBRID,
            **self.params.model_dump(),
        }


def _fitted(evidence: Evidence, anchor: str, prior: Prior) -> tuple[_Data, Fit]:
    """The units and their fit; against an anchor with the difficulty of prompts."""
    points = points_of(evidence)
    weight = np.ones(len(points)) if evidence.weight is None else evidence.weight
    longer = evidence.floats("covariates.characters")
    size = float(np.sqrt(np.mean(longer**2))) or 1.0
    length = np.tanh(longer / size)
    outcomes = np.stack([weight * points, np.zeros_like(points), weight * (1.0 - points)], axis=1)
    pairs = Pairs(len(evidence.names), evidence.a, evidence.b, outcomes)
    data = _Data(evidence, points, Units(pairs, length[:, None].copy(order="F")))
    fitted = fit(data.units, HalfWin(), prior)
    if not anchor or len(evidence.names) <= 3:
        return data, fitted
    residual = points - expit(predictor(data.units, fitted.theta, fitted.beta))
    x = np.column_stack([length, _difficulty(evidence, residual, anchor)])
    data = replace(data, units=replace(data.units, x=x.copy(order="F")))
    return data, fit(data.units, HalfWin(), prior, fitted.theta)


def _difficulty(evidence: Evidence, residual: FloatArray, anchor: str) -> FloatArray:
    """(N,) how the others did against the anchor on the prompt, seen from a's side.

    Their mean residual, drawn to 0 as by two further ones; the row's own does not count, so that
    nothing is explained by itself.
    """
    signed = np.where(evidence.a == evidence.names.index(anchor), -1.0, 1.0)
    luck = signed * residual
    total = totals(evidence.prompt, luck, evidence.n_prompts)[evidence.prompt] - luck
    number = np.bincount(evidence.prompt, minlength=evidence.n_prompts)[evidence.prompt] - 1.0
    difficulty: FloatArray = signed * total / (number + 2.0)
    return difficulty


def _covariances(data: _Data, fitted: Fit, prior: Prior) -> tuple[FloatArray, FloatArray | None]:
    """(D, D) by the model, tie-aware, and clustered by prompt."""
    units, evidence = data.units, data.evidence
    p = expit(predictor(units, fitted.theta, fitted.beta))
    weight = units.pairs.met
    counted = np.zeros((len(p), 3))
    counted[np.arange(len(p)), evidence.outcome] = weight
    variance = p * (1.0 - p) - tie_chances(p, counted) / 4
    middle = gram(units, weight * variance)
    m = units.pairs.n
    middle[np.arange(m), np.arange(m)] += prior_information(fitted.theta, prior)
    inverse = fitted.covariance
    model = inverse @ middle @ inverse
    every_row = np.arange(len(p))
    residual = weight * (data.points - p)
    return model, score_covariance(inverse, evidence, units, every_row, residual)


def _expected(data: _Data, fitted: Fit, anchor: str) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Shares (M,) with equal lengths, their derivatives (M, D), and what the prompts add (M, M).

    The last is the covariance of the mean over prompts, which are a sample.
    """
    m, n_beta = len(fitted.theta), len(fitted.beta)
    jacobian = np.zeros((m, m + n_beta))
    if not anchor:
        p = expit(fitted.theta[:, None] - fitted.theta[None, :])
        slope = p * (1.0 - p)
        np.fill_diagonal(p, 0.0)
        np.fill_diagonal(slope, 0.0)
        jacobian[:, :m] = (np.diag(slope.sum(axis=1)) - slope) / (m - 1.0)
        return p.sum(axis=1) / (m - 1.0), jacobian, np.zeros((m, m))
    base, n_prompts = data.evidence.names.index(anchor), data.evidence.n_prompts
    lead = np.repeat((fitted.theta - fitted.theta[base])[:, None], n_prompts, axis=1)
    if n_beta > 1:
        lead += fitted.beta[1] * _by_prompt(data, base)
    p = expit(lead)
    slope = (p * (1.0 - p)).mean(axis=1)
    jacobian[np.arange(m), np.arange(m)] = slope
    jacobian[:, base] -= slope
    excess = p - p.mean(axis=1, keepdims=True)
    prompts = excess @ excess.T / (n_prompts * max(n_prompts - 1.0, 1.0))
    return p.mean(axis=1), jacobian, prompts


def _by_prompt(data: _Data, base: int) -> FloatArray:
    """(M, P) the difficulty of each prompt for each competitor; 0 where it did not play."""
    evidence = data.evidence
    other = np.where(evidence.a == base, evidence.b, evidence.a)
    signed = np.where(evidence.a == base, -1.0, 1.0) * data.units.x[:, 1]
    found = np.zeros((len(evidence.names), evidence.n_prompts))
    found[other, evidence.prompt] = signed
    return found
