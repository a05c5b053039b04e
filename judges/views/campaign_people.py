"""The people of a campaign: invitation links, and stopping a rater or letting them go on."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from arena.common.errors import ArenaError, Conflict
from arena.models import Project, Role
from arena.views import once
from arena.views.access import project_page
from judges.services.people import campaigns, links, roster
from judges.views.campaign_forms import LinkForm
from judges.views.campaigns import actor, say, show


@require_POST
@never_cache
@project_page(Role.EDITOR)
def new_link(request: HttpRequest, project: Project, key: str) -> HttpResponse:
    """Make a link; the page after shows its address, which nobody can see again."""
    row = campaigns.in_project(project, key)
    form = LinkForm(request.POST)
    if not form.is_valid():
        return show(request, row, form)
    try:
        _, token = links.make(row, **form.cleaned_data, by=actor(request))
    except ArenaError as error:
        say(form, error)
        return show(request, row, form)
    once.put(request, f"rater-link:{row.pk}", token)
    return redirect("campaign", project.slug, key)


@require_POST
@project_page(Role.EDITOR)
def revoke_link(request: HttpRequest, project: Project, key: str, pk: int) -> HttpResponse:
    """Let nobody else in by a link."""
    links.revoke(campaigns.in_project(project, key), pk, by=actor(request))
    messages.success(request, "The link lets nobody else in. Who came by it stays.")
    return redirect("campaign", project.slug, key)


@require_POST
@project_page(Role.EDITOR)
def stop_rater(request: HttpRequest, project: Project, key: str, pk: int) -> HttpResponse:
    """Give a rater nothing more."""
    row = campaigns.in_project(project, key)
    try:
        roster.stop(row, pk, reason=request.POST.get("reason", ""), by=actor(request))
    except Conflict as error:
        messages.error(request, error.sentence)
    else:
        messages.success(request, "The rater is given nothing more. Their judgments stand.")
    return redirect("campaign", project.slug, key)


@require_POST
@project_page(Role.EDITOR)
def let_go_on(request: HttpRequest, project: Project, key: str, pk: int) -> HttpResponse:
    """Give a rater comparisons again."""
    row = campaigns.in_project(project, key)
    try:
        roster.let_go_on(row, pk, by=actor(request))
    except Conflict as error:
        messages.error(request, error.sentence)
    else:
        messages.success(request, "The rater may go on.")
    return redirect("campaign", project.slug, key)
