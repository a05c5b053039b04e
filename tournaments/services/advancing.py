"""Asking the format what to play next, and writing it down.

Brackets advance on their own. Whatever happens twice, or half, is repaired by asking again: the
format is a pure function of the matches that stand in the tables.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from arena.common.errors import InvalidInput
from arena.models import Output
from arena.services import comparisons
from judges.models import SETTLED, Decision, DecisionStatus
from judges.services import decisions
from tournaments.formats.base import Format, Pairing, Result, Scope
from tournaments.models import Bracket, Match, News, Tournament, TournamentStatus
from tournaments.services import asking, lifecycle
from tournaments.services.budgeting import Purse, purse_of, why_it_stops
from tournaments.services.fields import fields_of, rule_of
from tournaments.services.histories import (
    awaits_older_wave,
    games_by_bracket,
    outlook,
    stored_walkover,
)

BATCH = 100
"""Brackets that advance in one transaction."""

Wish = tuple[Bracket, Pairing]


class FormatBroke(Exception):
    """The format could not say what to play: its own fault, which asking again does not mend."""


def advance(tournament_id: int) -> None:
    """Advance every bracket that something happened to, until nothing more can be scheduled."""
    try:
        while _advance_batch(tournament_id):
            pass
    except FormatBroke as error:
        lifecycle.fail(tournament_id, str(error))
        return
    if lifecycle.complete(tournament_id):
        lifecycle.have_rated(tournament_id)


@transaction.atomic
def _advance_batch(tournament_id: int) -> bool:
    """Advance some brackets; False when there is none to ask (or the tournament is not running).

    The tournament's row is locked first, then decisions; only who has it writes brackets.
    """
    tournament = Tournament.objects.select_for_update().get(pk=tournament_id)
    if tournament.status != TournamentStatus.RUNNING:
        return False
    _hear_of_the_finished(tournament)
    purse = purse_of(tournament)
    if purse.overdrawn and purse.pending:
        lifecycle.pause(tournament, why_it_stops(tournament))
        return False
    playing = tournament.brackets.filter(finished=False)
    stirred = list(to_be_asked(playing).order_by("id")[:BATCH])
    if not stirred:
        return False
    _hear(stirred)
    rule = _rule(tournament)
    wishes = _ask_format(tournament, rule, stirred)
    scheduled = _schedule(tournament, wishes, purse)
    if scheduled < len(wishes):
        _wait_for_budget(tournament, [bracket for bracket, _ in wishes[scheduled:]])
        return False
    if rule.scope is Scope.TOURNAMENT and wishes:
        Bracket.objects.filter(pk=wishes[0][0].pk).update(dirty=True)  # two waves go on at once
    return True


def to_be_asked(brackets: QuerySet[Bracket]) -> QuerySet[Bracket]:
    """Those in which something happened since their format was last asked."""
    return brackets.filter(Q(dirty=True) | Exists(News.objects.filter(bracket=OuterRef("pk"))))


def _hear(brackets: Sequence[Bracket]) -> None:
    """Take note, before the games are read: what comes later leaves word again."""
    ids = [bracket.pk for bracket in brackets]
    heard = list(News.objects.filter(bracket__in=ids).values_list("pk", flat=True))
    News.objects.filter(pk__in=heard).delete()
    Bracket.objects.filter(pk__in=ids, dirty=True).update(dirty=False)


def _hear_of_the_finished(tournament: Tournament) -> None:
    """Nothing is asked where a bracket is over; what was ruled anew there is rated at the end."""
    News.objects.filter(bracket__in=tournament.brackets.filter(finished=True)).delete()


def _rule(tournament: Tournament) -> Format:
    try:
        return rule_of(tournament)
    except InvalidInput as error:
        raise FormatBroke(error.message) from error


def _ask_format(tournament: Tournament, rule: Format, brackets: list[Bracket]) -> list[Wish]:
    """What each bracket can play now. A bracket with nothing to play or to wait for is over."""
    if rule.scope is Scope.TOURNAMENT:
        brackets = [bracket for bracket in brackets if not awaits_older_wave(bracket)]
    games = games_by_bracket(tournament, rule, brackets)
    wishes: list[Wish] = []
    over = []
    for bracket, field in zip(brackets, fields_of(tournament, brackets), strict=True):
        try:
            ahead = outlook(tournament, rule, field, games[bracket.pk])
        except Exception as error:  # a plug-in may break in any way
            raise FormatBroke(f"the format broke: {type(error).__name__}: {error}") from error
        wishes += [(bracket, pairing) for pairing in ahead.pairings]
        if ahead.walkovers:
            bracket.walkovers += map(stored_walkover, ahead.walkovers)
            bracket.save(update_fields=["walkovers"])
        if not ahead.pairings and not any(g.result is Result.PENDING for g in ahead.history):
            over.append(bracket.pk)
    Bracket.objects.filter(pk__in=over).update(finished=True)
    return wishes


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
    list(known.order_by("pk").select_for_update().values_list("pk", flat=True))
    failed = _failed(known)
    decided = set(known.filter(status__in=SETTLED).values_list("comparison_id", flat=True))
    granted = _granted(purse, keys, decided - failed)
    wishes, keys = wishes[:granted], keys[:granted]
    again = known.filter(comparison_id__in=failed.intersection(keys))
    asking.let_others_go(tournament, again.values_list("pk", flat=True))
    decisions.retry(again)
    asked = decisions.ask(tournament.judge, keys)
    # Whoever settles one of them now waits until the matches stand, and then wakes their brackets.
    list(Decision.objects.filter(pk__in=asked.values()).order_by("pk").select_for_update())
    scheduled = [(wish, asked[key]) for wish, key in zip(wishes, keys, strict=True)]
    _write(tournament, scheduled, {asked[key] for key in keys if key not in decided - failed})
    Bracket.objects.filter(
        pk__in={bracket.pk for bracket, _ in wishes}, matches__decision__status__in=SETTLED
    ).update(dirty=True)
    return granted


def _failed(known: QuerySet[Decision]) -> set[int]:
    """The comparisons whose call failed for an earlier tournament: it is worth another try.

    But not while a bracket that has gone on by lot still plays.
    """
    failed = known.filter(status=DecisionStatus.UNDECIDED, silence__in=decisions.RETRYABLE)
    over = failed.exclude(matches__bracket__finished=False)
    return set(over.values_list("comparison_id", flat=True))


def _write(
    tournament: Tournament, scheduled: Sequence[tuple[Wish, int]], due: Collection[int]
) -> None:
    """Write the matches, each with its decision. One of a retired bracket moves to its new place.

    So a comparison that an extended field plays again is the same match as before. `due` decisions
    had no verdict yet: the tournament asks for them from now on.
    """
    now = timezone.now()
    standing = _retired(tournament, {decision for _, decision in scheduled})
    new: list[Match] = []
    moved: list[Match] = []
    for (bracket, pairing), decision in scheduled:
        match = standing.pop(decision, None)
        kind = moved if match else new
        match = match or Match(tournament=tournament, decision_id=decision)
        kind.append(match)
        match.bracket, match.round, match.position = bracket, pairing.round, pairing.position
        if decision in due:
            match.asked_at, match.asked_until = match.asked_at or now, None
    Match.objects.bulk_create(new, batch_size=2000)
    if moved:
        changed = ["bracket", "round", "position", "asked_at", "asked_until"]
        Match.objects.bulk_update(moved, changed, batch_size=500)
        mine = Tournament.objects.filter(pk=tournament.pk)
        mine.update(planned=F("planned") - len(moved))  # it was planned in both


def _retired(tournament: Tournament, decision_ids: Collection[int]) -> dict[int, Match]:
    """{decision: its match in a bracket that is drawn anew}."""
    if not tournament.brackets.filter(retired=True).exists():
        return {}
    rows = tournament.matches.filter(bracket__retired=True, decision__in=decision_ids)
    return {match.decision_id: match for match in rows}


def _outputs(pairings: Sequence[Pairing]) -> dict[tuple[int, int], int]:
    """{(prompt, competitor): output}; of several samples the first."""
    rows = Output.objects.filter(
        prompt__in={pairing.prompt for pairing in pairings},
        competitor__in={competitor for p in pairings for competitor in (p.a, p.b)},
    ).order_by("-sample", "-id")
    return {(prompt, who): pk for prompt, who, pk in rows.values_list("prompt", "competitor", "pk")}


def _granted(purse: Purse, keys: Sequence[int], decided: set[int]) -> int:
    """How many comparisons, in order, can be paid for. What is decided is free, a retry is not."""
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
        note=why_it_stops(tournament),
    )
