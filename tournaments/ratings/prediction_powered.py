"""Few trusted verdicts helped by many predicted ones, after PPI++ (Angelopoulos et al., 2023)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from pydantic import Field
from scipy.special import expit

from arena.common import plugins
from tournaments.ratings import registry
from tournaments.ratings.base import (
    CENTRE,
    ELO_SCALE,
    BoolArray,
    Comparisons,
    Effect,
    FloatArray,
    IntArray,
    RatingError,
    RatingTable,
)
from tournaments.ratings.checking import check
from tournaments.ratings.counts import Evidence, gather, totals
from tournaments.ratings.intervals import from_spread
from tournaments.ratings.links import HalfWin
from tournaments.ratings.paired import Fit, Prior, Units, fit
from tournaments.ratings.rows import rows_of
from tournaments.ratings.strengths import contrast_of
from tournaments.ratings.table import ELO_SETTINGS, HYBRID, Result, empty_table, rating_table
from tournaments.ratings.uncertainty import hybrid, model_covariance
from tournaments.ratings.win_rate import points_of

_FEW_GOLD = 17
"""Trusted comparisons a competitor; below, intervals held the truth less often in simulations."""


class PredictionPoweredParams(plugins.Params):
    """weight: of the predictions, from 0 (not used) to 1; "best" takes it from the data.

    prior_games, anchor, confidence, seed: as for Bradley-Terry.
    """

    weight: float | None = Field(None, ge=0, le=1)
    prior_games: float = Field(1.0, gt=0)
    anchor: str = ""
    confidence: float = Field(0.95, gt=0, lt=1)
    seed: int = Field(0, ge=0)


@dataclass(frozen=True)
class _Scores:
    """What each prompt adds to the gradient of the strengths, each (P, M).

    gold: trusted verdicts minus what is expected. lucky: how the predictions say that the choice
    of judged prompts was, per unit of their weight. n_paired, n_predicted: comparisons with a
    trusted verdict and a prediction, and with a prediction alone.
    """

    gold: FloatArray
    lucky: FloatArray
    n_paired: int
    n_predicted: int


@registry.register("prediction_powered")
class PredictionPowered:
    """Bradley-Terry on trusted verdicts, steadied by a surrogate's, valid however bad it is.

    For each pair of competitors, the surrogate's mean points where nobody judged, minus its mean
    points where somebody did, say how lucky the choice of judged prompts was; that much, times a
    weight, is put right. Since both means are the surrogate's, its bias cancels; within each pair
    the judged prompts must be a random choice. The weight minimises the variance.
    """

    label = "Prediction-powered Bradley-Terry"
    description = (
        "Bradley-Terry on the verdicts of people and LLM judges, made more precise by a"
        " surrogate's verdicts on comparisons that nobody judged. Predictions never count as"
        " verdicts: they only say how typical the judged prompts are."
    )
    Params = PredictionPoweredParams

    def __init__(self, params: PredictionPoweredParams) -> None:
        self.params = params

    @property
    def columns(self) -> frozenset[str]:
        return frozenset({"surrogate", "share"})

    def rate(self, comparisons: Comparisons) -> RatingTable:
        """Fit all competitors with a trusted verdict. RatingError when there is none."""
        check(comparisons)
        comparisons = _with_gold(comparisons)
        whole = gather(comparisons)
        if not whole.names:
            return empty_table("prediction_powered", self._settings(), whole)
        assert comparisons.surrogate is not None
        gold = gather(rows_of(comparisons, ~comparisons.surrogate.astype(bool)))
        gold = replace(gold, data_hash=whole.data_hash)
        units, prior = Units.plain(gold.pairs), Prior(self.params.prior_games)
        alone = fit(units, HalfWin(), prior)
        scores = _scores(whole, alone)
        model = model_covariance(alone, units, HalfWin(), prior)
        result = self._result(gold, alone, model, scores)
        return rating_table("prediction_powered", self._settings(), gold, result)

    def _result(self, gold: Evidence, alone: Fit, model: FloatArray, scores: _Scores) -> Result:
        """One Newton step from the trusted verdicts' fit, along what the predictions put right."""
        params = self.params
        contrast = contrast_of(gold, params.anchor)
        influence = contrast @ alone.covariance
        weight = params.weight
        if weight is None:
            weight = _best_weight(scores.gold @ influence.T, scores.lucky @ influence.T)
        powered = (scores.gold + weight * scores.lucky) @ influence.T
        before = scores.gold @ influence.T
        size = float((before**2).sum())
        gain = float((powered**2).sum()) / size if size > 0 else 1.0
        spread = hybrid(
            min(gain, 1.0) * (contrast @ model @ contrast.T),
            powered.T @ powered * (gold.n_prompts / max(gold.n_prompts - 1.0, 1.0))
            if gold.n_prompts > 1
            else None,
            gold.n_prompts,
            params.confidence,
        )
        theta = contrast @ alone.theta + weight * (influence @ scores.lucky.sum(axis=0))
        rng = np.random.default_rng(params.seed)
        return Result(
            estimate=from_spread(CENTRE + ELO_SCALE * theta, spread, ELO_SCALE, rng),
            effects=tuple(_effects(gold, weight, gain)),
            warnings=tuple(_warnings(gold, scores)),
            rounds=alone.rounds,
        )

    def _settings(self) -> dict[str, Any]:
        return {
            "ties": "half a win for each",
            **ELO_SETTINGS,
            "centred_on": self.params.anchor or "mean of the competitors that were compared",
            "intervals": HYBRID,
            **self.params.model_dump(),
            "prior": "each competitor plays prior_games against an average one and wins half",
        }


