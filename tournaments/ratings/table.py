"""Lay an estimate out as a rating table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tournaments.ratings.base import CENTRE, ELO_SCALE, Effect, RatingRow, RatingTable
from tournaments.ratings.cautions import cautions
from tournaments.ratings.components import met_groups
from tournaments.ratings.counts import Evidence
from tournaments.ratings.intervals import Estimate, ranks

ELO_SETTINGS: Mapping[str, Any] = {"scale": float(ELO_SCALE), "centre": CENTRE, "unit": "prompt"}
"""What all tables on the Elo scale share; part of their settings."""

HYBRID = (
    "the larger of two: the model's, with the prior and ties taken into account, and the one"
    " clustered by prompt"
)
RESAMPLED = "bootstrap over prompts, or the model's where no resample can vary the result"


@dataclass(frozen=True)
class Result:
    """What a method adds to the estimate. basis: what places competitors where the data do not.

    resampled: the intervals come from resampled prompts. warnings: the method's own, put first.
    chosen: settings that were chosen by the data.
    """

    estimate: Estimate
    basis: str = "the prior"
    resampled: bool = False
    effects: tuple[Effect, ...] = ()
    warnings: tuple[str, ...] = ()
    rounds: int = 0
    chosen: Mapping[str, str] = field(default_factory=dict)


def rating_table(
    method: str, settings: Mapping[str, Any], evidence: Evidence, result: Result
) -> RatingTable:
    """The table of a fit that converged, best first, equal ratings by name, the unrated last.

    `settings` holds the level of the intervals as `confidence`.
    """
    estimate = result.estimate
    groups = met_groups(evidence.pairs.win_matrix)
    rated = list(_rated(evidence, result, settings["confidence"]))
    order = sorted(range(len(rated)), key=lambda i: (rated[i].rank, rated[i].competitor))
    warned = cautions(evidence, groups, estimate.ratings, result.resampled, result.basis)
    return RatingTable(
        method=method,
        settings={**settings, **result.chosen},
        rows=(*(rated[i] for i in order), *_unrated(evidence)),
        n_comparisons=len(evidence.a),
        n_prompts=evidence.n_prompts,
        components=tuple(tuple(evidence.names[i] for i in group) for group in groups),
        warnings=(*result.warnings, *warned),
        data_hash=evidence.data_hash,
        converged=True,
        effects=result.effects,
        rounds=result.rounds,
        variances=estimate.variances[np.ix_(order, order)],
    )


def empty_table(method: str, settings: Mapping[str, Any], evidence: Evidence) -> RatingTable:
    """The table of competitors none of whom was compared."""
    return RatingTable(
        method=method,
        settings=settings,
        rows=tuple(_unrated(evidence)),
        n_comparisons=0,
        n_prompts=0,
        components=(),
        warnings=("There is no comparison to rate.",),
        data_hash=evidence.data_hash,
        converged=True,
    )


def _rated(evidence: Evidence, result: Result, confidence: float) -> Iterator[RatingRow]:
    estimate = result.estimate
    places = ranks(estimate, confidence)
    wins, losses, ties = (n.astype(int) for n in (evidence.wins, evidence.losses, evidence.ties))
    for i, name in enumerate(evidence.names):
        yield RatingRow(
            competitor=name,
            rank=int(places.rank[i]),
            rank_low=int(places.low[i]),
            rank_high=int(places.high[i]),
            rating=float(estimate.ratings[i]),
            ci_low=float(estimate.low[i]),
            ci_high=float(estimate.high[i]),
            wins=int(wins[i]),
            losses=int(losses[i]),
            ties=int(ties[i]),
            comparisons=int(wins[i] + losses[i] + ties[i]),
            note=_note(evidence, i, result.basis),
            tier=int(places.tier[i]),
        )


def _note(evidence: Evidence, i: int, basis: str) -> str:
    if evidence.undefeated[i]:
        return f"one-sided: the upper end rests on {basis}"
    if evidence.winless[i]:
        return f"one-sided: the lower end rests on {basis}"
    return ""


def _unrated(evidence: Evidence) -> Iterator[RatingRow]:
    for name in evidence.unrated:
        yield RatingRow(name, None, None, None, None, None, None, 0, 0, 0, 0, note="not rated")
