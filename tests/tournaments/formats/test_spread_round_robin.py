"""Spread round robin: perfect matchings, another one on every prompt."""

from __future__ import annotations

from collections import Counter

import pytest

from tournaments.formats import registry
from tournaments.formats.base import Field


def games(n, prompt=1, **params):
    field = Field(tuple(range(n)), (prompt,), seed=3)
    return registry.build("spread_round_robin", params).next_pairings(field, [])


@pytest.mark.parametrize(("n", "rounds"), [(2, 1), (5, 1), (6, 2), (7, 7), (8, 7)])
def test_in_each_round_everybody_plays_once_but_who_rests(n, rounds):
    drawn = games(n, rounds=rounds)

    for number in range(rounds):
        busy = Counter(who for p in drawn if p.round == number for who in (p.a, p.b))
        assert len(busy) == n - n % 2
        assert set(busy.values()) == {1}
    assert len({frozenset((p.a, p.b)) for p in drawn}) == len(drawn)
    assert len(drawn) == registry.build("spread_round_robin", {"rounds": rounds}).planned_games(
        n, 1
    )


def test_over_prompts_everybody_meets_everybody():
    met = {frozenset((p.a, p.b)) for prompt in range(60) for p in games(6, prompt)}

    assert len(met) == 15
