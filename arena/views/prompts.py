"""The data of a project: its prompts, what was answered, and by whom."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.crypto import salted_hmac
from django.views.decorators.http import require_safe

from arena.models import Project, Prompt, Role
from arena.views.access import project_page
from arena.views.conversation import Exchange, Said, exchanges
from arena.views.reads import (
    PromptFilter,
    competitors_of,
    filter_choices,
    prompt_of,
    prompts_of,
)
from arena.views.roles import is_blind, may_edit

PAGE_SIZE = 50


@require_safe
@project_page(Role.VIEWER)
def prompts(request: HttpRequest, project: Project) -> HttpResponse:
    """The prompts of a project, filtered, and its competitors."""
    chosen = PromptFilter.from_query(request.GET)
    page = Paginator(prompts_of(project, chosen), PAGE_SIZE).get_page(request.GET.get("page"))
    for row in page:
        row.question = _question(row)  # type: ignore[attr-defined]  # for the template
    context = {
        "project": project,
        "page": page,
        "chosen": chosen,
        "choices": filter_choices(project),
        "competitors": competitors_of(project),
        "may_edit": may_edit(request),
    }
    return render(request, "arena/prompts.html", context)


@require_safe
@project_page(Role.VIEWER)
def prompt(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """One prompt with everything that was answered to it."""
    asked = prompt_of(project, pk)
    blind = is_blind(request)
    outputs = list(
        asked.outputs.select_related("competitor").order_by("competitor__name", "sample")
    )
    if blind:
        outputs.sort(key=lambda output: salted_hmac("arena.blind", str(output.pk)).hexdigest())
    context = {
        "project": project,
        "prompt": asked,
        "exchanges": said(asked),
        "outputs": outputs,
        "blind": blind,
        "may_edit": may_edit(request),
    }
    return render(request, "arena/prompt.html", context)


def said(asked: Prompt) -> list[Exchange]:
    """The conversation of a prompt, without answers."""
    return exchanges([Said(turn["role"], turn["content"]) for turn in asked.messages], [])


def _question(asked: Prompt) -> str:
    """The first message of the user, as one line."""
    said_by_user = (turn["content"] for turn in asked.messages if turn["role"] == "user")
    return " ".join(next(said_by_user, "")[:1000].split())
