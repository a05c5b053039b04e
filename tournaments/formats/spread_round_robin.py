"""Spread round robin: calls cover prompts before they repeat pairs on one."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field as Param

from arena.common import plugins
from tournaments.formats import registry
from tournaments.formats.base import Field, Game, Pairing, Scope
from tournaments.formats.random_pairs import shuffled_rounds


@registry.register("spread_round_robin")
class SpreadRoundRobin:
    """On each prompt a random perfect matching: over many prompts everybody meets everybody.

    Comparisons that share an answer depend on each other, so a call on a fresh prompt tells more
    than another pair on the same one.
    """

    label = "Spread round robin"
    description = (
        "On each prompt a random perfect matching, n / 2 games; over the prompts everybody meets "
        "everybody. Each call tells more than in a round robin on every prompt."
    )
    scope = Scope.PROMPT

    class Params(plugins.Params):
        rounds: int = Param(default=1, ge=1, description="matchings on each prompt")

    def __init__(self, params: Params) -> None:
        self.params = params

    def next_pairings(self, field: Field, games: Sequence[Game]) -> list[Pairing]:
        """The pairs of the drawn matchings that are not in `games` yet."""
        (prompt,) = field.prompts
        scheduled = {(game.pairing.round, game.pairing.position) for game in games}
        return [
            Pairing(prompt, a, b, round_, position)
            for round_, matching in enumerate(shuffled_rounds(field)[: self.params.rounds])
            for position, (a, b) in enumerate(matching)
            if (round_, position) not in scheduled
        ]

    def planned_games(self, n_entrants: int, n_prompts: int) -> int:
        """n / 2, rounded down, for each round on every prompt."""
        rounds = n_entrants - 1 + n_entrants % 2
        return min(self.params.rounds, max(rounds, 0)) * (n_entrants // 2) * n_prompts
