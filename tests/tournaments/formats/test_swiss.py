"""Swiss: equals meet, nobody twice, byes are shared out."""

from __future__ import annotations

from collections import Counter

import pytest

from tournaments.formats import registry
from tournaments.formats.base import Field, Game, Result


def play(n, rounds=None, seed=1, beats=lambda a, b: a > b):
    """All games of a field in which `beats` decides."""
    rule = registry.build("swiss", {"rounds": rounds} if rounds else {})
    field = Field(tuple(range(n)), (4,), seed)
    games = []
    while pairings := rule.next_pairings(field, games):
        games += [Game(p, Result.A if beats(p.a, p.b) else Result.B) for p in pairings]
    return games


def points(games):
    return Counter(g.pairing.a if g.result is Result.A else g.pairing.b for g in games)


@pytest.mark.parametrize("n", [2, 3, 4, 5, 8, 9, 16, 33, 64, 65])
def test_as_many_rounds_as_a_knock_out_in_which_all_but_one_play(n):
    games = play(n)
    rounds = Counter(game.pairing.round for game in games)

    assert len(rounds) == min((n - 1).bit_length(), max(n // 2, 1))
    assert set(rounds.values()) == {n // 2}


@pytest.mark.parametrize("n", [9, 15, 33])
def test_nobody_rests_twice(n):
    games = play(n)
    rounds = 1 + max(game.pairing.round for game in games)
    played = Counter(who for g in games for who in (g.pairing.a, g.pairing.b))

    assert min(played.values()) >= rounds - 1


def test_the_strongest_wins_all_and_the_weakest_none():
    won = points(play(16))

    assert won[15] == 4
    assert won[0] == 0


def test_from_the_second_round_on_equals_meet():
    games = play(32)
    for number in (1, 2):
        before = points([game for game in games if game.pairing.round < number])
        for game in games:
            if game.pairing.round == number:
                assert before[game.pairing.a] == before[game.pairing.b]


def test_as_many_rounds_as_asked_without_a_rematch():
    games = play(12, rounds=6)
    met = [frozenset((g.pairing.a, g.pairing.b)) for g in games]

    assert len(met) == len(set(met)) == 36
