"""Tournaments as the public contract shows them: how they stand, and what they cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Self

from django.db.models import prefetch_related_objects
from pydantic import BaseModel

from arena.models import Competitor
from tournaments.models import Tournament, TournamentStatus
from tournaments.queries import (
    Progress,
    TotalUsage,
    progress_by_tournament,
    status_of,
    usage_by_tournament,
)
from tournaments.services.cautioning import cautions_of
from tournaments.services.estimating import estimate_of
from tournaments.services.shapes.leaderboards import NoiseShape


class Budget(BaseModel):
    """Where to stop; null is no limit."""

    max_calls: int | None = None
    max_usd: float | None = None


class ProgressShape(BaseModel):
    """Matches by how they stand."""

    planned: int
    decided: int
    undecided: int
    failed: int
    waiting_for_people: int
    open: int


class UsageShape(BaseModel):
    """What the judgments cost; `usd` is null when none has a price."""

    calls: int
    cache_hits: int
    tokens_in: int
    tokens_out: int
    usd: float | None


class EstimateShape(BaseModel):
    """What the tournament takes and tells: `matches` at most, and what these take as planned.

    `decided_already` of its `matches` are known from elsewhere; calls, tokens and `usd` are for
    the others, without repairs of replies that cannot be read (for most judges up to as many calls
    again) and without judges that only step in for others. A budget keeps those back as well for
    each comparison under way. Once it has started these are what was decided when it was
    scheduled, and what was paid and may still be, at the end only what was paid. Tokens and `usd`
    are about right only; `observed` when they rest on what this judge took so far. `usd` is null
    when a price is not known. `half_width` is half the width of a 95 % interval, in Elo points,
    that an average competitor can expect. `warnings` of a draft say what its plan will not do.
    """

    prompts: int
    matches: int
    decided_already: int | None
    calls: int
    tokens_in: int
    tokens_out: int
    usd: float | None
    observed: bool
    half_width: float | None
    warnings: list[str]

    @classmethod
    def of(cls, row: Tournament) -> Self:
        found = estimate_of(row)
        return cls(**found.as_dict(), warnings=cautions_of(row, found))


class ExtensionShape(BaseModel):
    """What an extension has played, at most: `decided_already` of its `matches` cost nothing.

    `calls` and `usd` are as planned, like those of an estimate. `prompts` are new; `late_prompts`
    have a larger field, so that a format with brackets draws them anew. `usd` is null when a price
    is not known.
    """

    prompts: int
    late_prompts: int
    competitors: list[str]
    matches: int
    decided_already: int
    calls: int
    usd: float | None


class TournamentShape(BaseModel):
    """A tournament, how it stands, and what it costs.

    `estimate` and `response_noise` are null in lists; the latter also before the first rating.
    """

    id: int
    name: str
    format: str
    format_params: dict[str, Any]
    judge: str
    judge_version: int
    judges: list[str]
    competitors: list[str]
    withdrawn: list[str]
    slice: dict[str, Any]
    seed: int
    budget: Budget
    undecided: str
    status: str
    note: str
    progress: ProgressShape
    usage: UsageShape
    estimate: EstimateShape | None
    response_noise: NoiseShape | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, row: Tournament) -> Self:
        """With its estimate, and what its last rating says of the noise."""
        (shape,) = cls.of_all([row])
        run = row.rating_runs.plain().first()
        more = {
            "estimate": EstimateShape.of(row),
            "response_noise": NoiseShape.of(run),
        }
        return shape.model_copy(update=more)

    @classmethod
    def of_all(cls, rows: Sequence[Tournament]) -> list[Self]:
        """As in lists, by a constant number of queries."""
        prefetch_related_objects(rows, "competitors", "judge__seats__member")
        progress, usage = progress_by_tournament(rows), usage_by_tournament(rows)
        gone = Competitor.objects.in_bulk({pk for row in rows for pk in row.withdrawn})
        return [cls._of(row, progress[row.pk], usage[row.pk], gone) for row in rows]

    @classmethod
    def _of(
        cls,
        row: Tournament,
        progress: Progress,
        usage: TotalUsage,
        gone: Mapping[int, Competitor],
    ) -> Self:
        members = [seat.member.name for seat in row.judge.seats.all()]
        return cls(
            id=row.pk,
            name=row.name,
            format=row.format,
            format_params=row.format_params,
            judge=row.judge.name,
            judge_version=row.judge.version,
            judges=members or [row.judge.name],
            competitors=[competitor.name for competitor in row.competitors.all()],
            withdrawn=[gone[pk].name for pk in row.withdrawn if pk in gone],
            slice=row.slice,
            seed=row.seed,
            budget=Budget(max_calls=row.max_calls, max_usd=row.max_usd),
            undecided=row.undecided,
            status=status_of(row, progress),
            note=note_of(row, progress),
            progress=ProgressShape(**progress.as_dict()),
            usage=UsageShape.model_validate(usage.as_dict()),
            estimate=None,
            response_noise=None,
            created_at=row.created_at,
            started_at=row.started_at,
            finished_at=row.finished_at,
        )


def note_of(row: Tournament, progress: Progress) -> str:
    """Why a tournament is as it is, in words; one without a verdict, or not rated, says so."""
    ended = row.status == TournamentStatus.COMPLETED
    if ended and progress.decided and row.rating_fault:
        fault = f"its ratings could not be fitted: {row.rating_fault}"
        return "; ".join(filter(None, (row.note, fault)))
    if row.note or progress.decided or not ended:
        return row.note
    if not progress.settled:
        return "it ended without a match, so there is nothing to rank"
    parts = {"failed": progress.failed, "judged without a verdict": progress.undecided}
    why = ", ".join(f"{count:,} {words}" for words, count in parts.items() if count)
    return f"none of its {progress.settled:,} matches has a verdict ({why}); nothing to rank"
