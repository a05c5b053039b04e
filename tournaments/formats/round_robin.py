"""Round robin: on every prompt, everybody meets everybody once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from arena.common import plugins
from tournaments.formats import registry
from tournaments.formats.base import Field, Game, Pairing, Scope


def circle(entrants: Sequence[int]) -> Iterator[list[tuple[int, int]]]:
    """Yield the rounds of the circle method; in each, every entrant plays at most once.

    One entrant stays, the others move on by one seat after each round, and opposite seats play; an
    odd field gets an empty seat, whose opponent rests. Sides are dealt so that everybody is first
    in half of their games, give or take one half.
    """
    seats: list[int | None] = list(entrants)
    if len(seats) % 2:
        seats.insert(0, None)
    for round_ in range(len(seats) - 1):
        pairs = list(zip(seats, reversed(seats), strict=True))[: len(seats) // 2]
        if round_ % 2:  # the one that stays would otherwise be first all the time
            pairs[0] = pairs[0][::-1]
        yield [(a, b) for a, b in pairs if a is not None and b is not None]
        seats.insert(1, seats.pop())


@registry.register("round_robin")
class RoundRobin:
    """All n (n - 1) / 2 pairs of every prompt, playable at once."""

    label = "Round robin"
    description = (
        "Everybody meets everybody on every prompt: n (n - 1) / 2 games. The most thorough format,"
        " and the most expensive."
    )
    scope = Scope.PROMPT
    Params = plugins.Params

    def __init__(self, params: plugins.Params) -> None:
        self.params = params

    def next_pairings(self, field: Field, games: Sequence[Game]) -> list[Pairing]:
        """All pairs that are not in `games` yet, in rounds that are perfect matchings."""
        (prompt,) = field.prompts
        scheduled = {(game.pairing.round, game.pairing.position) for game in games}
        return [
            Pairing(prompt, a, b, round_, position)
            for round_, pairs in enumerate(circle(sorted(field.entrants)))
            for position, (a, b) in enumerate(pairs)
            if (round_, position) not in scheduled
        ]

    def planned_games(self, n_entrants: int, n_prompts: int) -> int:
        """Exactly n (n - 1) / 2 games on every prompt."""
        return n_entrants * (n_entrants - 1) // 2 * n_prompts
