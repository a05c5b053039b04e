"""The gold questions of a campaign: the list, a new one, a file of them."""

from __future__ import annotations

from typing import IO, Any, cast

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from arena.common.errors import ArenaError, BulkInvalid, InvalidInput
from arena.datasets.jsonl import parse_lines
from arena.datasets.records import validated
from arena.forms import add_errors
from arena.models import Output, Project, Prompt, Role
from arena.services.counts import Counts
from arena.views.access import project_page
from arena.views.conversation import Said, exchanges
from judges.models import Campaign
from judges.services.people import campaigns, gold_editing
from judges.services.people.gold_editing import GoldRecord
from judges.views.campaign_forms import GoldFileForm, GoldForm
from judges.views.campaigns import actor

SUGGESTED = 10
LISTED = 500
MAX_FILE = 20 * 1024**2


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@project_page(Role.EDITOR)
def gold(request: HttpRequest, project: Project, key: str) -> HttpResponse:
    """What is gold; a file of more."""
    row = campaigns.in_project(project, key)
    form = _file_form(request)
    fault: InvalidInput | None = None
    if form.is_valid():
        try:
            counts = _import(row, form.cleaned_data["file"], request)
        except InvalidInput as error:
            fault = error
        else:
            found = counts.in_words() or "the file held none"
            messages.success(request, f"Gold questions: {found}.")
            return redirect("campaign-gold", project.slug, key)
    questions = list(gold_editing.gold_of(row))
    context = {
        "project": project,
        "campaign": row,
        "questions": questions,
        "any_also_asked": any(item.is_also_asked for item in questions),  # type: ignore[attr-defined]
        "share": round(100 * row.gold_share),
        "suggested": gold_editing.unanimous(row, SUGGESTED),
        "form": form,
        "fault": fault,
        "lines": fault.errors if isinstance(fault, BulkInvalid) else [],
    }
    status = 400 if form.is_bound else 200
    return render(request, "judges/campaign_gold.html", context, status=status)


def _file_form(request: HttpRequest) -> GoldFileForm:
    return GoldFileForm(request.POST, request.FILES) if request.method == "POST" else GoldFileForm()


def _import(row: Campaign, upload: UploadedFile[Any], request: HttpRequest) -> Counts:
    if (upload.size or 0) > MAX_FILE:
        raise InvalidInput(f"the file is larger than {MAX_FILE // 1024**2} MiB")
    records = validated(parse_lines(cast("IO[bytes]", upload.file)), GoldRecord)
    return gold_editing.import_gold(row, records, by=actor(request))


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@project_page(Role.EDITOR)
def new_gold(request: HttpRequest, project: Project, key: str) -> HttpResponse:
    """Choose a prompt, then two of its outputs, then say what is right."""
    row = campaigns.in_project(project, key)
    asked = request.GET.get("prompt", "").strip()
    prompt = project.prompts.filter(key=asked).first() if "\x00" not in asked else None
    outputs = _outputs(prompt) if prompt else {}
    names = [request.GET.get(side, "") for side in ("a", "b")]
    chosen = [outputs[name] for name in names if name in outputs]
    is_pair = len(chosen) == 2 and names[0] != names[1]
    form = GoldForm(request.POST or None)
    if is_pair and prompt and form.is_valid() and _added(request, row, prompt, names, form):
        messages.success(request, f"A gold question on {prompt.key} is added.")
        return redirect("campaign-gold", project.slug, key)
    context = {
        "project": project,
        "campaign": row,
        "asked": asked,
        "prompt": prompt,
        "prompts": project.prompts.values_list("key", flat=True)[:LISTED],
        "outputs": outputs,
        "names": names,
        "is_same": bool(names[0]) and names[0] == names[1],
        "exchanges": _laid_out(prompt, chosen) if prompt and is_pair else [],
        "form": form,
    }
    status = 400 if form.is_bound else 200
    return render(request, "judges/campaign_gold_new.html", context, status=status)


def _outputs(prompt: Prompt) -> dict[str, Output]:
    """{competitor: its output}; of several samples the first."""
    rows = prompt.outputs.select_related("competitor").order_by("-sample", "-pk")
    found = {row.competitor.name: row for row in rows}
    return dict(sorted(found.items()))


def _laid_out(prompt: Prompt, outputs: list[Output]) -> list[Any]:
    said = [Said(turn["role"], turn["content"]) for turn in prompt.messages]
    return exchanges(said, [output.turns for output in outputs])


def _added(
    request: HttpRequest, row: Campaign, prompt: Prompt, names: list[str], form: GoldForm
) -> bool:
    record = GoldRecord(
        prompt=prompt.key,
        competitor_a=names[0],
        competitor_b=names[1],
        expected=form.cleaned_data["expected"],
        explanation=form.cleaned_data["explanation"],
        warm_up=bool(form.cleaned_data["warm_up"]),
    )
    try:
        gold_editing.put(row, record, by=actor(request))
    except ArenaError as error:
        add_errors(form, error.message, error.fields)
        return False
    return True


@require_POST
@project_page(Role.EDITOR)
def make_gold(request: HttpRequest, project: Project, key: str) -> HttpResponse:
    """Make gold of a comparison on which all raters agreed."""
    row = campaigns.in_project(project, key)
    compared = request.POST.get("comparison", "")
    try:
        pk = int(compared) if compared.isdecimal() and len(compared) < 18 else 0
        gold_editing.make_gold(row, pk, by=actor(request))
    except ArenaError as error:
        messages.error(request, error.sentence)
    else:
        messages.success(request, "It is a gold question from now on.")
    return redirect("campaign-gold", project.slug, key)


@require_POST
@project_page(Role.EDITOR)
def retire_gold(request: HttpRequest, project: Project, key: str, pk: int) -> HttpResponse:
    """Ask a gold question no more."""
    row = campaigns.in_project(project, key)
    gold_editing.retire(row, pk, by=actor(request))
    messages.success(request, "It is asked no more. Answers to it still count.")
    return redirect("campaign-gold", project.slug, key)
