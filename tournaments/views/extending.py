"""Changing a tournament that has started: what it would take is shown before anything is done."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from arena.common.errors import ArenaError, Conflict
from arena.forms import add_errors
from arena.models import Project, Role
from arena.views.access import project_page
from tournaments.formats.base import Scope
from tournaments.forms import ExtensionForm, WithdrawalForm
from tournaments.models import Tournament, TournamentStatus
from tournaments.queries import progress_of, status_of, tournament_of
from tournaments.services import extending
from tournaments.services.extending import Extension
from tournaments.services.fields import rule_of
from tournaments.views.shared import all_words


@require_http_methods(["GET", "HEAD", "POST"])
@project_page(Role.EDITOR)
def extend(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """Choose what is added; a post adds it, unless it only asks for a preview."""
    tournament = tournament_of(project, pk)
    form = ExtensionForm(tournament, request.POST or None)
    extension = _extension(tournament, form)
    asks = request.method == "POST" and "preview" not in request.POST
    if asks and extension is not None:
        try:
            extending.extend(tournament, form.wanted())
        except ArenaError as error:
            add_errors(form, error.message, error.fields)
        else:
            _tell(request, extension, tournament)
            return redirect("tournament", project.slug, pk)
    context = {"project": project, "tournament": tournament, "form": form, "extension": extension}
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "tournaments/extension.html", context)
    context |= {
        "withdrawal": WithdrawalForm(tournament),
        "status": status_of(tournament, progress_of(tournament)),
        "draws_anew": rule_of(tournament).scope is Scope.PROMPT,
    }
    status = 400 if form.errors else 200
    return render(request, "tournaments/tournament_extend.html", context, status=status)


@require_POST
@project_page(Role.EDITOR)
def withdraw(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """Take a competitor out."""
    tournament = tournament_of(project, pk)
    form = WithdrawalForm(tournament, request.POST)
    if not form.is_valid():
        messages.error(request, "Choose who leaves, and what becomes of the games.")
        return redirect("tournament-extend", project.slug, pk)
    leaver = form.cleaned_data["competitor"]
    try:
        extending.withdraw(tournament, leaver, keep_games=form.cleaned_data["keep_games"] == "yes")
    except ArenaError as error:
        messages.error(request, all_words(error))
        return redirect("tournament-extend", project.slug, pk)
    messages.success(request, f"{leaver} has withdrawn.")
    return redirect("tournament", project.slug, pk)


def _extension(tournament: Tournament, form: ExtensionForm) -> Extension | None:
    """What the form asks for; None, with the reason at the form, where it cannot be had."""
    if form.is_bound and not form.is_valid():
        return None
    try:
        return extending.extension_of(tournament, form.wanted())
    except Conflict:
        raise
    except ArenaError as error:
        add_errors(form, error.message, _located(error))
    return None


def _located(error: ArenaError) -> dict[str, str]:
    return {name.removeprefix("budget."): text for name, text in error.fields.items()}


def _tell(request: HttpRequest, extension: Extension, tournament: Tournament) -> None:
    paused = tournament.status == TournamentStatus.PAUSED
    then = "Resume it to have them played." if paused else "They are played now."
    if extension.matches:
        messages.success(request, f"{extension.matches:,} matches were added at most. {then}")
    else:
        more = " Resume it to go on." if paused else ""
        messages.success(request, f"The budget was changed.{more}")
