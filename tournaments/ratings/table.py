"""Lay an estimate out as a rating table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from tournaments.ratings.base import CENTRE, ELO_SCALE, RatingRow, RatingTable
from tournaments.ratings.cautions import cautions
from tournaments.ratings.components import met_groups
from tournaments.ratings.counts import Evidence
from tournaments.ratings.intervals import Estimate, intervals

COMMON_SETTINGS: Mapping[str, Any] = {
    "ties": "half a win for each",
    "scale": float(ELO_SCALE),
    "centre": CENTRE,
    "centred_on": "mean of the competitors that were compared",
    "intervals": "bootstrap percentiles, or the model's where no resample can vary the result",
    "unit": "prompt",
}
"""What all tables of this package share; part of their settings."""


def rating_table(
    method: str,
    settings: Mapping[str, Any],
    evidence: Evidence,
    estimate: Estimate,
    rng: np.random.Generator,
    anchor: str,
) -> RatingTable:
    """The table of a fit that converged, best first, equal ratings by name, the unrated last.

    `settings` holds the level of the intervals as `confidence`; `anchor` is what places
    competitors where the data do not, such as "the prior".
    """
    groups = met_groups(evidence.win_matrix)
    rows = _rated(evidence, estimate, settings["confidence"], rng, anchor)
    warnings = cautions(evidence, groups, estimate.ratings, len(estimate.replicates), anchor)
    return RatingTable(
        method=method,
        settings=settings,
        rows=(*sorted(rows, key=lambda row: (row.rank, row.competitor)), *_unrated(evidence)),
        n_comparisons=len(evidence.a),
        n_prompts=evidence.n_prompts,
        components=tuple(tuple(evidence.names[i] for i in group) for group in groups),
        warnings=tuple(warnings),
        data_hash=evidence.data_hash,
        converged=True,
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


def _rated(
    evidence: Evidence,
    estimate: Estimate,
    confidence: float,
    rng: np.random.Generator,
    anchor: str,
) -> Iterator[RatingRow]:
    spans = intervals(estimate, evidence.level, confidence, rng)
    wins, losses, ties = (n.astype(int) for n in (evidence.wins, evidence.losses, evidence.ties))
    for i, name in enumerate(evidence.names):
        yield RatingRow(
            competitor=name,
            rank=int(spans.rank[i]),
            rank_low=int(spans.rank_low[i]),
            rank_high=int(spans.rank_high[i]),
            rating=float(estimate.ratings[i]),
            ci_low=float(spans.low[i]),
            ci_high=float(spans.high[i]),
            wins=int(wins[i]),
            losses=int(losses[i]),
            ties=int(ties[i]),
            comparisons=int(wins[i] + losses[i] + ties[i]),
            note=_note(evidence, i, anchor),
        )


def _note(evidence: Evidence, i: int, anchor: str) -> str:
    if evidence.undefeated[i]:
        return f"one-sided: the upper end rests on {anchor}"
    if evidence.winless[i]:
        return f"one-sided: the lower end rests on {anchor}"
    return ""


def _unrated(evidence: Evidence) -> Iterator[RatingRow]:
    for name in evidence.unrated:
        yield RatingRow(name, None, None, None, None, None, None, 0, 0, 0, 0, note="not rated")
