"""Who decides in a project: the list, one judge, and a new one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from arena.common.errors import InvalidInput
from arena.forms import add_errors
from arena.models import Project, Role
from arena.views.access import project_page
from arena.views.roles import may_edit
from judges.contracts import Source
from judges.forms import JudgeForm, initial_of
from judges.kinds import registry
from judges.models import Judge
from judges.queries import judge_of, latest_verdicts, summaries_of, versions_of
from judges.services.backends import trouble_of
from judges.services.judges import define

LATEST = 12


@require_safe
@project_page(tells_names=True)
def judges(request: HttpRequest, project: Project) -> HttpResponse:
    """The current version of every judge, with what it decided, how, and for how much."""
    current = list(project.judges.filter(is_current=True))
    context = {
        "project": project,
        "summaries": summaries_of(current),
        "may_edit": may_edit(request),
    }
    return render(request, "judges/judges.html", context)


@require_safe
@project_page(tells_names=True)
def judge(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """One version of a judge."""
    shown = judge_of(project, pk)
    versions = list(versions_of(shown))
    params = _described(shown)
    context = {
        "project": project,
        "judge": shown,
        "summary": summaries_of([shown])[0],
        "current": next(item for item in versions if item.is_current),
        "versions": versions,
        "fit": shown.fits.first(),
        "seats": shown.seats.select_related("member"),
        "chosen": [param for param in params if not param["is_default"]],
        "defaults": [param for param in params if param["is_default"]],
        "latest": latest_verdicts(shown, LATEST),
        "trouble": trouble_of(shown),
        "is_people": registry.get(shown.kind).source is Source.PEOPLE,
        "is_called": registry.get(shown.kind).source is Source.CALLS,
        "may_edit": may_edit(request),
    }
    return render(request, "judges/judge.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@project_page(Role.EDITOR)
def new_judge(request: HttpRequest, project: Project) -> HttpResponse:
    """Choose a kind, then fill in its form; `?from=` begins with the params of a judge."""
    origin = request.GET.get("from", "")
    model = judge_of(project, int(origin)) if origin.isdecimal() else None
    kind = model.kind if model else request.GET.get("kind", "")
    if kind not in registry.names():
        kinds = [(name, cls.label, cls.description) for name, cls in registry.items()]
        context = {"project": project, "kinds": kinds}
        return render(request, "judges/judge_new_kind.html", context)
    form = JudgeForm(
        request.POST or None,
        project=project,
        kind=kind,
        initial=initial_of(model.name, model.params) if model else None,
    )
    if form.is_valid() and (defined := _define(request, project, kind, form)):
        return redirect("judge", project.slug, defined.pk)
    context = {
        "project": project,
        "label": registry.get(kind).label,
        "description": registry.get(kind).description,
        "kind": kind,
        "is_called": registry.get(kind).source is Source.CALLS,
        "form": form,
        "model": model,
        "names": project.judges.filter(is_current=True).values_list("name", flat=True),
    }
    return render(request, "judges/judge_new.html", context, status=400 if form.is_bound else 200)


def _define(request: HttpRequest, project: Project, kind: str, form: JudgeForm) -> Judge | None:
    name = form.cleaned_data["name"]
    before = project.judges.filter(name=name, is_current=True).first()
    try:
        defined = define(project=project, name=name, kind=kind, params=form.params())
    except InvalidInput as error:
        fields = {_param(path): text for path, text in error.fields.items()}
        add_errors(form, error.message, fields)
        return None
    if before and before.pk == defined.pk:
        messages.info(request, f"Nothing new: this is {before} already.")
    elif before:
        messages.success(request, f"{defined} is the current version now; {before} is kept.")
    else:
        messages.success(request, f"{defined} can judge from now on.")
    return defined


def _param(path: str) -> str:
    """The form's field for a path like `params.criteria.0`."""
    return ".".join(path.split(".")[:2])


def _described(shown: Judge) -> list[dict[str, Any]]:
    """Every param of a judge with its value, whether it is a default, and what it means."""
    properties = registry.get(shown.kind).Params.model_json_schema().get("properties", {})
    return [
        {
            "name": name,
            "value": shown.params.get(name, item.get("default")),
            "is_default": shown.params.get(name, item.get("default")) == item.get("default"),
            "description": item.get("description", ""),
        }
        for name, item in properties.items()
    ]
