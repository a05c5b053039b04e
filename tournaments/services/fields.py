"""Who plays on which prompts: as the tables have it now, and as it was frozen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet

from arena.models import Competitor, Output, Prompt
from tournaments.formats import registry as formats
from tournaments.formats.base import Field, Format, Game, Result, Scope
from tournaments.models import Bracket, Roster, Tournament, Undecided
from tournaments.queries import latest_board

BATCH = 2000

Entrants = dict[int, set[int]]
"""{prompt: competitors that answered it}"""


@dataclass(frozen=True)
class Growth:
    """What a tournament that has started would get: {prompt: its entrants then}.

    `fresh` prompts do not play yet; `grown` ones do, and get entrants that they did not have.
    """

    fresh: Entrants = field(default_factory=dict)
    grown: Entrants = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.fresh or self.grown)

    @property
    def all(self) -> Entrants:
        return {**self.fresh, **self.grown}


def rule_of(tournament: Tournament) -> Format:
    """The tournament's format. Raises InvalidInput where it exists no more."""
    return formats.build(tournament.format, tournament.format_params)


def can_replace(rule: Format) -> bool:
    """Whether the format can play other games instead of those without a verdict."""
    return "games" in rule.Params.model_fields


def rule_for(tournament: Tournament, rule: Format, field: Field, games: Sequence[Game]) -> Format:
    """The format for one history: where told to, with a game more for each without a verdict.

    With twice its games at most, lest a judge that never answers be asked without end.
    """
    without = sum(game.result is Result.UNDECIDED for game in games)
    if tournament.undecided != Undecided.REPLACE or not without or not can_replace(rule):
        return rule
    able = {prompt: field.answered.get(prompt, field.entrants) for prompt in field.prompts}
    planned = sum(rule.planned_games(len(ids), 1) for ids in able.values())
    own = tournament.format_params.get("games") or planned
    params = {**tournament.format_params, "games": own + min(without, own)}
    return formats.build(tournament.format, params)


def answered(tournament: Tournament) -> Entrants:
    """Who of the tournament could play, as things stand now, on prompts that two can play on."""
    members = tournament.competitors.values_list("pk", flat=True)
    return playable(entrants_on(tournament.project_id, tournament.slice, members))


def playable(entrants: Entrants) -> Entrants:
    """The prompts that at least two answered."""
    return {prompt: ids for prompt, ids in entrants.items() if len(ids) > 1}


def entrants_on(
    project_id: int, chosen: Mapping[str, Any], competitors: Collection[int]
) -> Entrants:
    """Who of the competitors answered the prompts of a slice; in the order of the prompts."""
    prompts = _prompts_of(project_id, chosen)
    rows = Output.objects.filter(prompt__in=prompts, competitor__in=competitors)
    tagged = _with_tags(prompts, set(chosen.get("tags") or ()))
    found: Entrants = {}
    pairs = rows.order_by("prompt_id").values_list("prompt_id", "competitor_id")
    for prompt, competitor in pairs.iterator(chunk_size=BATCH):
        if tagged is None or prompt in tagged:
            found.setdefault(prompt, set()).add(competitor)
    return found


def slice_matches(project_id: int, chosen: Mapping[str, Any]) -> bool:
    """Whether any prompt of the project is in the slice."""
    prompts = _prompts_of(project_id, chosen)
    tagged = _with_tags(prompts, set(chosen.get("tags") or ()))
    return prompts.exists() if tagged is None else bool(tagged)


def _prompts_of(project_id: int, chosen: Mapping[str, Any]) -> QuerySet[Prompt]:
    """The prompts of a slice, but for its tags."""
    wanted = {name: chosen[name] for name in ("category", "language") if chosen.get(name)}
    return Prompt.objects.filter(project=project_id, **wanted)


def _with_tags(prompts: QuerySet[Prompt], tags: set[str]) -> set[int] | None:
    """Those that carry all of the tags; None where none is asked for."""
    if not tags:
        return None
    rows = prompts.values_list("pk", "tags")
    return {prompt for prompt, has in rows.iterator(chunk_size=BATCH) if tags <= set(has)}


