"""Single elimination: for every prompt a freshly shuffled bracket of n - 1 games.

Every prompt draws its own bracket, without seeding by strength, as in Arena-Lite (arXiv
2411.01281). The pseudo-code printed there has a base case for two entrants only and never ends on
odd splits; here a half of one entrant simply moves on.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from arena.common import plugins
from tournaments.formats import registry
from tournaments.formats.base import Field, Game, Pairing, Result, Scope

Slot = tuple[int, int]
"""(round, position) of a game in the bracket."""


@dataclass(frozen=True)
class Node:
    """One game of a bracket.

    Rounds count from 0, and the final is alone in the last one. The game at (r, p) takes the
    winners of (r - 1, 2p) and (r - 1, 2p + 1), so `position` is also where it is drawn; in round 0
    a position is missing where an entrant has a bye. `a` and `b` are None while unknown, and
    `feeder_a` and `feeder_b` are None where the entrant comes straight from the draw. `result` is
    None until the game is in the history. `by_lot`: it had no winner, and a lot chose who advances.
    """

    round: int
    position: int
    a: int | None
    b: int | None
    feeder_a: Slot | None
    feeder_b: Slot | None
    result: Result | None = None
    advancing: int | None = None
    by_lot: bool = False


@dataclass(frozen=True)
class _Side:
    """One half of a game: who comes (None while unknown), and out of which game."""

    entrant: int | None
    feeder: Slot | None = None


def bracket(field: Field, games: Sequence[Game]) -> tuple[Node, ...]:
    """The bracket of the field's one prompt as it stands after `games`, by (round, position).

    The links `feeder_a` and `feeder_b` make it a tree whose root is the last node. Empty for fewer
    than two entrants. Raises ValueError when a game does not belong to this bracket.
    """
    played = {(game.pairing.round, game.pairing.position): game for game in games}
    nodes: dict[Slot, Node] = {}
    entrants = _draw(field)
    if entrants:
        _grow(entrants, ((len(entrants) - 1).bit_length() - 1, 0), field, played, nodes)
    foreign = played.keys() - nodes.keys()
    if foreign:
        raise ValueError(f"no game of this bracket is at (round, position) {min(foreign)}")
    return tuple(nodes[slot] for slot in sorted(nodes))


def _draw(field: Field) -> list[int]:
    """The entrants, shuffled by seed and prompt alone."""
    (prompt,) = field.prompts
    entrants = sorted(field.entrants)
    random.Random(f"{field.seed}:{prompt}").shuffle(entrants)
    return entrants


def _grow(
    entrants: list[int],
    slot: Slot,
    field: Field,
    played: Mapping[Slot, Game],
    nodes: dict[Slot, Node],
) -> _Side:
    """Add the sub-bracket of `entrants` that ends at `slot` to `nodes`; return what it sends on.

    Halves differ by at most one, so all byes fall into round 0 and who gets one is up to the draw.
    """
    if len(entrants) == 1:
        return _Side(entrants[0])
    half = len(entrants) // 2
    round_, position = slot
    a = _grow(entrants[:half], (round_ - 1, 2 * position), field, played, nodes)
    b = _grow(entrants[half:], (round_ - 1, 2 * position + 1), field, played, nodes)
    nodes[slot] = node = _node(slot, a, b, played, field)
    return _Side(node.advancing, slot)


def _node(slot: Slot, a: _Side, b: _Side, played: Mapping[Slot, Game], field: Field) -> Node:
    shape = (*slot, a.entrant, b.entrant, a.feeder, b.feeder)
    game = played.get(slot)
    if game is None:
        return Node(*shape)
    pair = {game.pairing.a, game.pairing.b}
    if pair != {a.entrant, b.entrant}:
        raise ValueError(f"the game at (round, position) {slot} is not between {pair}")
    winner = {Result.A: game.pairing.a, Result.B: game.pairing.b}.get(game.result)
    advancing = _went_on(slot, pair, played) or winner
    if advancing is None and game.result is not Result.PENDING:
        advancing = _lot(slot, pair, field)
    return Node(
        *shape, game.result, advancing, by_lot=advancing is not None and advancing != winner
    )


def _went_on(slot: Slot, pair: set[int], played: Mapping[Slot, Game]) -> int | None:
    """Who of the pair plays the next game already: a verdict that came later does not undo it."""
    following = played.get((slot[0] + 1, slot[1] // 2))
    if following is None:
        return None
    return next(iter(pair & {following.pairing.a, following.pairing.b}), None)


def _lot(slot: Slot, pair: set[int], field: Field) -> int:
    """Who advances from a game without a winner: the same whenever it is asked again."""
    (prompt,) = field.prompts
    return random.Random(f"{field.seed}:{prompt}:{slot[0]}:{slot[1]}").choice(sorted(pair))


@registry.register("single_elimination")
class SingleElimination:
    """A knock-out on every prompt. A game can start as soon as both its feeders are settled."""

    label = "Single elimination"
    description = (
        "A freshly drawn knock-out on every prompt: n - 1 games, and strong competitors play more."
        " Where a game has no winner, a lot decides who advances."
    )
    scope = Scope.PROMPT
    Params = plugins.Params

    def __init__(self, params: plugins.Params) -> None:
        self.params = params

    def next_pairings(self, field: Field, games: Sequence[Game]) -> list[Pairing]:
        """The games whose two entrants are known and that are not in `games` yet."""
        (prompt,) = field.prompts
        return [
            Pairing(prompt, node.a, node.b, node.round, node.position)
            for node in bracket(field, games)
            if node.result is None and node.a is not None and node.b is not None
        ]

    def planned_games(self, n_entrants: int, n_prompts: int) -> int:
        """Exactly n - 1 games on every prompt."""
        return max(n_entrants - 1, 0) * n_prompts
