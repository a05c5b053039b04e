"""How one prompt of a tournament is played out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from arena.common.errors import NotFound
from arena.models import Project, Prompt
from arena.views.access import project_page
from arena.views.prompts import said
from tournaments.formats import registry as formats
from tournaments.formats import single_elimination
from tournaments.formats.base import Result
from tournaments.models import Bracket, Match, Tournament
from tournaments.queries import tournament_of
from tournaments.services.advancing import field_of, games_of

SHORT = 300
"""Characters of a prompt that are shown without folding."""

FROM_THE_END = ("Final", "Semi-finals", "Quarter-finals")


@dataclass(frozen=True)
class Names:
    """What a drawing writes and where it leads: names of competitors, addresses of matches."""

    competitors: Mapping[int, str]
    addresses: Mapping[single_elimination.Slot, str]


@require_safe
@project_page()
def bracket(request: HttpRequest, project: Project, pk: int, bracket: int) -> HttpResponse:
    """A bracket, drawn where its format has a drawing, and all its matches by rounds."""
    tournament = tournament_of(project, pk)
    shown = tournament.brackets.select_related("prompt").filter(pk=bracket).first()
    if shown is None:
        raise NotFound(f"no bracket {bracket} in {tournament}")
    matches = list(_matches(shown))
    draw = DRAWINGS.get(tournament.format)
    drawing = draw(tournament, shown, _names(project, shown, matches)) if draw else None
    context = {
        "project": project,
        "tournament": tournament,
        "format": formats.build(tournament.format, tournament.format_params),
        "bracket": shown,
        "prompt": shown.prompt,
        **(_question(shown.prompt) if shown.prompt else {}),
        "rounds": _rounds(matches, drawing["rounds"] if drawing else []),
        "drawing": drawing,
        "previous": tournament.brackets.filter(pk__lt=shown.pk).order_by("-pk").first(),
        "next": tournament.brackets.filter(pk__gt=shown.pk).order_by("pk").first(),
    }
    return render(request, "tournaments/bracket.html", context)


def _question(prompt: Prompt) -> dict[str, Any]:
    """The turns of the prompt; a long one is folded below its `opening`."""
    turns = said(prompt)[0].messages
    asked = next((turn.content for turn in turns if turn.role == "user"), "")
    length = sum(len(turn.content) for turn in turns)
    return {"turns": turns, "opening": asked if length > SHORT else ""}


def _matches(shown: Bracket) -> QuerySet[Match]:
    return shown.matches.select_related(
        "decision",
        "decision__comparison__prompt",
        "decision__comparison__output_a__competitor",
        "decision__comparison__output_b__competitor",
    ).order_by("round", "position")


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
    nodes = single_elimination.bracket(field_of(tournament, shown), games_of(shown))
    by_slot = {(node.round, node.position): node for node in nodes}
    return {
        "rounds": _headings(nodes[-1].round + 1),
        "root": _drawn(nodes[-1], by_slot, names),
        "by_lot": any(node.by_lot for node in nodes),
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
        "slots": [_slot(node, entrant, names) for entrant in (node.a, node.b)],
        "feeders": [_drawn(by_slot[slot], by_slot, names) for slot in feeders],
    }


def _slot(
    node: single_elimination.Node, entrant: int | None, names: Names
) -> dict[str, str | None]:
    if entrant is None:
        return {"name": "", "state": "empty"}
    slot: dict[str, str | None] = {"name": names.competitors.get(entrant, "?"), "state": None}
    if node.advancing is not None:
        slot["state"] = "winner" if node.advancing == entrant else "loser"
    if node.by_lot and node.advancing == entrant:
        why = "a tie" if node.result is Result.TIE else "undecided"
        slot |= {"mark": "lot", "mark_title": f"It was {why}: a lot decided who goes on"}
    return slot


DRAWINGS: Mapping[str, Callable[[Tournament, Bracket, Names], dict[str, Any]]] = {
    "single_elimination": _knock_out
}
"""Formats whose brackets are drawn; of others the rounds are listed."""