def freeze(tournament: Tournament, entrants: Mapping[int, Collection[int]]) -> None:
    """Write down who plays on what; prompts and entrants are added to those that stand."""
    if rule_of(tournament).scope is Scope.PROMPT:
        rows = (
            Bracket(tournament=tournament, prompt_id=prompt, entrants=sorted(ids))
            for prompt, ids in entrants.items()
        )
        Bracket.objects.bulk_create(rows, batch_size=BATCH)
        return
    bracket, new = Bracket.objects.get_or_create(
        tournament=tournament, prompt=None, defaults={"entrants": []}
    )
    if new:  # frozen too: a schedule must not depend on a board that changes meanwhile
        bracket.board = _board(tournament)
    bracket.entrants = sorted(set(bracket.entrants).union(*entrants.values()))
    bracket.dirty, bracket.finished = True, False
    bracket.save()
    Roster.objects.bulk_create(
        (
            Roster(bracket=bracket, prompt_id=prompt, entrants=sorted(ids))
            for prompt, ids in entrants.items()
        ),
        update_conflicts=True,
        update_fields=["entrants"],
        unique_fields=["bracket", "prompt"],
        batch_size=BATCH,
    )


def _board(tournament: Tournament) -> dict[int, float]:
    """{competitor: rating} of the project's board as it is now."""
    run = latest_board(tournament.project)
    rated = {row["competitor"]: row["rating"] for row in run.rows if row["rating"]} if run else {}
    known = tournament.project.competitors.filter(name__in=rated)
    return {pk: rated[name] for pk, name in known.values_list("pk", "name")}


def planned_games(rule: Format, entrants: Mapping[int, Collection[int]]) -> int:
    """How many games the format plays with these entrants on these prompts, at most."""
    if rule.scope is Scope.PROMPT:
        sizes = Counter(len(ids) for ids in entrants.values())
        return sum(rule.planned_games(size, prompts) for size, prompts in sizes.items())
    everybody: set[int] = set().union(*entrants.values())
    return rule.planned_games(len(everybody), len(entrants))


def frozen(tournament: Tournament) -> Entrants:
    """{prompt: its entrants}, as it was written down."""
    if rule_of(tournament).scope is Scope.PROMPT:
        rows = tournament.brackets.filter(retired=False, prompt__isnull=False)
    else:
        rows = Roster.objects.filter(bracket__tournament=tournament)  # type: ignore[assignment]
    pairs = rows.order_by("pk").values_list("prompt_id", "entrants")
    return {prompt: set(ids) for prompt, ids in pairs.iterator(chunk_size=BATCH)}


def growth_of(tournament: Tournament, *, prompts: bool, newcomers: Collection[int]) -> Growth:
    """What has come since it was frozen.

    prompts: take new prompts and late outputs in. newcomers: ids of competitors that join, on all
    prompts that play and that they have answered. Who has withdrawn does not come back.
    """
    gone = set(tournament.withdrawn)
    members = set(tournament.competitors.values_list("pk", flat=True))
    playing = (members | set(newcomers)) - gone
    now = entrants_on(tournament.project_id, tournament.slice, playing)
    known = frozen(tournament)
    growth = Growth()
    for prompt, ids in now.items():
        if prompt not in known:
            if prompts and len(ids) > 1:
                growth.fresh[prompt] = ids
        elif late := (ids - known[prompt]) & (ids if prompts else set(newcomers)):
            growth.grown[prompt] = (known[prompt] | late) - gone
    return growth


def fields_of(tournament: Tournament, brackets: Iterable[Bracket]) -> Iterator[Field]:
    """The frozen field of each bracket, with the names of all competitors of the project."""
    names = dict(Competitor.objects.filter(project=tournament.project_id).values_list("pk", "name"))
    for bracket in brackets:
        if bracket.prompt_id:
            entrants = tuple(bracket.entrants)
            yield Field(entrants, (bracket.prompt_id,), tournament.seed, names)
        else:
            yield _whole(tournament, bracket, names)


def field_of(tournament: Tournament, bracket: Bracket) -> Field:
    """The frozen field of one bracket."""
    return next(fields_of(tournament, [bracket]))


def _whole(tournament: Tournament, bracket: Bracket, names: Mapping[int, str]) -> Field:
    """The field of a bracket that covers all prompts; who has withdrawn answers none of them."""
    gone = set(tournament.withdrawn)
    rows = bracket.rosters.order_by("pk").values_list("prompt_id", "entrants")
    able = {prompt: frozenset(ids) - gone for prompt, ids in rows.iterator(chunk_size=BATCH)}
    able = {prompt: ids for prompt, ids in able.items() if len(ids) > 1}
    board = {int(pk): rating for pk, rating in bracket.board.items()}  # JSON keys are texts
    return Field(tuple(bracket.entrants), tuple(able), tournament.seed, names, able, board)
