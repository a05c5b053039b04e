"""What formats share that are played in rounds on one prompt: the draw, lots, standing rounds."""

from __future__ import annotations

import random
from collections.abc import Callable, Container, Sequence
from itertools import count

from tournaments.formats.base import Field, Game, Pairing, Result

Pair = tuple[int, int]
PairUp = Callable[[Sequence[Game]], list[Pair]]
"""The pairs of the next round, given all games of the rounds before."""


def draw(field: Field) -> list[int]:
    """The entrants, shuffled by seed and prompt alone."""
    (prompt,) = field.prompts
    entrants = sorted(field.entrants)
    random.Random(f"{field.seed}:{prompt}").shuffle(entrants)
    return entrants


def pair_of(a: int, b: int) -> Pair:
    """The two in the order of their ids, so that a pair is the same whoever comes first."""
    return (a, b) if a < b else (b, a)


def winner_of(game: Game, field: Field) -> int:
    """Who goes on from a settled game; without a winner a lot, the same whenever it is asked."""
    pairing = game.pairing
    if game.result in (Result.A, Result.B):
        return pairing.a if game.result is Result.A else pairing.b
    luck = random.Random(f"{field.seed}:{pairing.prompt}:{pairing.round}:{pairing.position}")
    return luck.choice(sorted((pairing.a, pairing.b)))


def matching(standing: Sequence[int], met: Container[Pair]) -> list[Pair] | None:
    """Pair neighbours who have not met, by backtracking; None when that cannot be done for all."""
    if not standing:
        return []
    first, *others = standing
    for other in others:
        if pair_of(first, other) in met:
            continue
        rest = matching([who for who in others if who != other], met)
        if rest is not None:
            return [(first, other), *rest]
    return None


def next_round(field: Field, games: Sequence[Game], pair_up: PairUp, rounds: int) -> list[Pairing]:
    """The pairings that complete the first unfinished of at most `rounds` rounds.

    Empty while a game of it is pending, and when all rounds are played.
    """
    for number in range(rounds):
        played = [game for game in games if game.pairing.round == number]
        pairs = pair_up([game for game in games if game.pairing.round < number])
        if len(played) < len(pairs):
            return standing_round(field, number, pairs, played)
        if any(game.result is Result.PENDING for game in played):
            return []
    return []


def standing_round(
    field: Field, number: int, pairs: Sequence[Pair], played: Sequence[Game]
) -> list[Pairing]:
    """Those of a round's pairs that are not scheduled yet.

    What is scheduled stands, although a verdict that changed since would have paired otherwise.
    """
    (prompt,) = field.prompts
    busy = {who for game in played for who in (game.pairing.a, game.pairing.b)}
    taken = {game.pairing.position for game in played}
    free = (place for place in count() if place not in taken)
    left = [pair for pair in pairs if not busy & set(pair)]
    return [
        Pairing(prompt, a, b, number, position)
        for (a, b), position in zip(left, free, strict=False)
    ]
