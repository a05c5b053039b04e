"""What several pages need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest

from arena.common.errors import ArenaError, NotFound
from arena.models import Project
from arena.views.reads import filter_choices
from arena.views.roles import may_edit
from tournaments.formats import registry as formats
from tournaments.models import Tournament, TournamentStatus
from tournaments.queries import Progress, progress_by_tournament, status_of, tournament_of

FILTERS = ("category", "language", "tag", "judge", "judge_kind")


def invites(request: HttpRequest) -> bool:
    """Whether to show ways to make things: to editors, and to those who may sign in as one."""
    return not request.user.is_authenticated or may_edit(request)


def asked(request: HttpRequest, names: Iterable[str]) -> dict[str, str]:
    """These parameters of the address, "" where one is left out."""
    return {name: request.GET.get(name, "").replace("\0", "").strip() for name in names}


def asked_tournament(request: HttpRequest, project: Project) -> Tournament | None:
    """The tournament that the address names, if it names one; NotFound if that does not exist."""
    value = request.GET.get("tournament", "")
    if not value:
        return None
    if not value.isdecimal() or len(value) > 18:
        raise NotFound(f"no tournament {value} in {project.slug}")
    return tournament_of(project, int(value))


@dataclass(frozen=True)
class Listed:
    """A tournament as a line of a list."""

    tournament: Tournament
    progress: Progress
    status: str
    format: str


def listed(tournaments: Sequence[Tournament]) -> list[Listed]:
    """Lines for tournaments (with their judges); a constant number of queries."""
    progress = progress_by_tournament(tournaments)
    return [
        Listed(t, progress[t.pk], status_of(t, progress[t.pk]), formats.get(t.format).label)
        for t in tournaments
    ]


def scale_of(rows: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    """The lowest and the highest end of all intervals, for whiskers on one scale."""
    rated = [row for row in rows if row["rating"] is not None]
    if not rated:
        return 0.0, 0.0
    return min(row["ci_low"] for row in rated), max(row["ci_high"] for row in rated)


def all_words(error: ArenaError) -> str:
    """What a service says, with its remarks on single fields, in one line."""
    details = "; ".join(f"{name}: {text}" for name, text in error.fields.items())
    return f"{error.message} ({details})" if details else error.message


@dataclass(frozen=True)
class Filter:
    """A select of a filter bar; options are (value, text)."""

    name: str
    label: str
    value: str
    options: Sequence[tuple[str, str]]


def filter_bar(wanted: Iterable[Filter]) -> list[Filter]:
    """Those that offer a choice or are in use; a value that is not offered (any more) is added."""
    return [
        item
        if any(item.value == value for value, _ in item.options)
        else replace(item, options=[*item.options, (item.value, item.value)])
        for item in wanted
        if len(item.options) > 2 or item.value
    ]


def slice_filters(
    project: Project, tournament: Tournament | None, chosen: Mapping[str, str]
) -> list[Filter]:
    """Selects for what cuts a board (see FILTERS); a tournament leaves no choice of judge."""
    offered: dict[str, Sequence[str]] = {"judge": [], "judge_kind": [], **filter_choices(project)}
    if tournament is None:
        judges = list(project.judges.filter(is_current=True).values_list("name", "kind"))
        kinds = {kind for _, kind in judges}
        # An imported judgment says itself whether a person or a model made it.
        kinds |= {"human", "llm"} if "recorded" in kinds else set()
        offered |= {"judge": [name for name, _ in judges], "judge_kind": sorted(kinds)}
    return [
        Filter(
            name,
            name.replace("_", " ").capitalize(),
            chosen[name],
            [("", "all"), *((value, value) for value in offered[name])],
        )
        for name in FILTERS
    ]


def tournament_filter(project: Project, chosen: Tournament | None) -> Filter:
    """A select of the tournaments that have been started."""
    played = project.tournaments.exclude(status=TournamentStatus.DRAFT)
    options = [(str(pk), name) for pk, name in played.values_list("pk", "name")]
    return Filter(
        "tournament", "Tournament", str(chosen.pk) if chosen else "", [("", "all"), *options]
    )
