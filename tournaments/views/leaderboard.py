"""Who is how good, how sure that is, and from what it was computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_safe

from arena.common.errors import Conflict, InvalidInput
from arena.models import Project
from arena.views.access import project_page
from arena.views.reads import filter_choices
from judges.models import Decision, DecisionStatus, Judge
from tournaments.gaps import gaps_of
from tournaments.models import RatingRun, Tournament
from tournaments.ratings import registry as methods
from tournaments.reports import effects, interval_chart, noise
from tournaments.reports.above import chances
from tournaments.reports.movement import Move, moves
from tournaments.selection import Record, checks_of, decisions_of, pairwise
from tournaments.services import rating
from tournaments.views.board_filters import WORDS, data_filters, model_filters, run_called
from tournaments.views.shared import (
    FILTERS,
    all_words,
    asked,
    asked_tournament,
    invites,
    scale_of,
)

SHADES = 5


@require_safe
@project_page(tells_names=True)
def leaderboard(request: HttpRequest, project: Project) -> HttpResponse:
    """The board of a tournament or of the whole project, by one method, cut as asked."""
    tournament = asked_tournament(request, project)
    words, filters = asked(request, WORDS), asked(request, FILTERS)
    context = {
        "project": project,
        "invites": invites(request),
        "tournament": tournament,
        "filters": data_filters(project, tournament, words, filters),
        "more_filters": model_filters(project, words),
        "more_used": any(words[name] for name in WORDS if name != "method"),
        "filtered": any(filters.values()),
    }
    try:
        method, params = _method(words)
        run = rating.rate(
            project=project, tournament=tournament, method=method, params=params, filters=filters
        )
    except (InvalidInput, Conflict) as error:
        good = words | dict.fromkeys(error.fields, "")
        context |= {
            "refused": all_words(error),
            "filtered": True,
            "more_filters": model_filters(project, good),
        }
        status = 400 if isinstance(error, InvalidInput) else 409
        return render(request, "tournaments/leaderboard.html", context, status=status)
    before = run_called(project, words["against"])
    query = _query({"tournament": request.GET.get("tournament", ""), **filters})
    context |= {"query": query, **_board(project, tournament, run, before)}
    return render(request, "tournaments/leaderboard.html", context)


def _method(words: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    return rating.method_for(*(words[name] for name in WORDS if name != "against"))


def _board(
    project: Project, tournament: Tournament | None, run: RatingRun, before: RatingRun | None
) -> dict[str, Any]:
    """What the page shows of a run."""
    decisions = decisions_of(project, tournament, run.slice)
    deciders = _deciders(project, decisions)
    low, high = scale_of(run.rows)
    context = {
        "run": run,
        "gaps": gaps_of(run),
        "method": methods.build(run.method),
        "low": low,
        "high": high,
        "deciders": deciders,
        "surrogates": [judge for judge in _with_members(deciders) if judge.kind == "surrogate"],
    }
    if run.n_comparisons:
        context |= {
            "tiers": _tiers(run, before),
            "before": before,
            "same_scale": before is not None and before.in_percent == run.in_percent,
            "figure": interval_chart.figure(run),
            "above": chances(run),
            "effects": effects.told(run.details.get("effects", [])),
            "noise": noise.told(run.details.get("noise", {})),
            "checks": 0 if tournament else checks_of(project, run.slice).count(),
            "sliced_by": _sliced_by(project) if not run.slice else [],
            "meetings": _meetings(run, pairwise(decisions)),
        }
    return context


@dataclass(frozen=True)
class Tier:
    """Rows that are not told apart, each with what moved since another run; None: not rated."""

    number: int | None
    rows: list[tuple[dict[str, Any], Move | None]]


def _tiers(run: RatingRun, before: RatingRun | None) -> list[Tier]:
    moved = moves(run.rows, before.rows) if before else {}
    return [
        Tier(number, [(row, moved.get(row["competitor"])) for row in rows])
        for number, rows in groupby(run.rows, key=lambda row: row.get("tier"))
    ]


def _sliced_by(project: Project) -> list[str]:
    """By what the board can be shown side by side."""
    choices = filter_choices(project)
    return [name for name in rating.SLICED_BY if len(choices[name]) > (name != "tag")]


def _deciders(project: Project, decisions: QuerySet[Decision]) -> list[Judge]:
    decided = decisions.filter(judge=OuterRef("pk"), status=DecisionStatus.DECIDED)
    return list(project.judges.filter(Exists(decided)).prefetch_related("members"))


def _with_members(judges: list[Judge]) -> list[Judge]:
    """The judges and the members of juries among them, each once."""
    members = [member for judge in judges for member in judge.members.all()]
    return list({judge.pk: judge for judge in [*judges, *members]}.values())


def _query(chosen: Mapping[str, str]) -> QueryDict:
    """What the list of matches is asked for, so that it shows what the board counts."""
    query = QueryDict(mutable=True)
    query.update({name: value for name, value in chosen.items() if value})
    return query


@dataclass(frozen=True)
class Cell:
    """How the competitor of the row did against that of the column; none met where it is None."""

    opponent: str
    record: Record | None

    @property
    def shade(self) -> int:
        """From 0 (lost everything) to SHADES - 1 (won everything)."""
        assert self.record is not None
        share = (self.record.wins + self.record.ties / 2) / self.record.games
        return min(int(share * SHADES), SHADES - 1)


def _meetings(
    run: RatingRun, records: dict[tuple[str, str], Record]
) -> list[tuple[str, list[Cell]]]:
    names = [row["competitor"] for row in run.rows if row["comparisons"]]
    return [(name, [Cell(other, records.get((name, other))) for other in names]) for name in names]
