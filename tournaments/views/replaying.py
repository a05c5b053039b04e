"""What would this have cost? Other formats on the verdicts of a finished round robin."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from arena.common.errors import Conflict
from arena.models import Project
from arena.views.access import project_page
from judges.services.costs import cost_of
from tournaments.formats import registry as formats
from tournaments.models import Tournament
from tournaments.queries import tournament_of
from tournaments.reports import cost_chart
from tournaments.services import simulating
from tournaments.services.simulating import Record, Replay

KEPT_SECONDS = 24 * 3600


@require_safe
@project_page(tells_names=True)
def replay(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """The page at once; its figures when it asks for them, as they take some seconds."""
    tournament = tournament_of(project, pk)
    context: dict[str, Any] = {"project": project, "tournament": tournament}
    if not request.htmx and "figures" not in request.GET:  # type: ignore[attr-defined]
        return render(request, "tournaments/replay.html", context)
    try:
        record = simulating.record_of(project, pk)
        found = _replays(tournament, record)
    except Conflict as error:
        context |= {"refused": error.message}
    else:
        each = cost_of(tournament.judge).calls or 1.0  # people and records: the comparisons
        context |= {
            "record": record,
            "missing": round(100 * record.missing),
            "calls": round(record.calls * each),
            "each": each,
            "rows": [_row(item, record.calls, each) for item in found],
            "figure": cost_chart.figure(found, each),
        }
    whole = not request.htmx  # type: ignore[attr-defined]
    page = "tournaments/replay.html" if whole else "tournaments/replay_figures.html"
    return render(request, page, context)


def _replays(tournament: Tournament, record: Record) -> list[Replay]:
    """The same verdicts give the same figures, so they are kept for a day."""
    key = f"replay:{tournament.pk}:{tournament.changes}:{record.calls}"
    found: list[Replay] | None = cache.get(key)
    if found is None:
        found = simulating.replays(record)
        cache.set(key, found, KEPT_SECONDS)
    return found


@dataclass(frozen=True)
class Spent:
    """Calls to a goal, with the error, as a share of all; None where it was not reached."""

    calls: float
    error: float
    percent: float


def _row(item: Replay, played: int, each: float) -> tuple[str, list[Spent | None]]:
    spent = [
        None
        if math.isnan(c.calls)
        else Spent(each * c.calls, each * c.error, 100 * c.calls / played)
        for c in item.costs
    ]
    return formats.get(item.format).label, spent
