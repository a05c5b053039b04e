"""Group stage and knock-out: on every prompt small round robins, then a bracket of the best."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations

from pydantic import Field as Param

from arena.common import plugins
from tournaments.formats import registry
from tournaments.formats.base import Field, Game, Pairing, Result, Scope
from tournaments.formats.rounds import Pair, draw, pair_of, standing_round, winner_of


@registry.register("groups_knockout")
class GroupsKnockout:
    """Round 0 is the group stage; the best of each group play a knock-out from round 1 on.

    In the first knock-out round winners of groups are kept apart from the seconds of their own.
    """

    label = "Groups and knock-out"
    description = (
        "On every prompt everybody plays a small group, and the best of each group a knock-out: "
        "nobody goes home after one unlucky verdict."
    )
    scope = Scope.PROMPT

    class Params(plugins.Params):
        group_size: int = Param(default=4, ge=2, le=16, description="entrants of a group, about")
        advance: int = Param(default=2, ge=1, le=8, description="who goes on from each group")

    def __init__(self, params: Params) -> None:
        self.params = params

    def next_pairings(self, field: Field, games: Sequence[Game]) -> list[Pairing]:
        """The group games at once; then each knock-out round when the one before is settled."""
        groups = self._groups(draw(field))
        stage = [pair_of(*pair) for group in groups for pair in combinations(group, 2)]
        played = [game for game in games if game.pairing.round == 0]
        if missing := _unscheduled(field, stage, played):
            return missing
        if any(game.result is Result.PENDING for game in played):
            return []
        return _knockout(field, self._qualified(groups, played), games)

    def planned_games(self, n_entrants: int, n_prompts: int) -> int:
        """All group games, and at most one game less than go on."""
        groups = self._groups(list(range(n_entrants)))
        stage = sum(len(group) * (len(group) - 1) // 2 for group in groups)
        going_on = sum(min(self.params.advance, len(group)) for group in groups)
        most = n_entrants * (n_entrants - 1) // 2
        return min(stage + max(going_on - 1, 0), most) * n_prompts

    def _groups(self, entrants: list[int]) -> list[list[int]]:
        count = max(1, round(len(entrants) / self.params.group_size))
        return [entrants[number::count] for number in range(count)]

    def _qualified(self, groups: Sequence[Sequence[int]], stage: Sequence[Game]) -> list[int]:
        """Who goes on: first the winners of all groups, then the seconds, and so on."""
        points: defaultdict[int, float] = defaultdict(float)
        for game in stage:
            for who in (game.pairing.a, game.pairing.b):
                points[who] += _points(game, who)
        tables = [sorted(group, key=lambda who: -points[who]) for group in groups]
        return [
            table[place]
            for place in range(self.params.advance)
            for table in tables
            if place < len(table)
        ]


def _knockout(field: Field, left: list[int], games: Sequence[Game]) -> list[Pairing]:
    """The first round that is not complete. Who met in the group stage does not meet again: one
    judge gives one verdict on a pair of answers, and it counts as it was."""
    met = _winners([game for game in games if game.pairing.round == 0], field)
    number = 1
    while len(left) > 1:
        pairs = [pair_of(a, b) for a, b in zip(left, reversed(left), strict=True)][: len(left) // 2]
        played = [game for game in games if game.pairing.round == number]
        known = met.keys() | {pair_of(game.pairing.a, game.pairing.b) for game in played}
        if missing := [pair for pair in pairs if pair not in known]:
            return standing_round(field, number, missing, played)
        if any(game.result is Result.PENDING for game in played):
            return []
        met |= _winners(played, field)
        out = {who for pair in pairs for who in pair if who != met[pair]}
        left = [who for who in left if who not in out]
        number += 1
    return []


def _winners(games: Sequence[Game], field: Field) -> dict[Pair, int]:
    return {pair_of(game.pairing.a, game.pairing.b): winner_of(game, field) for game in games}


def _points(game: Game, who: int) -> float:
    if game.result is Result.A or game.result is Result.B:
        winner = game.pairing.a if game.result is Result.A else game.pairing.b
        return float(who == winner)
    return 0.5


def _unscheduled(field: Field, pairs: Sequence[Pair], played: Sequence[Game]) -> list[Pairing]:
    (prompt,) = field.prompts
    taken = {game.pairing.position for game in played}
    return [
        Pairing(prompt, a, b, 0, position)
        for position, (a, b) in enumerate(pairs)
        if position not in taken
    ]
