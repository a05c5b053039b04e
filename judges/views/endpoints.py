"""The endpoints of a project: the list, a new one, one to change, and its deletion."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from arena.common.errors import ArenaError, Conflict
from arena.forms import add_errors
from arena.models import Project, Role
from arena.views.access import project_page
from judges.models import Endpoint
from judges.services import endpoints as services
from judges.services.endpoints import FROZEN

KEY_FIELDS = ("api_key", "api_key_env", "remove_key")
LIMITS = ("requests_per_minute", "tokens_per_minute", "max_in_flight")


class EndpointForm(forms.Form):
    """Settings and key of an endpoint. The key is written and never shown."""

    name = forms.CharField(
        max_length=100,
        help_text="What judges name. Letters, digits, dots, dashes; it cannot be changed later.",
        widget=forms.TextInput({"autocapitalize": "none", "spellcheck": "false"}),
    )
    base_url = forms.CharField(
        max_length=500,
        label="Address",
        help_text="Of any OpenAI-compatible server, like https://host/v1.",
        widget=forms.URLInput({"placeholder": "https://host/v1", "spellcheck": "false"}),
    )
    model = forms.CharField(
        max_length=200,
        required=False,
        help_text="As the server calls it. Left empty, each judge names its own.",
        widget=forms.TextInput({"autocapitalize": "none", "spellcheck": "false"}),
    )
    api_key = forms.CharField(
        required=False,
        label="Key",
        help_text="Stored encrypted, sent to this address alone, never shown again.",
        widget=forms.PasswordInput({"autocomplete": "off", "spellcheck": "false"}),
    )
    remove_key = forms.BooleanField(required=False, label="Remove the stored key")
    api_key_env = forms.CharField(
        max_length=100,
        required=False,
        label="Or the variable that holds it",
        help_text="Name of an environment variable of the server, ending in _API_KEY.",
        widget=forms.TextInput({"autocapitalize": "characters", "spellcheck": "false"}),
    )
    price_in = forms.FloatField(required=False, label="Price of prompts", min_value=0)
    price_out = forms.FloatField(required=False, label="Price of replies", min_value=0)
    requests_per_minute = forms.IntegerField(required=False, min_value=1)
    tokens_per_minute = forms.IntegerField(required=False, min_value=1)
    max_in_flight = forms.IntegerField(required=False, min_value=1, label="Calls at once")
    headers = forms.JSONField(
        required=False,
        help_text='Sent with every call, as JSON like {"x-team": "red"}. No secrets.',
        widget=forms.Textarea({"class": "code-input", "rows": 2}),
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        row: Endpoint | None = None,
        frozen: bool = False,
    ) -> None:
        super().__init__(data, initial=_initial(row) if row else None)
        for name in ("price_in", "price_out"):
            self.fields[name].widget.attrs["step"] = "any"
        if row:
            self.fields["name"].disabled = True
        if row is None or not row.api_key_encrypted:
            del self.fields["remove_key"]
        else:
            self.fields[
                "api_key"
            ].help_text = (
                "One is stored. Left empty, it stays; what is entered here takes its place."
            )
        for name in FROZEN if frozen else ():
            self.fields[name].disabled = True
            self.fields[name].help_text = "Frozen, because a judge names this endpoint."

    @property
    def where(self) -> list[forms.BoundField]:
        """What it is."""
        return [self[name] for name in ("name", "base_url", "model")]

    @property
    def key(self) -> list[forms.BoundField]:
        """Its key."""
        return [self[name] for name in KEY_FIELDS if name in self.fields]

    @property
    def money(self) -> list[forms.BoundField]:
        """Its prices."""
        return [self["price_in"], self["price_out"]]

    @property
    def limits(self) -> list[forms.BoundField]:
        """Its limits."""
        return [self[name] for name in LIMITS]

    def settings(self) -> dict[str, Any]:
        """The settings that were entered."""
        given = {name: self.cleaned_data[name] for name in services.EndpointSettings.model_fields}
        return {**given, "headers": given["headers"] or {}}

    def new_key(self) -> str | None:
        """The key that was entered; "" to remove it, None to leave it."""
        entered = self.cleaned_data["api_key"]
        return entered or ("" if self.cleaned_data.get("remove_key") else None)


def _initial(row: Endpoint) -> dict[str, Any]:
    shown = {name: getattr(row, name) for name in services.EndpointSettings.model_fields}
    return {**shown, "headers": shown["headers"] or None}


@require_safe
@never_cache
@project_page(Role.EDITOR)
def endpoints(request: HttpRequest, project: Project) -> HttpResponse:
    """Every endpoint, what it allows and costs, and which judges name it."""
    used_by = services.used_by(project)
    rows = [(row, used_by.get(row.name, [])) for row in project.endpoints.all()]
    return render(request, "judges/endpoints.html", {"project": project, "rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@project_page(Role.EDITOR)
def new_endpoint(request: HttpRequest, project: Project) -> HttpResponse:
    """Define an endpoint."""
    form = EndpointForm(request.POST or None)

    def define() -> Endpoint:
        key = form.new_key() or ""
        return services.define(project=project, settings=form.settings(), api_key=key)

    if form.is_valid() and (made := _done(form, define)):
        messages.success(request, f"Judges can name the endpoint {made.name} from now on.")
        return redirect("endpoints", project.slug)
    return _show(request, {"project": project, "form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@project_page(Role.EDITOR)
def endpoint(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """Change an endpoint."""
    row = get_object_or_404(Endpoint, project=project, pk=pk)
    judges = services.used_by(project).get(row.name, [])
    form = EndpointForm(request.POST or None, row=row, frozen=bool(judges))

    def change() -> Endpoint:
        return services.change(row, form.settings(), api_key=form.new_key())

    if form.is_valid() and (changed := _done(form, change)):
        lost = row.api_key_encrypted and not changed.api_key_encrypted
        note = " It has no stored key any more." if lost else ""
        messages.success(request, f"The endpoint {row.name} is changed.{note}")
        return redirect("endpoints", project.slug)
    return _show(request, {"project": project, "form": form, "row": row, "judges": judges})


@require_POST
@project_page(Role.EDITOR)
def delete_endpoint(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """Delete an endpoint that no judge names."""
    row = get_object_or_404(Endpoint, project=project, pk=pk)
    try:
        services.delete(row)
    except Conflict as error:
        messages.error(request, error.message)
        return redirect("endpoint", project.slug, pk)
    messages.success(request, f"The endpoint {row.name} is deleted.")
    return redirect("endpoints", project.slug)


def _done(form: EndpointForm, work: Callable[[], Endpoint]) -> Endpoint | None:
    """What the service made; None when it refused, which the form then says."""
    try:
        return work()
    except ArenaError as error:
        add_errors(form, error.message, error.fields)
        return None


def _show(request: HttpRequest, context: Mapping[str, Any]) -> HttpResponse:
    status = 400 if context["form"].is_bound else 200
    return render(request, "judges/endpoint.html", context, status=status)
