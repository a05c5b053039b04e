"""The games of a bracket as its format sees them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import astuple, dataclass
from typing import Any

from django.db.models import Avg, Max

from judges.models import SETTLED, DecisionStatus, Judgment
from tournaments.formats.base import Field, Format, Game, Pairing, Result, Scope
from tournaments.models import Bracket, Match, Tournament
from tournaments.queries import evidence_judges
from tournaments.services.fields import rule_for, rule_of

COLUMNS = (
    "bracket_id",
    "decision__comparison_id",
    "decision__comparison__prompt_id",
    "decision__comparison__output_a__competitor_id",
    "decision__comparison__output_b__competitor_id",
    "round",
    "position",
    "decision__status",
    "decision__winner",
    "decision__share",
)


@dataclass(frozen=True)
class Outlook:
    """The games so far, and what the format wants after them.

    `pairings` are to be judged; `walkovers` are new games that nobody has to judge, and stand in
    `history` already.
    """

    history: list[Game]
    pairings: list[Pairing]
    walkovers: list[Game]


def games_of(tournament: Tournament, bracket: Bracket) -> list[Game]:
    """All games of a bracket and how they stand, those without a contest among them."""
    return games_by_bracket(tournament, rule_of(tournament), [bracket])[bracket.pk]


def games_by_bracket(
    tournament: Tournament, rule: Format, brackets: Collection[Bracket]
) -> defaultdict[int, list[Game]]:
    """{bracket: its games}: those without a contest, and the scheduled ones in their order."""
    found: defaultdict[int, list[Game]] = defaultdict(list)
    for bracket in brackets:
        found[bracket.pk] = [_walkover(stored) for stored in bracket.walkovers]
    rows = Match.objects.filter(bracket__in=brackets).order_by("id")
    # Only a format that sees the whole tournament reckons with how clear a verdict was.
    strengths = _strengths(tournament) if rule.scope is Scope.TOURNAMENT else {}
    for pk, comparison, *places, status, winner, share in rows.values_list(*COLUMNS).iterator(
        chunk_size=10_000
    ):
        result = _result(status, winner)
        found[pk].append(Game(Pairing(*places), result, share, strengths.get(comparison)))
    return found


def _strengths(tournament: Tournament) -> dict[int, int]:
    """{comparison: how clear the winner was, from all who judged it and said so}."""
    said = (
        Judgment.objects.filter(
            judge__in=evidence_judges(tournament),
            comparison__in=tournament.matches.values("decision__comparison"),
            strength__isnull=False,
        )
        .order_by()
        .values_list("comparison_id")
        .annotate(mean=Avg("strength"))
    )
    return {comparison: round(mean) for comparison, mean in said}


def _result(status: str, winner: str | None) -> Result:
    if status == DecisionStatus.DECIDED:
        return Result(winner) if winner in ("a", "b") else Result.TIE
    return Result.UNDECIDED if status == DecisionStatus.UNDECIDED else Result.PENDING


def awaits_older_wave(bracket: Bracket) -> bool:
    """Whether a wave before the newest is not settled yet: the format has nothing to say then.

    A cheap look that saves loading the whole history with every verdict.
    """
    newest = bracket.matches.aggregate(newest=Max("round"))["newest"]
    older = bracket.matches.filter(round__lt=newest or 0)
    return older.exclude(decision__status__in=SETTLED).exists()


def outlook(tournament: Tournament, rule: Format, field: Field, games: Sequence[Game]) -> Outlook:
    """Ask the format. A game of somebody who has withdrawn goes to the opponent without a contest.

    Where one history covers all prompts it is a game without a result: nothing was learnt from it.
    """
    rule, withdrawn = rule_for(tournament, rule, field, games), set(tournament.withdrawn)
    walkovers: list[Game] = []
    while True:
        history = [*games, *walkovers]
        pairings = rule.next_pairings(field, history)
        empty = [pair for pair in pairings if {pair.a, pair.b} & withdrawn]
        if not empty:
            return Outlook(history, pairings, walkovers)
        walkovers += [Game(pair, _without_contest(rule, pair, withdrawn)) for pair in empty]


def _without_contest(rule: Format, pairing: Pairing, withdrawn: set[int]) -> Result:
    if rule.scope is Scope.TOURNAMENT or {pairing.a, pairing.b} <= withdrawn:
        return Result.UNDECIDED
    return Result.B if pairing.a in withdrawn else Result.A


def stored_walkover(game: Game) -> list[int | str]:
    """As `Bracket.walkovers` holds it."""
    return [*astuple(game.pairing), str(game.result)]


def _walkover(stored: Sequence[Any]) -> Game:
    return Game(Pairing(*stored[:-1]), Result(stored[-1]))
