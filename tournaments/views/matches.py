"""Matches: the list behind every number, and one of them with all that was said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from arena.common.errors import Conflict, NotFound
from arena.models import Project, Role
from arena.views.access import project_page
from arena.views.conversation import Said, exchanges
from arena.views.roles import may_edit
from judges.models import Decision
from judges.services.people import asking, campaigns
from tournaments.models import Match, Tournament
from tournaments.selection import (
    STATES,
    between,
    decisions_of,
    evidence_of,
    with_match,
    with_result,
)
from tournaments.views.shared import (
    FILTERS,
    Filter,
    asked,
    asked_tournament,
    filter_bar,
    slice_filters,
    tournament_filter,
)

PAGE_SIZE = 40
LONG_FIELDS = (
    "comparison__output_a__turns",
    "comparison__output_b__turns",
    "comparison__prompt__reference",
    "comparison__prompt__contexts",
    "comparison__prompt__images",
)
PLAYERS = ("competitor", "opponent")
NARROWING = (*FILTERS, *PLAYERS, "result", "prompt")


@require_safe
@project_page(tells_names=True)
def index(request: HttpRequest, project: Project) -> HttpResponse:
    """What a number of a leaderboard counts: comparisons, by the tournament's or by all."""
    tournament = asked_tournament(request, project)
    chosen = asked(request, NARROWING)
    page = Paginator(_chosen(project, tournament, chosen), PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    matches = Match.objects.select_related("tournament").in_bulk(
        [decision.match_id for decision in page.object_list if decision.match_id]  # type: ignore[attr-defined]
    )
    context = {
        "project": project,
        "tournament": tournament,
        "chosen": chosen,
        "page": page,
        "rows": [(row, matches.get(row.match_id)) for row in page.object_list],  # type: ignore[attr-defined]
        "filters": filter_bar(_filters(project, tournament, chosen)),
        "filtered": tournament or any(chosen.values()),
        "campaigns": campaigns.that_ask(project) if may_edit(request) else [],
    }
    return render(request, "tournaments/matches.html", context)


@require_POST
@project_page(Role.EDITOR)
def ask_people(request: HttpRequest, project: Project) -> HttpResponse:
    """Have the raters of a campaign judge the comparisons that the address lists."""
    campaign = campaigns.in_project(project, request.POST.get("campaign", ""))
    listed = _chosen(project, asked_tournament(request, project), asked(request, NARROWING))
    ids = set(listed.values_list("comparison_id", flat=True))
    try:
        by = request.user if isinstance(request.user, User) else None
        found = asking.ask_about(campaign, ids, how={"how": "matches"}, by=by)
    except Conflict as error:
        messages.error(request, error.sentence)
        return redirect(f"{reverse('matches', args=[project.slug])}?{request.GET.urlencode()}")
    messages.success(request, found.words)
    return redirect("campaign", project.slug, campaign.key)


@require_safe
@project_page(tells_names=True)
def match(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """A comparison as a tournament played it."""
    found = Match.objects.filter(pk=pk, tournament__project=project)
    shown = found.select_related("tournament", "bracket").first()
    if shown is None:
        raise NotFound(f"no match {pk} in {project.slug}")
    return _page(request, project, shown.decision_id, shown)


@require_safe
@project_page(tells_names=True)
def comparison(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """A comparison that a judge decided outside of all tournaments, or as a member of a jury."""
    return _page(request, project, pk, None)


def _page(
    request: HttpRequest, project: Project, decision_id: int, match: Match | None
) -> HttpResponse:
    decision = _decision(project, decision_id)
    prompt = decision.comparison.prompt
    outputs = (decision.comparison.output_a, decision.comparison.output_b)
    said = [Said(turn["role"], turn["content"]) for turn in prompt.messages]
    context = {
        "project": project,
        "match": match,
        "decision": decision,
        "prompt": prompt,
        "a": outputs[0],
        "b": outputs[1],
        "exchanges": exchanges(said, [output.turns for output in outputs]),
        "evidence": evidence_of(decision),
        "elsewhere": [other for other in _matches_of(decision) if other != match],
        **(_neighbours(match) if match else {}),
    }
    return render(request, "tournaments/match.html", context)


def _matches_of(decision: Decision) -> QuerySet[Match]:
    return decision.matches.select_related("tournament").order_by("pk")


def _decision(project: Project, pk: int) -> Decision:
    rows = Decision.objects.filter(judge__project=project).select_related(
        "judge",
        "comparison__prompt",
        "comparison__output_a__competitor",
        "comparison__output_b__competitor",
    )
    found = rows.filter(pk=pk).first()
    if found is None:
        raise NotFound(f"no comparison {pk} in {project.slug}")
    return found


def _neighbours(match: Match) -> dict[str, Match | None]:
    """The matches before and after this one in its bracket."""
    here = match.bracket.matches
    after = Q(round__gt=match.round) | Q(round=match.round, position__gt=match.position)
    before = Q(round__lt=match.round) | Q(round=match.round, position__lt=match.position)
    return {
        "previous": here.filter(before).order_by("-round", "-position").first(),
        "next": here.filter(after).order_by("round", "position").first(),
    }


def _chosen(
    project: Project, tournament: Tournament | None, chosen: Mapping[str, str]
) -> QuerySet[Decision]:
    found = decisions_of(project, tournament, {name: chosen[name] for name in FILTERS})
    found = between(found, *(chosen[name] for name in PLAYERS if chosen[name]))
    if chosen["prompt"]:
        found = found.filter(comparison__prompt__key=chosen["prompt"])
    if chosen["result"] in _results(chosen["competitor"]):
        found = with_result(found, chosen["result"], chosen["competitor"])
    return (
        with_match(found, tournament)
        .select_related(
            "judge",
            "comparison__prompt",
            "comparison__output_a__competitor",
            "comparison__output_b__competitor",
        )
        .defer(*LONG_FIELDS)
        .order_by("comparison__prompt", "pk")
    )


def _results(competitor: str) -> dict[str, str]:
    """Results that can be asked for: {value: words}."""
    states = {state: state for state in STATES}
    states |= {"failed": "call failed", "waiting": "waiting for people", "open": "being judged"}
    if not competitor:
        return states
    return {"won": f"won by {competitor}", "lost": f"lost by {competitor}", **states}


def _filters(
    project: Project, tournament: Tournament | None, chosen: Mapping[str, str]
) -> Iterable[Filter]:
    names = list(project.competitors.order_by("name").values_list("name", flat=True))
    players: list[tuple[str, str]] = [("", "all"), *((name, name) for name in names)]
    results = [("", "all"), *_results(chosen["competitor"]).items()]
    yield tournament_filter(project, tournament)
    yield Filter("competitor", "Competitor", chosen["competitor"], players)
    if chosen["competitor"]:
        yield Filter("opponent", "Opponent", chosen["opponent"], players)
    yield Filter("result", "Result", chosen["result"], results)
    yield from slice_filters(project, tournament, chosen)
