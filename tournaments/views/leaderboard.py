"""Who is how good, how sure that is, and from what it was computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_safe

from arena.models import Project
from arena.views.access import project_page
from judges.models import Decision, DecisionStatus, Judge
from tournaments.gaps import gaps_of
from tournaments.models import RatingRun, Tournament
from tournaments.ratings import registry as methods
from tournaments.reports import interval_chart
from tournaments.selection import Record, decisions_of, pairwise
from tournaments.services import rating
from tournaments.views.shared import (
    FILTERS,
    Filter,
    asked,
    asked_tournament,
    filter_bar,
    invites,
    scale_of,
    slice_filters,
    tournament_filter,
)

SHADES = 5


@require_safe
@project_page()
def leaderboard(request: HttpRequest, project: Project) -> HttpResponse:
    """The board of a tournament or of the whole project, by one method, cut as asked."""
    tournament = asked_tournament(request, project)
    method = asked(request, ["method"])["method"] or "bradley_terry"
    filters = asked(request, FILTERS)
    run = rating.rate(project=project, tournament=tournament, method=method, filters=filters)
    decisions = decisions_of(project, tournament, run.slice)
    deciders = _deciders(project, decisions)
    low, high = scale_of(run.rows)
    context = {
        "project": project,
        "invites": invites(request),
        "tournament": tournament,
        "run": run,
        "gaps": gaps_of(run),
        "method": methods.build(method),
        "low": low,
        "high": high,
        "deciders": deciders,
        "surrogates": [judge for judge in _with_members(deciders) if judge.kind == "surrogate"],
        "filters": _filters(project, tournament, method, filters),
        "filtered": any(filters.values()),
        "query": _query({"tournament": request.GET.get("tournament", ""), **filters}),
    }
    if run.n_comparisons:
        context["figure"] = interval_chart.figure(run)
        context["meetings"] = _meetings(run, pairwise(decisions))
    return render(request, "tournaments/leaderboard.html", context)


def _filters(
    project: Project, tournament: Tournament | None, method: str, chosen: Mapping[str, str]
) -> list[Filter]:
    offered = [(name, cls.label) for name, cls in methods.items()]
    return filter_bar(
        [
            tournament_filter(project, tournament),
            Filter("method", "Method", method, offered),
            *slice_filters(project, tournament, chosen),
        ]
    )


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
