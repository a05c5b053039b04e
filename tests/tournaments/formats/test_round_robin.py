"""Round robin: every pair once, in rounds that are perfect matchings, sides dealt evenly."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import combinations

import pytest

from tournaments.formats import registry
from tournaments.formats.base import Field, Game, Result

FORMAT = registry.build("round_robin")


@pytest.mark.parametrize("n", range(2, 30))
def test_every_pair_meets_once_and_all_at_once(n: int) -> None:
    pairings = FORMAT.next_pairings(Field(tuple(range(n)), (3,), 0), [])
    met = {frozenset((p.a, p.b)) for p in pairings}
    assert met == {frozenset(pair) for pair in combinations(range(n), 2)}
    assert len(pairings) == FORMAT.planned_games(n, 1) == n * (n - 1) // 2


@pytest.mark.parametrize("n", range(2, 30))
def test_a_round_is_a_perfect_matching(n: int) -> None:
    rounds: dict[int, list[int]] = defaultdict(list)
    for pairing in FORMAT.next_pairings(Field(tuple(range(n)), (3,), 0), []):
        rounds[pairing.round] += [pairing.a, pairing.b]
    assert sorted(rounds) == list(range(n - 1 + n % 2))
    for players in rounds.values():
        assert len(players) == len(set(players)) == n - n % 2


@pytest.mark.parametrize("n", range(2, 30))
def test_everybody_is_first_in_half_of_their_games(n: int) -> None:
    pairings = FORMAT.next_pairings(Field(tuple(range(n)), (3,), 0), [])
    first, second = Counter(p.a for p in pairings), Counter(p.b for p in pairings)
    assert all(abs(first[e] - second[e]) <= 1 for e in range(n))


def test_only_what_is_missing_is_asked_for() -> None:
    field = Field((4, 8, 15, 16, 23), (42,), 0)
    pairings = FORMAT.next_pairings(field, [])
    games = [Game(pairing, Result.PENDING) for pairing in pairings[:7]]
    assert FORMAT.next_pairings(field, games) == pairings[7:]


def test_the_plan_covers_all_prompts() -> None:
    assert FORMAT.planned_games(9, 80) == 2880
