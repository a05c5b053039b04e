"""Rows as the public contract shows them; shared by the API and the commands' JSON output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Self

from django.db.models import prefetch_related_objects
from pydantic import BaseModel

from arena.models import Competitor
from tournaments.gaps import gaps_of
from tournaments.models import (
    Match,
    RatingRun,
    Report,
    Schedule,
    Tournament,
    TournamentStatus,
)
from tournaments.queries import (
    Progress,
    TotalUsage,
    progress_by_tournament,
    status_of,
    usage_by_tournament,
)
from tournaments.ratings.base import RatingTable
from tournaments.reports import noise
from tournaments.services.cautioning import cautions_of
from tournaments.services.estimating import estimate_of


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
    """What the tournament takes and tells, at most.

    `decided_already` of its `matches` are known from elsewhere; calls, tokens and `usd` are for
    the others. Once it has started these are what was decided when it was scheduled, and what was
    paid and may still be, at the end only what was paid. Tokens and `usd` are about right only;
    `observed` when they rest on what this judge took so far. `usd` is null when a price is not
    known. `half_width` is half the width of a 95 % interval, in Elo points, that an average
    competitor can expect.
    `warnings` of a draft say what its plan will not do.
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

    `prompts` are new; `late_prompts` are drawn anew for a larger field. `usd` is null when a price
    is not known.
    """

    prompts: int
    late_prompts: int
    competitors: list[str]
    matches: int
    decided_already: int
    calls: int
    usd: float | None


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


class MatchJudgment(BaseModel):
    """A judgment behind a match."""

    judge: str
    order: str
    sample: int
    winner: str | None
    silence: str | None
    probability: float | None
    reason: str


class MatchShape(BaseModel):
    """A match; `verdict` is in terms of its competitors a and b, null until it is decided."""

    id: int
    prompt: str
    round: int
    position: int
    competitor_a: str
    competitor_b: str
    status: str
    verdict: str | None
    silence: str | None
    note: str
    judgments: list[MatchJudgment]

    @classmethod
    def of(cls, row: Match) -> Self:
        """From a match of `queries.matches_with_evidence`."""
        decision = row.decision
        comparison = decision.comparison
        return cls(
            id=row.pk,
            prompt=comparison.prompt.key,
            round=row.round,
            position=row.position,
            competitor_a=comparison.output_a.competitor.name,
            competitor_b=comparison.output_b.competitor.name,
            status=decision.status,
            verdict=decision.winner,
            silence=decision.silence,
            note=decision.note,
            judgments=[
                MatchJudgment(
                    judge=said.judge.name,
                    order=said.order,
                    sample=said.sample,
                    winner=said.winner,
                    silence=said.silence,
                    probability=said.probability,
                    reason=said.reason,
                )
                for said in row.evidence
            ],
        )


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


class ScheduleShape(BaseModel):
    """A report that is made every period."""

    id: int
    name: str
    period: str
    tournament: int | None
    method: str
    recipients: list[str]
    due_at: datetime
    active: bool

    @classmethod
    def of(cls, row: Schedule) -> Self:
        return cls(
            id=row.pk,
            name=row.name,
            period=row.period,
            tournament=row.tournament_id,
            method=row.method,
            recipients=row.recipients,
            due_at=row.due_at,
            active=row.active,
        )


class ReportShape(BaseModel):
    """A report that was made, and whether it was sent."""

    id: int
    title: str
    schedule: int | None
    rating_run: int
    recipients: list[str]
    created_at: datetime
    sent_at: datetime | None
    send_error: str

    @classmethod
    def of(cls, row: Report) -> Self:
        return cls(
            id=row.pk,
            title=row.title,
            schedule=row.schedule_id,
            rating_run=row.rating_run_id,
            recipients=row.recipients,
            created_at=row.created_at,
            sent_at=row.sent_at,
            send_error=row.send_error,
        )
