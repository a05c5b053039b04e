"""How one prompt of a tournament is played out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Max, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from arena.common.errors import NotFound
from arena.models import Project, Prompt
from arena.views.access import project_page
from arena.views.prompts import said
from judges.queries import LONG_FIELDS
from tournaments.formats import registry as formats
from tournaments.formats import single_elimination
from tournaments.formats.base import Result
from tournaments.models import Bracket, Match, Tournament
from tournaments.queries import tournament_of
from tournaments.services.fields import field_of
from tournaments.services.histories import games_of

MATCHES_ON_A_PAGE = 120

SHORT = 300
"""Characters of a prompt that are shown without folding."""

FROM_THE_END = ("Final", "Semi-finals", "Quarter-finals")


@dataclass(frozen=True)
class Names:
    """What a drawing writes and where it leads: names of competitors, addresses of matches."""

    competitors: Mapping[int, str]
    addresses: Mapping[single_elimination.Slot, str]


@require_safe
@project_page(tells_names=True)
def bracket(request: HttpRequest, project: Project, pk: int, bracket: int) -> HttpResponse:
    """A bracket, drawn where its format has a drawing, and its matches by rounds.

    Where one bracket covers all prompts, one wave of it.
    """
    tournament = tournament_of(project, pk)
    shown = tournament.brackets.select_related("prompt").filter(pk=bracket).first()
    if shown is None:
        raise NotFound(f"no bracket {bracket} in {tournament}")
    context = {
        "project": project,
        "tournament": tournament,
        "format": formats.build(tournament.format, tournament.format_params),
        "bracket": shown,
        "prompt": shown.prompt,
    }
    if shown.prompt is None:
        context |= _wave(shown, request.GET)
        return render(request, "tournaments/wave.html", context)
    matches = list(_matches(shown))
    draw = None if shown.retired else DRAWINGS.get(tournament.format)
    drawing = draw(tournament, shown, _names(project, shown, matches)) if draw else None
    others = tournament.brackets.filter(retired=False)
    context |= {
        **_question(shown.prompt),
        "rounds": _rounds(matches, drawing["rounds"] if drawing else []),
        "drawing": drawing,
        "previous": others.filter(pk__lt=shown.pk).order_by("-pk").first(),
        "next": others.filter(pk__gt=shown.pk).order_by("pk").first(),
        "earlier": _earlier(tournament, shown),
    }
    return render(request, "tournaments/bracket.html", context)


def _wave(shown: Bracket, query: Mapping[str, str]) -> dict[str, Any]:
    """The matches of the wave that the address asks for, else of the newest."""
    newest = shown.matches.aggregate(newest=Max("round"))["newest"] or 0
    asked = query.get("wave", "")
    number = min(int(asked) - 1, newest) if asked.isdecimal() and len(asked) < 9 else newest
    number = max(number, 0)
    page = Paginator(_matches(shown).filter(round=number), MATCHES_ON_A_PAGE)
    return {
        "number": number + 1,
        "last": newest + 1,
        "before": number or None,
        "after": number + 2 if number < newest else None,
        "page": page.get_page(query.get("page")),
        "prompts": shown.rosters.count(),
    }


def _earlier(tournament: Tournament, shown: Bracket) -> QuerySet[Match]:
    """Matches on the prompt that a smaller field played and the bracket of now does not."""
    old = tournament.brackets.filter(prompt=shown.prompt_id, retired=True).exclude(pk=shown.pk)
    return _with_sides(Match.objects.filter(bracket__in=old)).order_by("pk")


def _question(prompt: Prompt) -> dict[str, Any]:
    """The turns of the prompt; a long one is folded below its `opening`."""
    turns = said(prompt)[0].messages
    asked = next((turn.content for turn in turns if turn.role == "user"), "")
    length = sum(len(turn.content) for turn in turns)
    return {"turns": turns, "opening": asked if length > SHORT else ""}


def _matches(shown: Bracket) -> QuerySet[Match]:
    return _with_sides(shown.matches.all()).order_by("round", "position")


def _with_sides(matches: QuerySet[Match]) -> QuerySet[Match]:
    return matches.select_related(
        "decision",
        "decision__comparison__prompt",
        "decision__comparison__output_a__competitor",
        "decision__comparison__output_b__competitor",
    ).defer(*(f"decision__{name}" for name in LONG_FIELDS))


def _rounds(matches: Sequence[Match], headings: Sequence[str]) -> list[tuple[str, list[Match]]]:
    """Each round with its heading; one beyond the headings is called by its number."""
    found: defaultdict[int, list[Match]] = defaultdict(list)
    for match in matches:
        found[match.round].append(match)
    numbered = [
        *headings,
        *(f"Round {n + 1}" for n in range(len(headings), max(found, default=0) + 1)),
    ]
    return [(numbered[number], found[number]) for number in sorted(found)]


def _names(project: Project, shown: Bracket, matches: Sequence[Match]) -> Names:
    known = project.competitors.filter(pk__in=shown.entrants)
    return Names(
        dict(known.values_list("pk", "name")),
        {
            (match.round, match.position): reverse("match", args=(project.slug, match.pk))
            for match in matches
        },
    )


# --- Single elimination -------------------------------------------------------------------------


def _knock_out(tournament: Tournament, shown: Bracket, names: Names) -> dict[str, Any]:
    """What `includes/bracket.html` draws: the headings of the rounds and the node of the final."""
    nodes = single_elimination.bracket(field_of(tournament, shown), games_of(tournament, shown))
    by_slot = {(node.round, node.position): node for node in nodes}
    return {
        "rounds": _headings(nodes[-1].round + 1),
        "root": _drawn(nodes[-1], by_slot, names),
        "by_lot": any(node.by_lot for node in nodes),
        "walkovers": bool(shown.walkovers),
        "byes": any(None in (node.feeder_a, node.feeder_b) for node in nodes if node.round),
    }


def _headings(rounds: int) -> list[str]:
    """Names of the rounds, first to last."""
    early = [f"Round {number}" for number in range(1, rounds - len(FROM_THE_END) + 1)]
    return [*early, *reversed(FROM_THE_END[:rounds])]


def _drawn(
    node: single_elimination.Node,
    by_slot: Mapping[single_elimination.Slot, single_elimination.Node],
    names: Names,
) -> dict[str, Any]:
    feeders = [slot for slot in (node.feeder_a, node.feeder_b) if slot is not None]
    return {
        "url": names.addresses.get((node.round, node.position), ""),
        "slots": [
            _slot(node, node.a, node.feeder_a, names),
            _slot(node, node.b, node.feeder_b, names),
        ],
        "feeders": [_drawn(by_slot[slot], by_slot, names) for slot in feeders],
    }


def _slot(
    node: single_elimination.Node, entrant: int | None, feeder: object, names: Names
) -> dict[str, str | None]:
    if entrant is None:
        return {"name": "", "state": "empty"}
    slot: dict[str, str | None] = {"name": names.competitors.get(entrant, "?"), "state": None}
    if node.advancing is not None:
        slot["state"] = "winner" if node.advancing == entrant else "loser"
    contested = (node.round, node.position) in names.addresses
    if node.result is not None and not contested and node.advancing == entrant:
        return slot | {"mark": "walkover", "mark_title": "The opponent has withdrawn"}
    if node.by_lot and node.advancing == entrant:
        why = "a tie" if node.result is Result.TIE else "undecided"
        return slot | {"mark": "lot", "mark_title": f"It was {why}: a lot decided who goes on"}
    if feeder is None and node.round:
        return slot | {"mark": "bye", "mark_title": "Begins in this round"}
    return slot


DRAWINGS: Mapping[str, Callable[[Tournament, Bracket, Names], dict[str, Any]]] = {
    "single_elimination": _knock_out
}
"""Formats whose brackets are drawn; of others the rounds are listed."""
