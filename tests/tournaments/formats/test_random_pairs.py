"""Random pairs: as many as asked, spread evenly, drawn afresh for every prompt."""

from __future__ import annotations

from collections import Counter

import pytest

from tournaments.formats import registry
from tournaments.formats.base import Field


def pairs(n, prompt=1, seed=3, **params):
    field = Field(tuple(range(n)), (prompt,), seed)
    drawn = registry.build("random_pairs", params).next_pairings(field, [])
    return [frozenset((p.a, p.b)) for p in drawn]


@pytest.mark.parametrize("n", range(2, 20))
def test_by_default_nobody_plays_twice_on_a_prompt(n):
    drawn = pairs(n)

    assert len(drawn) == n // 2
    assert max(Counter(who for pair in drawn for who in pair).values()) == 1


@pytest.mark.parametrize("games", [1, 7, 15])
def test_more_games_are_spread_evenly(games):
    counts = Counter(who for pair in pairs(8, games=games) for who in pair)

    assert max(counts.values()) - min(counts.get(who, 0) for who in range(8)) <= 1


def test_no_more_than_there_are_pairs():
    assert len(set(pairs(5, games=100))) == 10


def test_over_prompts_all_pairs_are_drawn_about_equally():
    drawn = Counter(pair for prompt in range(3000) for pair in pairs(6, prompt))

    expected = 3000 * 3 / 15
    chi_square = sum((drawn[pair] - expected) ** 2 / expected for pair in drawn)
    assert len(drawn) == 15
    assert chi_square < 36.1  # 99.9 % of chi-square with 14 degrees of freedom
