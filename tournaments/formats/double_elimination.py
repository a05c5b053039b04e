"""Double elimination: on every prompt who has lost twice is out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Sequence

from arena.common import plugins
from tournaments.formats import registry
from tournaments.formats.base import Field, Game, Pairing, Result, Scope
from tournaments.formats.rounds import Pair, draw, matching, pair_of, standing_round, winner_of


@registry.register("double_elimination")
class DoubleElimination:
    """In each round the undefeated meet each other, and so do those with one loss.

    One judge gives one verdict on a pair of answers, so two who met already do not play again:
    their game counts as it ended, at no cost.
    """

    label = "Double elimination"
    description = (
        "A knock-out on every prompt in which it takes two losses to be out: at most 2 n - 2 games,"
        " and one unlucky verdict does not end a run."
    )
    scope = Scope.PROMPT
    Params = plugins.Params

    def __init__(self, params: plugins.Params) -> None:
        self.params = params

    def next_pairings(self, field: Field, games: Sequence[Game]) -> list[Pairing]:
        """The next round, once the one before is settled."""
        entrants = draw(field)
        losses: Counter[int] = Counter()
        met: dict[Pair, int] = {}
        for number in range(2 * len(entrants)):
            played = {
                pair_of(game.pairing.a, game.pairing.b): game
                for game in games
                if game.pairing.round == number
            }
            pairs = _groups([who for who in entrants if losses[who] < 2], losses, met)
            new = [pair for pair in pairs if pair not in met]
            if missing := [pair for pair in new if pair not in played]:
                return standing_round(field, number, missing, list(played.values()))
            if any(game.result is Result.PENDING for game in played.values()):
                return []
            replayed = {pair: met[pair] for pair in pairs if pair in met}
            settled = {pair: winner_of(game, field) for pair, game in played.items()}
            met |= settled
            for pair, winner in (replayed | settled).items():
                losses.update(who for who in pair if who != winner)
        return []

    def planned_games(self, n_entrants: int, n_prompts: int) -> int:
        """At most two losses for everybody but the winner, who may have one."""
        most = n_entrants * (n_entrants - 1) // 2
        return min(max(2 * n_entrants - 1, 0), most) * n_prompts


def _groups(alive: list[int], losses: Counter[int], met: Container[Pair]) -> list[Pair]:
    """The pairs within each group; the last of an odd one rests. The last two of all meet whatever
    they lost."""
    if len(alive) == 2:
        return [pair_of(*alive)]
    groups = [[who for who in alive if losses[who] == count] for count in (0, 1)]
    return [pair for group in groups for pair in _neighbours(group, met)]


def _neighbours(group: list[int], met: Container[Pair]) -> list[Pair]:
    """Neighbours of the draw who have not met; where that cannot be done for all, neighbours."""
    even = group[: len(group) // 2 * 2]
    pairs = matching(even, met) or list(zip(even[::2], even[1::2], strict=True))
    return [pair_of(*pair) for pair in pairs]
