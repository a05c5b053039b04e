"""The tournaments of a project: the list, a new one, one as it goes on, and what can be done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from arena.common.errors import ArenaError, Conflict, NotFound
from arena.forms import add_errors
from arena.models import Project, Role
from arena.views.access import project_page
from arena.views.roles import may_edit
from tournaments.formats import registry as formats
from tournaments.forms import TournamentForm
from tournaments.models import Bracket, Tournament, TournamentStatus
from tournaments.queries import (
    Wave,
    brackets_of,
    failure_reasons,
    progress_of,
    status_of,
    tournament_of,
    usage_of,
    waves_of,
)
from tournaments.reports import noise
from tournaments.services import lifecycle
from tournaments.services.awaiting import raters_among, votes_of, waits_in_words
from tournaments.services.cautioning import cautions_of
from tournaments.services.estimating import Estimate, estimate_of
from tournaments.services.shapes.tournaments import note_of
from tournaments.views.shared import all_words, invites, listed, scale_of

PAGE_SIZE = 30
BRACKETS_ON_A_PAGE = 120
POLL_SECONDS = {"running": 1, "waiting": 5, "unrated": 2}
"""How often a page that is open asks again, by what it waits for."""

ACTIONS: dict[str, Callable[[Tournament], Any]] = {
    "start": lifecycle.start,
    "pause": lifecycle.pause,
    "resume": lifecycle.resume,
    "cancel": lifecycle.cancel,
    "retry": lifecycle.retry_undecided,
}


@require_safe
@project_page(tells_names=True)
def index(request: HttpRequest, project: Project) -> HttpResponse:
    """All tournaments, newest first, and how far each has come."""
    found = Paginator(project.tournaments.select_related("judge"), PAGE_SIZE)
    page = found.get_page(request.GET.get("page"))
    context = {
        "project": project,
        "invites": invites(request),
        "page": page,
        "tournaments": listed(list(page.object_list)),
    }
    return render(request, "tournaments/tournaments.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@project_page(Role.EDITOR)
def new(request: HttpRequest, project: Project) -> HttpResponse:
    """Write a draft; its page shows what it would take, and starts it."""
    form = TournamentForm(project, request.POST or None)
    if form.is_valid():
        try:
            draft = lifecycle.create(project=project, **form.order())
        except ArenaError as error:
            add_errors(form, error.message, form.located(error.fields))
        else:
            return redirect("tournament", project.slug, draft.pk)
    context = {"project": project, "form": form, "groups": form.groups()}
    status = 400 if form.is_bound else 200
    return render(request, "tournaments/tournament_new.html", context, status=status)


@require_POST
@project_page(Role.EDITOR)
def plans(request: HttpRequest, project: Project) -> HttpResponse:
    """What each format would take of a tournament as it is chosen now; the form asks for it."""
    form = TournamentForm(project, request.POST)
    return render(request, "tournaments/format_plans.html", {"form": form, "groups": form.groups()})


@require_safe
@project_page(tells_names=True)
def tournament(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """A tournament. While it plays, the page asks for its moving part again and again.

    When it has come to another status than the page shows (`?seen=`), the whole page is loaded
    again: other buttons and a leaderboard belong to it then.
    """
    shown = tournament_of(project, pk)
    progress = progress_of(shown)
    status = status_of(shown, progress)
    run = shown.rating_runs.plain().first()
    stage = "unrated" if status == TournamentStatus.COMPLETED and run is None else status
    if request.htmx and request.GET.get("seen") != stage:  # type: ignore[attr-defined]
        return HttpResponseClientRefresh()
    estimate = estimate_of(shown)
    context = {
        "project": project,
        "tournament": shown,
        "progress": progress,
        "status": status,
        "stage": stage,
        "poll": POLL_SECONDS.get(stage),
        "usage": usage_of(shown),
        "failures": failure_reasons(shown),
        "elapsed": _elapsed(shown),
        "matches_url": f"{reverse('matches', args=(project.slug,))}?tournament={pk}",
        "estimate": estimate,
        "cautions": cautions_of(shown, estimate),
        **_people(shown, estimate),
        **_histories(shown, request.GET.get("page")),
    }
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "tournaments/tournament_live.html", context)
    low, high = scale_of(run.rows if run else [])
    gone = project.competitors.filter(pk__in=shown.withdrawn)
    context |= {
        "may_edit": may_edit(request),
        "withdrawn": gone.order_by("name"),
        "format": formats.build(shown.format, shown.format_params),
        "competitors": shown.competitors.order_by("name"),
        "run": run,
        "note": note_of(shown, progress),
        "noise": noise.told(run.details.get("noise", {})) if run else None,
        "low": low,
        "high": high,
    }
    return render(request, "tournaments/tournament.html", context)


@require_POST
@project_page(Role.EDITOR)
def act(request: HttpRequest, project: Project, pk: int, action: str) -> HttpResponse:
    """Start, pause, resume, cancel, or ask again what stayed undecided."""
    if action not in ACTIONS:
        raise NotFound(f"a tournament cannot {action}")
    shown = tournament_of(project, pk)
    try:
        outcome = ACTIONS[action](shown)
    except Conflict as error:
        messages.error(request, all_words(error))
    else:
        if action == "retry":
            _tell_retried(request, outcome)
    return redirect("tournament", project.slug, pk)


def _people(shown: Tournament, estimate: Estimate) -> dict[str, Any]:
    """For whom a draft would wait, and how many votes it would take."""
    if shown.status != TournamentStatus.DRAFT:
        return {}
    raters = raters_among([shown.judge])
    return {"waits": waits_in_words(raters), "votes": votes_of(raters, estimate.due)}


def _histories(shown: Tournament, number: str | None) -> dict[str, Any]:
    """The brackets of a page, or the waves where one history covers all prompts."""
    whole = shown.brackets.filter(prompt=None).first()
    rows: Sequence[Wave] | QuerySet[Bracket] = waves_of(shown) if whole else brackets_of(shown)
    page: Page[Any] = Paginator(rows, BRACKETS_ON_A_PAGE).get_page(number)
    cells = [(row, _state(row)) for row in page.object_list]
    return {"page": page, "whole": whole, "waves" if whole else "brackets": cells}


def _tell_retried(request: HttpRequest, count: int) -> None:
    if count:
        words = "decision is" if count == 1 else "decisions are"
        messages.success(request, f"{count} {words} asked for again.")
    else:
        messages.info(
            request,
            "Nothing to ask again: every reply is on record. Only calls that failed and judgments"
            " that nobody had recorded are asked for a second time.",
        )


def _elapsed(shown: Tournament) -> timedelta | None:
    if shown.started_at is None:
        return None
    return (shown.finished_at or timezone.now()) - shown.started_at


def _state(part: Bracket | Wave) -> str:
    """How a prompt or a wave stands, as a word; the counts of brackets are of `brackets_of`."""
    if part.finished:
        return "undecided" if part.silent else "completed"  # type: ignore[union-attr]
    if part.waiting:  # type: ignore[union-attr]
        return "waiting"
    return "running" if part.games else "draft"  # type: ignore[union-attr]
