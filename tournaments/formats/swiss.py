"""Swiss: on every prompt a few rounds in which equals meet, and nobody meets anybody twice."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from pydantic import Field as Param

from arena.common import plugins
from tournaments.formats import registry
from tournaments.formats.base import Field, Game, Pairing, Result, Scope
from tournaments.formats.rounds import Pair, draw, matching, next_round, pair_of

POINTS = {Result.A: (1.0, 0.0), Result.B: (0.0, 1.0)}
"""For a and b; a tie and a game without a verdict give half a point each."""


@registry.register("swiss")
class Swiss:
    """Rounds are paired by points; who has a bye gets a point, and nobody gets two byes."""

    label = "Swiss system"
    description = (
        "On every prompt some rounds in which those with equal points meet, never twice. More games"
        " for everybody than a knock-out, far fewer than a round robin."
    )
    scope = Scope.PROMPT

    class Params(plugins.Params):
        rounds: int | None = Param(
            default=None, ge=1, description="rounds on each prompt; else as many as a knock-out has"
        )

    def __init__(self, params: Params) -> None:
        self.params = params

    def next_pairings(self, field: Field, games: Sequence[Game]) -> list[Pairing]:
        """The next round, once the one before is settled."""
        entrants = draw(field)
        return next_round(
            field, games, lambda before: _pair(entrants, before), self._rounds(len(entrants))
        )

    def planned_games(self, n_entrants: int, n_prompts: int) -> int:
        """n / 2, rounded down, in each round on every prompt."""
        return self._rounds(n_entrants) * (n_entrants // 2) * n_prompts

    def _rounds(self, entrants: int) -> int:
        if entrants < 2:
            return 0
        usual = (entrants - 1).bit_length()
        # Up to half of the field a pairing without rematches exists, whoever met whom.
        return min(self.params.rounds or usual, max(entrants // 2, 1))


def _pair(entrants: list[int], games: Sequence[Game]) -> list[Pair]:
    """Pair the next round: by points, then by the draw, without rematches."""
    points: defaultdict[int, float] = defaultdict(float)
    met: set[Pair] = set()
    games_of: Counter[int] = Counter()
    for game in games:
        a, b = game.pairing.a, game.pairing.b
        for who, gained in zip((a, b), POINTS.get(game.result, (0.5, 0.5)), strict=True):
            points[who] += gained
        met.add(pair_of(a, b))
        games_of.update((a, b))
    rounds = 1 + max((game.pairing.round for game in games), default=-1)
    byes = {who for who in entrants if games_of[who] < rounds}
    for who in byes:
        points[who] += rounds - games_of[who]
    standing = sorted(entrants, key=lambda who: -points[who])
    if len(standing) % 2:
        rests = next(who for who in reversed(standing) if who not in byes)
        standing.remove(rests)
    return matching(standing, met) or []
