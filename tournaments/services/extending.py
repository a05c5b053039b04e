"""Changing a tournament that has started: more prompts, competitors and budget; and withdrawals.

What was scheduled stands. A prompt whose field grows is drawn anew: its old bracket is retired, and
whatever the new one plays again keeps its match and its verdict. A format that covers all prompts
goes on with the larger field instead.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass

from django.db import transaction
from django.db.models import QuerySet

from arena.common.errors import Conflict, InvalidInput
from arena.models import Competitor
from judges.models import DecisionStatus
from judges.services.costs import cost_of
from tournaments.formats.base import Format, Scope
from tournaments.models import Bracket, Match, Tournament, TournamentStatus
from tournaments.queries import usage_of
from tournaments.services import lifecycle
from tournaments.services.budgeting import purse_of, why_it_stops
from tournaments.services.estimating import Pair, foreseen
from tournaments.services.fields import (
    Growth,
    freeze,
    frozen,
    growth_of,
    planned_games,
    rule_of,
)

EXTENDABLE = (TournamentStatus.RUNNING, TournamentStatus.PAUSED, TournamentStatus.COMPLETED)

NOT_BEGUN = (DecisionStatus.OPEN, DecisionStatus.WAITING, DecisionStatus.HELD)
"""Nothing of it is paid for or being judged."""


@dataclass(frozen=True)
class Wanted:
    """What a tournament shall get.

    prompts: those of its slice that came since it started, and outputs that came late.
    competitors: names of others who join. max_calls and max_usd: new limits of the whole budget.
    """

    prompts: bool = False
    competitors: tuple[str, ...] = ()
    max_calls: int | None = None
    max_usd: float | None = None


@dataclass(frozen=True)
class Extension:
    """What an extension has played, at most, and what that costs; `usd` None: no price is known.

    `matches` come on top of those that it has; `decided_already` of them cost nothing. `calls` are
    as planned, `most_calls` where replies have to be repaired: see `Estimate`.
    """

    prompts: int
    late_prompts: int
    competitors: tuple[str, ...]
    matches: int
    decided_already: int
    calls: int
    most_calls: int
    usd: float | None

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def extension_of(tournament: Tournament, wanted: Wanted) -> Extension:
    """What `extend` would add; nothing is written. Raises what `extend` raises."""
    _refuse_unless(tournament, EXTENDABLE)
    _check_budget(tournament, wanted)
    newcomers = _newcomers(tournament, wanted.competitors)
    growth = growth_of(tournament, prompts=wanted.prompts, newcomers=list(newcomers))
    rule, cost = rule_of(tournament), cost_of(tournament.judge)
    matches, known = _games_of(tournament, rule, growth)
    due = matches - known
    return Extension(
        prompts=len(growth.fresh),
        late_prompts=len(growth.grown),
        competitors=tuple(newcomers.values()),
        matches=matches,
        decided_already=known,
        calls=round(due * cost.calls),
        most_calls=due * cost.most_calls,
        usd=None if cost.usd is None else due * cost.usd,
    )


@transaction.atomic
def extend(tournament: Tournament, wanted: Wanted) -> Tournament:
    """Add what is wanted. A completed tournament plays on, a paused one waits to be resumed.

    Raises Conflict where it is not under way or completed, or where there is nothing to add, and
    InvalidInput for unknown competitors and for a budget below that of now or what is spent.
    """
    tournament = Tournament.objects.select_for_update().get(pk=tournament.pk)
    _refuse_unless(tournament, EXTENDABLE)
    _check_budget(tournament, wanted)
    newcomers = _newcomers(tournament, wanted.competitors)
    growth = growth_of(tournament, prompts=wanted.prompts, newcomers=list(newcomers))
    limits = {name: limit for name in ("max_calls", "max_usd") if (limit := getattr(wanted, name))}
    if not growth and not limits:
        raise Conflict("there is nothing to add: no prompt and no output has come since")
    Tournament.objects.filter(pk=tournament.pk).update(**limits)
    tournament.competitors.add(*newcomers)
    if growth:
        _grow(tournament, growth)
    tournament.refresh_from_db()
    if limits:
        _renew_note(tournament)
    if growth:
        return lifecycle.reopen(tournament)
    lifecycle.wake(tournament.pk)
    return tournament


def _renew_note(tournament: Tournament) -> None:
    """Say why it is paused by the budget that it has now; nothing where that reaches again."""
    if tournament.status != TournamentStatus.PAUSED or not tournament.note:
        return
    tournament.note = "" if purse_of(tournament).affordable(1) else why_it_stops(tournament)
    tournament.save(update_fields=["note"])


@transaction.atomic
def withdraw(tournament: Tournament, competitor: str, *, keep_games: bool) -> Tournament:
    """Take a competitor out of a tournament that has started; it cannot come back.

    What it has played stays on the board, or leaves it; nothing that was judged is deleted. Its
    games that nobody judges yet are taken back, and its opponents go on without a contest.
    Raises Conflict where it does not play, and where fewer than two would be left.
    """
    tournament = Tournament.objects.select_for_update().get(pk=tournament.pk)
    _refuse_unless(tournament, (*EXTENDABLE, TournamentStatus.FAILED))
    leaver = tournament.competitors.filter(name=competitor).first()
    if leaver is None or leaver.pk in tournament.withdrawn:
        raise InvalidInput(
            f"{competitor} does not play here", fields={"competitor": "does not play here"}
        )
    playing = tournament.competitors.exclude(pk__in=tournament.withdrawn)
    if playing.count() <= 2:
        raise Conflict("two competitors have to stay")
    Tournament.objects.filter(pk=tournament.pk).update(withdrawn=[*tournament.withdrawn, leaver.pk])
    played = matches_of(tournament, leaver)
    _take_back(tournament, played)
    if not keep_games:
        played.update(counts=False)
        tournament.competitors.remove(leaver)
    lifecycle.mark_changed(tournament.pk)
    tournament.brackets.filter(finished=False).update(dirty=True)
    lifecycle.wake(tournament.pk)
    tournament.refresh_from_db()
    return tournament


def matches_of(tournament: Tournament, competitor: Competitor) -> QuerySet[Match]:
    """The matches of a tournament in which the competitor plays."""
    return Match.objects.filter(lifecycle.plays(competitor.pk), tournament=tournament)


def _grow(tournament: Tournament, growth: Growth) -> None:
    rule = rule_of(tournament)
    if rule.scope is Scope.PROMPT:
        _retire(tournament, growth.grown)
    freeze(tournament, growth.all)
    planned = planned_games(rule, frozen(tournament))
    standing = tournament.matches.filter(bracket__retired=True).count()
    at_least = 0 if rule.scope is Scope.PROMPT else tournament.matches.count()
    Tournament.objects.filter(pk=tournament.pk).update(planned=max(planned + standing, at_least))


def _retire(tournament: Tournament, prompts: Collection[int]) -> None:
    """Make room for brackets with larger fields. What nobody judges yet is taken back."""
    ids = [
        pk
        for pk, prompt in tournament.brackets.filter(retired=False).values_list("pk", "prompt_id")
        if prompt in prompts
    ]
    for start in range(0, len(ids), 500):
        batch = ids[start : start + 500]
        _take_back(tournament, Match.objects.filter(bracket__in=batch))
        Bracket.objects.filter(pk__in=batch).update(retired=True, finished=True, dirty=False)


def _take_back(tournament: Tournament, matches: QuerySet[Match]) -> None:
    """Delete those of the matches that nobody has begun to judge."""
    lifecycle.hold_matches(tournament, matches)
    matches.filter(decision__status__in=NOT_BEGUN).delete()


def _games_of(tournament: Tournament, rule: Format, growth: Growth) -> tuple[int, int]:
    """How many games the growth has played, and how many of those are decided already."""
    if not growth:
        return 0, 0
    if rule.scope is Scope.TOURNAMENT:
        larger = planned_games(rule, {**frozen(tournament), **growth.all})
        ended = tournament.status == TournamentStatus.COMPLETED  # perhaps before its plan did
        before = tournament.matches.count() if ended else tournament.planned
        return max(larger - before, 0), 0
    seen = foreseen(tournament, rule, growth.all, _standing(tournament, growth.grown))
    return seen.matches, seen.decided


def _standing(tournament: Tournament, prompts: Collection[int]) -> set[Pair]:
    """What it plays on these prompts, both ways round: a larger field keeps those matches."""
    side = "decision__comparison__output_{}__competitor_id"
    rows = tournament.matches.filter(decision__comparison__prompt__in=prompts).values_list(
        "decision__comparison__prompt_id", side.format("a"), side.format("b")
    )
    return {pair for prompt, a, b in rows for pair in ((prompt, a, b), (prompt, b, a))}


def _newcomers(tournament: Tournament, names: Sequence[str]) -> dict[int, str]:
    """{id: name} of those that shall join."""
    known = tournament.project.competitors.filter(name__in=names)
    found = dict(known.values_list("pk", "name"))
    faults = [f"{name} is not known here" for name in sorted(set(names) - set(found.values()))]
    playing = set(tournament.competitors.values_list("pk", flat=True))
    gone = set(tournament.withdrawn)
    faults += [f"{found[pk]} has withdrawn" for pk in found if pk in gone]
    faults += [f"{found[pk]} plays already" for pk in found if pk in playing - gone]
    if faults:
        raise InvalidInput(
            "these competitors cannot join", fields={"competitors": "; ".join(faults)}
        )
    return found


def _check_budget(tournament: Tournament, wanted: Wanted) -> None:
    faults = {}
    for name in ("max_calls", "max_usd"):
        limit, now = getattr(wanted, name), getattr(tournament, name)
        if limit is not None and now is not None and limit < now:
            faults[f"budget.{name}"] = f"is below the {now:g} of now"
    if faults:
        raise InvalidInput("a budget is only raised", fields=faults)
    if wanted.max_calls is None and wanted.max_usd is None:
        return
    spent = usage_of(tournament)
    if wanted.max_calls is not None and wanted.max_calls < spent.calls:
        faults["budget.max_calls"] = f"is below the {spent.calls} calls that are spent"
    if wanted.max_usd is not None and wanted.max_usd < (spent.usd or 0.0):
        faults["budget.max_usd"] = f"is below the ${spent.usd:.4g} that are spent"
    if faults:
        raise InvalidInput("a budget reaches for what is spent at least", fields=faults)


def _refuse_unless(tournament: Tournament, allowed: Collection[str]) -> None:
    if tournament.status not in allowed:
        raise Conflict(f"the tournament is {tournament.status}; its field cannot change now")
