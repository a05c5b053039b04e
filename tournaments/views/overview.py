"""The home of a project."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from arena.models import Output, Project
from arena.views.access import project_page
from arena.views.roles import is_blind
from tournaments.models import RatingRun
from tournaments.queries import latest_board
from tournaments.views.shared import invites, listed, scale_of

TOURNAMENTS = 5
ROWS = 8


@require_safe
@project_page()
def overview(request: HttpRequest, project: Project) -> HttpResponse:
    """What stands here, who leads, what plays; and what to do next where nothing does.

    Raters judge blind and go to what they can judge.
    """
    if is_blind(request):
        return redirect("rate", project.slug)
    tournaments = list(project.tournaments.select_related("judge")[: TOURNAMENTS + 1])
    counts = {
        "prompts": project.prompts.count(),
        "competitors": project.competitors.count(),
        "outputs": Output.objects.filter(prompt__project=project).count(),
        "judges": project.judges.filter(is_current=True).count(),
    }
    context = {
        "project": project,
        "invites": invites(request),
        "counts": counts,
        "tournaments": listed(tournaments[:TOURNAMENTS]),
        "more": len(tournaments) > TOURNAMENTS,
        "board": _board(latest_board(project)),
        "host": request.build_absolute_uri("/").rstrip("/"),
    }
    return render(request, "tournaments/overview.html", context)


def _board(run: RatingRun | None) -> dict[str, Any] | None:
    """The top of a board. Who may be first by their interval of ranks leads."""
    if run is None:
        return None
    low, high = scale_of(run.rows)
    rated = [row for row in run.rows if row["rank"] is not None]
    return {
        "run": run,
        "rows": rated[:ROWS],
        "left_out": max(len(rated) - ROWS, 0),
        "leaders": [row["competitor"] for row in rated if row["rank_low"] == 1],
        "low": low,
        "high": high,
    }
