"""Campaigns: the list, one of them, a new one, its settings, and what its raters are asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from pydantic import ValidationError

from arena.common.addresses import absolute
from arena.common.errors import ArenaError, Conflict, InvalidInput
from arena.datasets.records import field_faults
from arena.forms import add_errors
from arena.models import Project, Role
from arena.views import once
from arena.views.access import project_page
from judges.models import Access, Campaign
from judges.services.evidence import raters_of
from judges.services.people import asking, campaigns, defining, links, opening, progress, roster
from judges.services.people.selecting import How, Selection, Wanted, select
from judges.views.campaign_forms import CampaignForm, LinkForm, SelectionForm

MAX_PREVIEW = 20_000


def actor(request: HttpRequest) -> User | None:
    """Who does it, for the log."""
    return request.user if isinstance(request.user, User) else None


@require_safe
@project_page(Role.EDITOR)
def index(request: HttpRequest, project: Project) -> HttpResponse:
    """All campaigns of a project and how far each has come."""
    rows = list(campaigns.campaigns_of(project))
    found = progress.progress_of(rows)
    context = {"project": project, "rows": [(row, found[row.pk]) for row in rows]}
    return render(request, "judges/campaigns.html", context)


@require_safe
@never_cache
@project_page(Role.EDITOR)
def campaign(request: HttpRequest, project: Project, key: str) -> HttpResponse:
    """One campaign: what is asked, who answers, and how to invite others."""
    return show(request, campaigns.in_project(project, key))


def show(request: HttpRequest, row: Campaign, form: LinkForm | None = None) -> HttpResponse:
    """The page of a campaign; with the address of a link just made, which is shown this once."""
    token = "".join(once.take(request, f"rater-link:{row.pk}"))
    is_open_to_all = row.access == Access.OPEN
    context = {
        "project": row.judge.project,
        "campaign": row,
        "progress": progress.progress_of([row])[row.pk],
        "roster": roster.roster(row),
        "links": [(link, links.standing(link)) for link in links.links_of(row)],
        "link_form": form or LinkForm(),
        "new_address": _address(request, "rating-invited", token),
        "address": _address(request, "rating", row.key if is_open_to_all else ""),
        "takes_links": row.access != Access.MEMBERS,
        "gold": row.gold.filter(retired_at=None),
    }
    status = 400 if form and form.errors else 200
    return render(request, "judges/campaign.html", context, status=status)


def _address(request: HttpRequest, page: str, key: str) -> str:
    """The whole address of a page for raters; empty without a key."""
    return absolute(request, reverse(page, args=[key])) if key else ""


@require_http_methods(["GET", "HEAD", "POST"])
@project_page(Role.EDITOR)
def new_campaign(request: HttpRequest, project: Project) -> HttpResponse:
    """Make a judge of the kind `human` and its campaign, in one form."""
    form = CampaignForm(request.POST or None)
    if form.is_valid():
        try:
            made = opening.make(
                project=project,
                name=form.cleaned_data["name"],
                params=form.params(),
                settings=form.settings(),
                by=actor(request),
            )
        except ArenaError as error:
            say(form, error)
        else:
            return _made(request, made)
    context = {"project": project, "form": form}
    return render(request, "judges/campaign_edit.html", context, status=_status(form))


def _made(request: HttpRequest, made: Campaign) -> HttpResponse:
    """On to what comes next with a new campaign."""
    slug = made.judge.project.slug
    if made.is_live:
        messages.success(request, f"{made.title} is open for live battles.")
        return redirect("campaign", slug, made.key)
    messages.success(request, f"{made.title} is open. Choose what its raters judge.")
    return redirect("campaign-comparisons", slug, made.key)


@require_http_methods(["GET", "HEAD", "POST"])
@project_page(Role.EDITOR)
def edit(request: HttpRequest, project: Project, key: str) -> HttpResponse:
    """Change the settings of a campaign."""
    row = campaigns.in_project(project, key)
    form = CampaignForm(request.POST or None, campaign=row)
    if form.is_valid():
        try:
            opening.change(row, form.settings(), by=actor(request))
        except ArenaError as error:
            say(form, error)
        else:
            messages.success(request, "The campaign is changed. Raters see it from now on.")
            return redirect("campaign", project.slug, key)
    context = {"project": project, "form": form, "campaign": row}
    return render(request, "judges/campaign_edit.html", context, status=_status(form))


@require_POST
@project_page(Role.EDITOR)
def preview(request: HttpRequest, _project: Project) -> HttpResponse:
    """Instructions as raters will see them."""
    text = request.POST.get("instructions", "")[:MAX_PREVIEW]
    return render(request, "judges/campaign_preview.html", {"text": text})


@require_POST
@project_page(Role.EDITOR)
def close(request: HttpRequest, project: Project, key: str) -> HttpResponse:
    """Hand out nothing more."""
    row = campaigns.in_project(project, key)
    try:
        defining.close(row, by=actor(request))
    except Conflict as error:
        messages.error(request, error.sentence)
    else:
        messages.success(request, f"{row.title} is closed. What raters hold they may still answer.")
    return redirect("campaign", project.slug, key)


@require_POST
@project_page(Role.EDITOR)
def reopen(request: HttpRequest, project: Project, key: str) -> HttpResponse:
    """Hand out comparisons again."""
    row = campaigns.in_project(project, key)
    try:
        defining.reopen(row, by=actor(request))
    except Conflict as error:
        messages.error(request, error.sentence)
    else:
        messages.success(request, f"{row.title} is open again.")
    return redirect("campaign", project.slug, key)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@project_page(Role.EDITOR)
def comparisons(request: HttpRequest, project: Project, key: str) -> HttpResponse:
    """Select comparisons: a query shows what would be asked, a POST asks."""
    row = campaigns.in_project(project, key)
    entered = request.POST if request.method == "POST" else request.GET
    form = SelectionForm(entered or None, project=project)
    selection: Selection | None = None
    if form.is_valid():
        try:
            wanted = _wanted(form)
            if request.method == "POST":
                asked = asking.add_selected(row, wanted, by=actor(request))
                messages.success(request, asked.words)
                return redirect("campaign", project.slug, key)
            selection = select(row, wanted, raters=raters_of(row.judge))
        except ArenaError as error:
            say(form, error)
    context = {
        "project": project,
        "campaign": row,
        "form": form,
        "selection": selection,
        "seconds": 60 * selection.minutes if selection else 0,
        "is_sample": form.is_bound and form["how"].value() in (How.SAMPLE, How.DECIDED),
        "query": [(field.html_name, field.value()) for field in form] if selection else [],
        "raters": raters_of(row.judge),
        "is_open": row.is_open,
        "has_gold": row.gold.exists(),
    }
    return render(request, "judges/campaign_comparisons.html", context, status=_status(form))


def _wanted(form: SelectionForm) -> Wanted:
    try:
        return Wanted.model_validate(form.wanted())
    except ValidationError as error:
        raise InvalidInput("the selection is not valid", dict(field_faults(error))) from None


def say(form: CampaignForm | SelectionForm | LinkForm, error: ArenaError) -> None:
    """Show what a service refused, at the fields that the form has."""
    fields: Mapping[str, Any] = {_field(path): text for path, text in error.fields.items()}
    add_errors(form, error.message, dict(fields))


def _field(path: str) -> str:
    """The form's field for a path like `criteria.0.key` or `params.raters`."""
    return path.removeprefix("params.").split(".")[0]


def _status(form: CampaignForm | SelectionForm) -> int:
    return 400 if form.is_bound and form.errors else 200
