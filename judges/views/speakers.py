"""The owner's pages of live battles: speakers, and the campaigns in which raters ask."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from arena.common.errors import ArenaError, Conflict
from arena.forms import add_errors
from arena.models import Project, Role
from arena.views.access import project_page
from judges.models import Access, Speaker
from judges.services.people import campaigns, live
from judges.views.campaigns import actor

MOST_TRIAL = 8000


class SpeakerForm(forms.Form):
    """How a competitor is asked."""

    competitor = forms.CharField(
        max_length=200,
        help_text="Its name on leaderboards. A new one is made. Choose one that answers don't use.",
    )
    endpoint = forms.ChoiceField(help_text="Where it is reached.")
    model = forms.CharField(
        max_length=200, required=False, help_text="Left empty, the endpoint's own."
    )
    system = forms.CharField(
        max_length=20_000,
        required=False,
        label="System message",
        widget=forms.Textarea({"rows": 4}),
    )
    temperature = forms.FloatField(
        required=False, min_value=0, max_value=2, help_text="Left empty, none is sent."
    )
    max_tokens = forms.IntegerField(
        min_value=1, max_value=32_768, initial=2048, label="Tokens of an answer, at most"
    )

    def __init__(self, data: Any, *, project: Project, row: Speaker | None = None) -> None:
        super().__init__(data, initial=_initial(row) if row else None)
        self.fields["temperature"].widget.attrs["step"] = "any"
        names = project.endpoints.values_list("name", flat=True)
        self.fields["endpoint"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]
        if row:
            self.fields["competitor"].disabled = True


class LiveForm(forms.Form):
    """A new campaign of live battles."""

    title = forms.CharField(max_length=200, help_text="Raters read it.")
    access = forms.ChoiceField(choices=Access.choices, label="Who may take part")


def _initial(row: Speaker) -> dict[str, Any]:
    own = {name: getattr(row, name) for name in ("model", "system", "temperature", "max_tokens")}
    return {**own, "competitor": row.competitor.name, "endpoint": row.endpoint.name}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@project_page(Role.EDITOR)
def speakers(request: HttpRequest, project: Project) -> HttpResponse:
    """Every competitor that can be asked; a POST sets one up."""
    form = SpeakerForm(request.POST or None, project=project)
    if form.is_valid() and _set_up(request, project, form):
        return redirect("speakers", project.slug)
    context = {"project": project, "form": form, "rows": live.all_speakers(project)}
    return render(request, "judges/speakers.html", context, status=400 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@project_page(Role.EDITOR)
def speaker(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """Change how a competitor is asked, or try it."""
    row = live.speaker_of(project, pk)
    tries = "try" in request.POST
    form = SpeakerForm(None if tries else request.POST or None, project=project, row=row)
    if form.is_valid() and _set_up(request, project, form):
        return redirect("speakers", project.slug)
    context: dict[str, Any] = {"project": project, "form": form, "row": row}
    if tries and (text := request.POST["try"].strip()[:MOST_TRIAL]):
        context |= {"text": text, "voice": live.attempt(row, text)}
    return render(request, "judges/speaker.html", context, status=400 if form.errors else 200)


@require_POST
@project_page(Role.EDITOR)
def retire(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """Let a competitor take part no more."""
    row = live.speaker_of(project, pk)
    live.retire(row, by=actor(request))
    messages.success(request, f"{row.competitor.name} takes part no more. Votes on it stay.")
    return redirect("speakers", project.slug)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@project_page(Role.EDITOR)
def battles(request: HttpRequest, project: Project) -> HttpResponse:
    """Where raters ask prompts of their own, and the votes that were left out."""
    form = LiveForm(request.POST or None)
    if form.is_valid():
        try:
            made = live.begin(project, **form.cleaned_data, by=actor(request))
        except ArenaError as error:
            add_errors(form, error.message, error.fields)
        else:
            messages.success(request, f"{made.title} is open for live battles.")
            return redirect("campaign", project.slug, made.key)
    context = {
        "project": project,
        "form": form,
        "rows": live.overview(project),
        "flagged": live.flagged(project),
        "speakers": live.all_speakers(project).filter(retired_at=None),
    }
    return render(request, "judges/live.html", context, status=400 if form.errors else 200)


@require_POST
@project_page(Role.EDITOR)
def switch(request: HttpRequest, project: Project, key: str) -> HttpResponse:
    """Turn a campaign's live battles on or off."""
    row = campaigns.in_project(project, key)
    try:
        live.switch(row, on="on" in request.POST, by=actor(request))
    except Conflict as error:
        messages.error(request, error.sentence)
    else:
        words = "Raters ask prompts of their own now." if row.is_live else "No battles any more."
        messages.success(request, words)
    return redirect("live-battles", project.slug)


def _set_up(request: HttpRequest, project: Project, form: SpeakerForm) -> bool:
    try:
        row = live.set_up(project, form.cleaned_data, by=actor(request))
    except ArenaError as error:
        add_errors(form, error.message, error.fields)
        return False
    messages.success(request, f"{row.competitor.name} takes part in live battles.")
    return True