def _with_gold(comparisons: Comparisons) -> Comparisons:
    """Only comparisons between competitors that have a trusted verdict."""
    if comparisons.surrogate is None:
        raise RatingError("the comparisons came without the column 'surrogate'")
    gold = ~comparisons.surrogate.astype(bool)
    if len(gold) and not gold.any():
        raise RatingError(
            "all verdicts are a surrogate's predictions; have people or an LLM judge a random"
            " part of the comparisons"
        )
    judged = np.zeros(len(comparisons.competitors), dtype=bool)
    judged[comparisons.a[gold]] = judged[comparisons.b[gold]] = True
    return rows_of(comparisons, judged[comparisons.a] & judged[comparisons.b])


def _scores(whole: Evidence, alone: Fit) -> _Scores:
    predicted = whole.ints("surrogate").astype(bool)
    weight = np.ones(len(whole.a)) if whole.weight is None else whole.weight
    expected = expit(alone.theta[whole.a] - alone.theta[whole.b])
    residual = np.where(predicted, 0.0, weight * (whole.score - expected))
    n_pairs = len(whole.pairs.a)
    items, item = np.unique(whole.prompt * n_pairs + whole.pair_of_row, return_inverse=True)
    prompt, pair = np.divmod(items, n_pairs)
    predictions = totals(item, predicted.astype(np.float64), len(items))
    points = totals(item, np.where(predicted, points_of(whole), 0.0), len(items))
    points /= np.maximum(predictions, 1.0)
    judged = totals(item, np.where(predicted, 0.0, weight), len(items))
    lucky = _luck(points, judged, predictions > 0, pair, n_pairs)
    side = whole.pairs.a[pair], whole.pairs.b[pair]
    return _Scores(
        gold=whole.by_prompt(residual, -residual),
        lucky=_spread_over(prompt, *side, lucky, (whole.n_prompts, len(whole.names))),
        n_paired=int(((judged > 0) & (predictions > 0)).sum()),
        n_predicted=int(((judged == 0) & (predictions > 0)).sum()),
    )


def _luck(
    points: FloatArray, judged: FloatArray, known: BoolArray, pair: IntArray, n_pairs: int
) -> FloatArray:
    """(I,): what each comparison's prediction says about the luck of those that were judged.

    points: (I,) predicted. judged: (I,) trusted verdicts. known: (I,) predicted at all. pair: (I,).
    Summed over a pair it is the number of verdicts times (mean prediction where nobody judged
    minus mean prediction where somebody did).
    """
    paired = np.where(known, judged, 0.0)
    alone = np.where(known & (judged == 0), 1.0, 0.0)
    n_paired, n_alone = totals(pair, paired, n_pairs), totals(pair, alone, n_pairs)
    both = np.maximum(n_paired + n_alone, 1.0)
    mean = totals(pair, (paired + alone) * points, n_pairs) / both
    usable = (n_paired > 0) & (n_alone > 1)
    ratio = np.where(usable, n_paired / np.maximum(n_alone, 1.0), 0.0)[pair]
    excess = points - mean[pair]
    luck: FloatArray = (alone * ratio - np.where(usable[pair], paired, 0.0)) * excess
    return luck


def _spread_over(
    prompt: IntArray, a: IntArray, b: IntArray, values: FloatArray, shape: tuple[int, int]
) -> FloatArray:
    """(P, M): plus the values for a, minus them for b."""
    size = shape[0] * shape[1]
    sums = totals(prompt * shape[1] + a, values, size)
    sums -= totals(prompt * shape[1] + b, values, size)
    return sums.reshape(shape)


def _best_weight(gold: FloatArray, lucky: FloatArray) -> float:
    """The weight that makes the variances of all strengths together least, from 0 to 1."""
    size = float((lucky**2).sum())
    return float(np.clip(-(gold * lucky).sum() / size, 0.0, 1.0)) if size > 0 else 0.0


def _effects(gold: Evidence, weight: float, gain: float) -> Iterator[Effect]:
    yield Effect("weight of predictions", weight, None, None, "from 0 (not used) to 1")
    worth = len(gold.a) / gain if gain > 0 else float(len(gold.a))
    yield Effect(
        "effective verdicts", worth, None, None, "trusted verdicts that would say as much alone"
    )


def _warnings(gold: Evidence, scores: _Scores) -> Iterator[str]:
    if not scores.n_paired or not scores.n_predicted:
        missing = "verdicts" if not scores.n_paired else "comparisons that nobody judged"
        yield f"No predictions stand beside {missing}, so they change nothing."
    if len(gold.a) < _FEW_GOLD * len(gold.names):
        yield (
            f"There are only {len(gold.a)} trusted verdicts for {len(gold.names)} competitors;"
            f" below {_FEW_GOLD} each, intervals by this method are often too narrow."
        )
