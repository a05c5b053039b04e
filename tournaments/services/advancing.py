"""Asking the format what to play next, and writing it down.

Brackets advance on their own. Whatever happens twice, or half, is repaired by asking again: the
format is a pure function of the matches that stand in the tables.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from django.db import transaction

from arena.models import Output
from arena.services import comparisons
from judges.models import SETTLED, Decision, DecisionStatus
from judges.services import decisions
from tournaments.formats import registry as formats
from tournaments.formats.base import Field, Format, Game, Pairing, Result
from tournaments.models import Bracket, Match, Tournament, TournamentStatus
from tournaments.services import lifecycle
from tournaments.services.budgeting import Purse, limits_in_words, purse_of
from tournaments.tasks import rate as rate_task

BATCH = 100
"""Brackets that advance in one transaction."""

Wish = tuple[Bracket, Pairing]


def advance(tournament_id: int) -> None:
    """Advance every bracket that something happened to, until nothing more can be scheduled."""
    while _advance_batch(tournament_id):
        pass
    if lifecycle.complete(tournament_id):
        rate_task.delay(tournament_id=tournament_id)


@transaction.atomic
def _advance_batch(tournament_id: int) -> bool:
    """Advance some dirty brackets; False when there is none (or the tournament is not running)."""
    tournament = Tournament.objects.select_for_update().get(pk=tournament_id)
    if tournament.status != TournamentStatus.RUNNING:
        return False
    purse = purse_of(tournament)
    if purse.overdrawn and purse.pending:
        lifecycle.pause(tournament, f"the budget of {limits_in_words(tournament)} is used up")
        return False
    dirty = list(tournament.brackets.filter(dirty=True).order_by("id")[:BATCH])
    if not dirty:
        return False
    Bracket.objects.filter(pk__in=[bracket.pk for bracket in dirty]).update(dirty=False)
    rule = formats.build(tournament.format, tournament.format_params)
    wishes = _ask_format(tournament, rule, dirty)
    scheduled = _schedule(tournament, wishes, purse)
    if scheduled < len(wishes):
        _wait_for_budget(tournament, [bracket for bracket, _ in wishes[scheduled:]])
        return False
    return True


def _ask_format(tournament: Tournament, rule: Format, dirty: list[Bracket]) -> list[Wish]:
    """What each bracket can play now. A bracket with nothing to play or to wait for is over."""
    games = _games(dirty)
    names = dict(tournament.competitors.values_list("pk", "name"))
    wishes: list[Wish] = []
    over = []
    for bracket in dirty:
        history = games[bracket.pk]
        pairings = rule.next_pairings(field_of(tournament, bracket, names), history)
        wishes += [(bracket, pairing) for pairing in pairings]
        if not pairings and not any(game.result is Result.PENDING for game in history):
            over.append(bracket.pk)
    Bracket.objects.filter(pk__in=over).update(finished=True)
    return wishes


def field_of(
    tournament: Tournament, bracket: Bracket, names: Mapping[int, str] | None = None
) -> Field:
    """The frozen field of a bracket."""
    prompts = (bracket.prompt_id,) if bracket.prompt_id else ()
    return Field(tuple(bracket.entrants), prompts, tournament.seed, names or {})


def games_of(bracket: Bracket) -> list[Game]:
    """All games of a bracket and how they stand."""
    return _games([bracket])[bracket.pk]


def _games(brackets: Iterable[Bracket]) -> defaultdict[int, list[Game]]:
    found: defaultdict[int, list[Game]] = defaultdict(list)
    rows = Match.objects.filter(bracket__in=list(brackets)).order_by("id")
    for bracket, prompt, a, b, round_, position, status, winner in rows.values_list(
        "bracket_id",
        "decision__comparison__prompt_id",
        "decision__comparison__output_a__competitor_id",
        "decision__comparison__output_b__competitor_id",
        "round",
        "position",
        "decision__status",
        "decision__winner",
    ):
        pairing = Pairing(prompt, a, b, round_, position)
        found[bracket].append(Game(pairing, _result(status, winner)))
    return found


def _result(status: str, winner: str | None) -> Result:
    if status == DecisionStatus.DECIDED:
        return Result(winner) if winner in ("a", "b") else Result.TIE
    return Result.UNDECIDED if status == DecisionStatus.UNDECIDED else Result.PENDING


def _schedule(tournament: Tournament, wishes: Sequence[Wish], purse: Purse) -> int:
    """Write comparisons, ask the judge, write matches; look again where all is decided already.

    Returns how many wishes were granted: as many, in order, as the budget pays for.
    """
    outputs = _outputs([pairing for _, pairing in wishes])
    pairs = [
        (outputs[pairing.prompt, pairing.a], outputs[pairing.prompt, pairing.b])
        for _, pairing in wishes
    ]
    compared = comparisons.ensure(pairs)
    keys = [compared[min(pair), max(pair)] for pair in pairs]
    known = Decision.objects.filter(judge=tournament.judge_id, comparison_id__in=keys)
    # A call that failed for an earlier tournament is worth another try; but not while a bracket
    # that has gone on by lot still plays.
    decisions.retry(known.exclude(matches__bracket__finished=False))
    decided = set(known.filter(status__in=SETTLED).values_list("comparison_id", flat=True))
    granted = _granted(purse, keys, decided)
    wishes, keys = wishes[:granted], keys[:granted]
    asked = decisions.ask(tournament.judge, keys)
    # Whoever settles one of them now waits until the matches stand, and then wakes their brackets.
    list(Decision.objects.filter(pk__in=asked.values()).order_by("pk").select_for_update())
    Match.objects.bulk_create(
        (
            Match(
                tournament=tournament,
                bracket=bracket,
                decision_id=asked[key],
                round=pairing.round,
                position=pairing.position,
            )
            for (bracket, pairing), key in zip(wishes, keys, strict=True)
        ),
        batch_size=2000,
    )
    Bracket.objects.filter(
        pk__in={bracket.pk for bracket, _ in wishes}, matches__decision__status__in=SETTLED
    ).update(dirty=True)
    return granted


def _outputs(pairings: Sequence[Pairing]) -> dict[tuple[int, int], int]:
    """{(prompt, competitor): output}; of several samples the first."""
    rows = Output.objects.filter(
        prompt__in={pairing.prompt for pairing in pairings},
        competitor__in={competitor for p in pairings for competitor in (p.a, p.b)},
    ).order_by("-sample", "-id")
    return {(prompt, who): pk for prompt, who, pk in rows.values_list("prompt", "competitor", "pk")}


def _granted(purse: Purse, keys: Sequence[int], decided: set[int]) -> int:
    """How many comparisons, in order, can be paid for. What is decided already is free."""
    new = [number for number, key in enumerate(keys) if key not in decided]
    affordable = purse.affordable(len(new))
    return new[affordable] if affordable < len(new) else len(keys)


def _wait_for_budget(tournament: Tournament, brackets: Sequence[Bracket]) -> None:
    """Ask again when a verdict frees what was kept back for it; pause when nothing is under way."""
    tournament.brackets.filter(pk__in={bracket.pk for bracket in brackets}).update(dirty=True)
    if tournament.matches.exclude(decision__status__in=SETTLED).exists():
        return
    Tournament.objects.filter(pk=tournament.pk).update(
        status=TournamentStatus.PAUSED,
        note=f"the budget of {limits_in_words(tournament)} is used up",
    )
