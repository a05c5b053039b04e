"""Random pairs: on every prompt a few of all pairs, drawn so that all play about as often."""

from __future__ import annotations

import random
from collections.abc import Sequence

from pydantic import Field as Param

from arena.common import plugins
from tournaments.formats import registry
from tournaments.formats.base import Field, Game, Pairing, Scope
from tournaments.formats.round_robin import circle


@registry.register("random_pairs")
class RandomPairs:
    """The first pairs of a freshly shuffled round robin: no order of strength is presumed."""

    label = "Random pairs"
    description = (
        "On every prompt the same number of pairs, drawn afresh. Unbiased at any budget, and what "
        "cleverer schedules are compared with."
    )
    scope = Scope.PROMPT

    class Params(plugins.Params):
        games: int | None = Param(
            default=None,
            ge=1,
            title="Games on each prompt",
            description="games on each prompt; else half as many as entrants",
        )

    def __init__(self, params: Params) -> None:
        self.params = params

    def next_pairings(self, field: Field, games: Sequence[Game]) -> list[Pairing]:
        """All drawn pairs that are not in `games` yet."""
        (prompt,) = field.prompts
        scheduled = {(game.pairing.round, game.pairing.position) for game in games}
        drawn = shuffled_rounds(field)
        pairs = [
            Pairing(prompt, a, b, round_, position)
            for round_, matching in enumerate(drawn)
            for position, (a, b) in enumerate(matching)
        ]
        wanted = pairs[: self._games(len(field.entrants))]
        return [pair for pair in wanted if (pair.round, pair.position) not in scheduled]

    def planned_games(self, n_entrants: int, n_prompts: int) -> int:
        """The same number on every prompt."""
        return self._games(n_entrants) * n_prompts

    def _games(self, entrants: int) -> int:
        most = entrants * (entrants - 1) // 2
        return min(self.params.games or entrants // 2, most)


def shuffled_rounds(field: Field) -> list[list[tuple[int, int]]]:
    """The rounds of a round robin of the one prompt's entrants, drawn by seed and prompt alone.

    Each round is a matching, the rounds come in random order, and so do the pairs in each.
    """
    (prompt,) = field.prompts
    luck = random.Random(f"{field.seed}:{prompt}")
    entrants = luck.sample(sorted(field.entrants), len(field.entrants))
    rounds = list(circle(entrants))
    luck.shuffle(rounds)
    return [luck.sample(matching, len(matching)) for matching in rounds]
