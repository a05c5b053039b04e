"""Rating runs as the public contract shows them: boards, their slices, and the noise."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel

from tournaments.gaps import gaps_of
from tournaments.models import RatingRun
from tournaments.ratings.base import RatingTable
from tournaments.reports import noise


class NoiseShape(BaseModel):
    """How much of what blurs a verdict is in the answers, from comparisons judged repeatedly.

    The rest is the judge's, which further calls on the same answers can remove. `share`, from 0 to
    1 with its 95 % interval, is null where it is not known; `meaning` says what would give it.
    """

    share: float | None
    ci_low: float | None
    ci_high: float | None
    comparisons: int
    prompts: int
    meaning: str

    @classmethod
    def of(cls, run: RatingRun | None) -> Self | None:
        """None for a run from before it was kept."""
        kept = run.details.get("noise") if run else None
        return None if kept is None else cls(**kept, meaning=noise.in_words(kept))


class LeaderboardRow(BaseModel):
    """A competitor; numbers are null where nothing can be said.

    Those of one tier (1 is the best) cannot be told apart from its best one, at the confidence of
    the settings for all pairs at once.
    """

    rank: int | None
    rank_low: int | None
    rank_high: int | None
    competitor: str
    rating: float | None
    ci_low: float | None
    ci_high: float | None
    wins: int
    losses: int
    ties: int
    comparisons: int
    note: str = ""
    tier: int | None = None


class GapsShape(BaseModel):
    """Comparisons that are not in the ranking: still to be judged, and by why not.

    `unplayed` were planned at most, and nobody has been asked about them.
    """

    pending: int
    failed: int
    refused: int
    unparsable: int
    abstained: int
    missing: int
    unplayed: int


class EffectShape(BaseModel):
    """What was estimated beside the strengths; in natural-log odds unless `meaning` says otherwise.

    The interval is null where there is none.
    """

    name: str
    value: float
    ci_low: float | None
    ci_high: float | None
    meaning: str


class PairsShape(BaseModel):
    """How probably the competitor of line i of `above` is better than that of column j.

    The competitors are those that are rated, best first; empty for a field above 200.
    """

    competitors: list[str]
    above: list[list[float]]

    @classmethod
    def of(cls, run: RatingRun) -> Self:
        above = run.details.get("above", [])
        rated = [row["competitor"] for row in run.rows if row["rank"] is not None]
        return cls(competitors=rated if above else [], above=above)


class LeaderboardShape(BaseModel):
    """A rating run as a reader sees it; rows best first.

    `effects` holds what was asked for: of style, order, judges, ties. `rounds` of the fit, 0 where
    there are none. `response_noise` is null for runs from before it was kept.
    """

    rating_run: int
    tournament: int | None
    method: str
    settings: dict[str, Any]
    slice: dict[str, Any]
    data_hash: str
    n_comparisons: int
    n_prompts: int
    components: list[list[str]]
    warnings: list[str]
    gaps: GapsShape
    converged: bool
    rounds: int
    effects: list[EffectShape]
    response_noise: NoiseShape | None
    pairs: PairsShape
    created_at: datetime
    rows: list[LeaderboardRow]

    @classmethod
    def of(cls, run: RatingRun) -> Self:
        return cls(
            rating_run=run.pk,
            tournament=run.tournament_id,
            method=run.method,
            settings=run.settings,
            slice=run.slice,
            data_hash=run.data_hash,
            n_comparisons=run.n_comparisons,
            n_prompts=run.n_prompts,
            components=run.components,
            warnings=run.warnings,
            gaps=GapsShape(**gaps_of(run).as_dict()),
            converged=run.details.get("converged", True),
            rounds=run.details.get("rounds", 0),
            effects=[EffectShape(**effect) for effect in run.details.get("effects", [])],
            response_noise=NoiseShape.of(run),
            pairs=PairsShape.of(run),
            created_at=run.created_at,
            rows=[LeaderboardRow(**row) for row in run.rows],
        )


class SliceShape(BaseModel):
    """The ranking on some of the prompts; those who did not play on them are not rated."""

    name: str
    n_comparisons: int
    n_prompts: int
    spread: float
    warnings: list[str]
    rows: list[LeaderboardRow]

    @classmethod
    def of(cls, name: str, table: RatingTable) -> Self:
        return cls(
            name=name,
            n_comparisons=table.n_comparisons,
            n_prompts=table.n_prompts,
            spread=table.settings["spread_of_slices"],
            warnings=list(table.warnings),
            rows=[LeaderboardRow(**asdict(row)) for row in table.rows],
        )


class SlicesShape(BaseModel):
    """Rankings by slice, best-known first; each borrows strength from all prompts.

    `spread` of a slice: how far slices typically lie from the whole, in Elo points; the smaller,
    the more a thin slice follows the whole.
    """

    by: str
    tournament: int | None
    slices: list[SliceShape]
