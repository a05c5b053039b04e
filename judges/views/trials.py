"""The pages on which a judge is tried."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from arena.common.errors import ArenaError, InvalidInput
from arena.models import Project, Role
from arena.views.access import project_page
from judges.contracts import Order, Source
from judges.forms import JudgeForm
from judges.kinds import registry
from judges.queries import judge_of
from judges.services import trials
from judges.services.trials import MAX_SECONDS, NOT_CALLED, Material, Trial

MAX_TYPED = 200_000
SUGGESTED = 500

MARK = re.compile(r"<<<[^\n<>]* ([0-9a-f]{12})>>>")


class TrialForm(forms.Form):
    """What the judge is shown: a comparison of the project, or texts that are typed in."""

    prompt = forms.CharField(
        max_length=200, required=False, help_text="Key of a prompt; one is drawn without it."
    )
    a = forms.CharField(
        max_length=200, required=False, label="Competitor A", help_text="Drawn without a name."
    )
    b = forms.CharField(max_length=200, required=False, label="Competitor B")
    order = forms.ChoiceField(
        choices=[("ab", "A first"), ("ba", "B first")], required=False, label="Shown first"
    )
    text = forms.CharField(
        max_length=MAX_TYPED, required=False, label="Prompt", widget=forms.Textarea({"rows": 3})
    )
    first = forms.CharField(
        max_length=MAX_TYPED, required=False, label="First answer",
        widget=forms.Textarea({"rows": 4}), strip=False,
    )  # fmt: skip
    second = forms.CharField(
        max_length=MAX_TYPED, required=False, label="Second answer",
        widget=forms.Textarea({"rows": 4}), strip=False,
    )  # fmt: skip

    @property
    def drawn(self) -> list[forms.BoundField]:
        return [self[name] for name in ("prompt", "a", "b", "order")]

    @property
    def typed(self) -> list[forms.BoundField]:
        return [self[name] for name in ("text", "first", "second")]

    def material(self, project: Project) -> Material:
        """What is to be judged. Raises what the service refuses."""
        given = self.cleaned_data
        if given["text"] or given["first"] or given["second"]:
            return trials.typed(given["text"], given["first"], given["second"])
        order = Order(given["order"] or "ab")
        return trials.chosen(
            project, prompt=given["prompt"], a=given["a"], b=given["b"], order=order
        )


@dataclass(frozen=True)
class Piece:
    """A part of a message: fenced material under its label, or the judge's own instructions."""

    label: str
    text: str
    note: str = ""


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@project_page(Role.EDITOR)
def trial(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """Try a saved judge; with htmx only what came of it is sent."""
    judge = judge_of(project, pk)
    form = TrialForm(request.POST if request.method == "POST" else None)
    shown: dict[str, Any] = {}
    if request.method == "POST":
        shown = _outcome(project, judge.kind, judge.params, form)
    if getattr(request, "htmx", False):
        return render(request, "judges/trial_outcome.html", {"project": project, **shown})
    source = registry.get(judge.kind).source
    context = {
        "project": project,
        "judge": judge,
        "form": form,
        "prompts": project.prompts.values_list("key", flat=True)[:SUGGESTED],
        "competitors": project.competitors.values_list("name", flat=True)[:SUGGESTED],
        "not_called": "" if source is Source.CALLS else NOT_CALLED[source],
        "seconds": MAX_SECONDS,
        **shown,
    }
    return render(request, "judges/trial.html", context, status=400 if "fault" in shown else 200)


@never_cache
@require_POST
@project_page(Role.EDITOR)
def unsaved(request: HttpRequest, project: Project) -> HttpResponse:
    """Try what the form of a new judge says, on a comparison that is drawn."""
    kind = request.GET.get("kind", "")
    if kind not in registry.names():
        raise InvalidInput(f"no judge kind is called {kind!r}")
    data = request.POST.copy()
    data["name"] = data.get("name") or "trial"  # it needs none yet
    form = JudgeForm(data, project=project, kind=kind)
    if not form.is_valid():
        faults = {form.fields[name].label: errors for name, errors in form.errors.items()}
        shown: dict[str, Any] = {"fault": "The settings are not complete.", "faults": faults}
    else:
        shown = _outcome(project, kind, form.params(), TrialForm({}))
    return render(request, "judges/trial_outcome.html", {"project": project, **shown})


def _outcome(
    project: Project, kind: str, params: Mapping[str, Any], form: TrialForm
) -> dict[str, Any]:
    """A trial with its messages taken apart, or why there was none."""
    if not form.is_valid():
        faults = {form.fields[name].label: errors for name, errors in form.errors.items()}
        return {"fault": "What is to be judged is not complete.", "faults": faults}
    try:
        material = form.material(project)
        done = trials.conduct(project, kind=kind, params=params, material=material)
    except ArenaError as error:
        return {"fault": error.message, "faults": {k: [v] for k, v in error.fields.items()}}
    return {"trial": done, "calls": _taken_apart(done)}


def _taken_apart(done: Trial) -> list[dict[str, Any]]:
    return [
        {
            "call": call,
            "messages": [
                {"role": said["role"], "pieces": pieces(said["content"])} for said in call.messages
            ],
        }
        for call in done.calls
    ]


def pieces(content: str) -> list[Piece]:
    """The parts of a message in their order. Only fences with the first mark count: it stands
    before anything that others wrote."""
    begun = MARK.search(content)
    if begun is None:
        return [Piece("", content)]
    fences = re.compile(
        rf"^<<<(?P<label>[^\n]*) {begun[1]}>>>\n(?P<text>.*?)\n"
        rf"<<<END (?P=label) {begun[1]}>>>(?P<note>[^\n]*)$",
        re.DOTALL | re.MULTILINE,
    )
    found, position = [], 0
    for fence in fences.finditer(content):
        found.append(Piece("", content[position : fence.start()].strip("\n")))
        found.append(Piece(fence["label"], fence["text"], fence["note"].strip()))
        position = fence.end()
    found.append(Piece("", content[position:].strip("\n")))
    return [piece for piece in found if piece.label or piece.text.strip()]
