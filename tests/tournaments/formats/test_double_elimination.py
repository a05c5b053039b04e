"""Double elimination: two losses and out, a rematch is not asked again."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from tournaments.formats import registry
from tournaments.formats.base import Field, Game, Result


def play(n, decide, seed=1):
    rule = registry.build("double_elimination")
    field = Field(tuple(range(n)), (4,), seed)
    games = []
    while pairings := rule.next_pairings(field, games):
        games += [Game(p, decide(p)) for p in pairings]
    return games


def by_strength(pairing):
    return Result.A if pairing.a > pairing.b else Result.B


def losses(games):
    return Counter(g.pairing.b if g.result is Result.A else g.pairing.a for g in games)


@pytest.mark.parametrize("n", range(2, 40))
def test_the_strongest_is_undefeated_and_all_others_lose_at_most_twice(n):
    lost = losses(play(n, by_strength))

    assert lost[n - 1] == 0
    assert all(1 <= lost[who] <= 2 for who in range(n - 1))


@pytest.mark.parametrize("n", [4, 8, 13, 32])
def test_when_luck_decides_it_ends_within_the_plan(n):
    for seed in range(20):
        luck = random.Random(seed)
        games = play(n, lambda _, luck=luck: luck.choice(list(Result)[1:]), seed)
        assert len(games) <= registry.build("double_elimination").planned_games(n, 1)


def test_one_early_loss_does_not_end_a_run():
    """The strongest loses its first game only; it still plays on and is not out."""
    upset = {}

    def decide(pairing):
        if 7 in (pairing.a, pairing.b) and not upset:
            upset[7] = True
            return Result.B if pairing.a == 7 else Result.A
        return by_strength(pairing)

    games = play(8, decide)
    mine = [g for g in games if 7 in (g.pairing.a, g.pairing.b)]

    assert losses(games)[7] == 1
    assert len(mine) >= 4
