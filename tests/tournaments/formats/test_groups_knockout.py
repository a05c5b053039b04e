"""Groups and knock-out: everybody plays a group, the best a bracket."""

from __future__ import annotations

from collections import Counter

import pytest

from tournaments.formats import registry
from tournaments.formats.base import Field, Game, Result


def play(n, **params):
    rule = registry.build("groups_knockout", params)
    field = Field(tuple(range(n)), (4,), seed=1)
    games = []
    while pairings := rule.next_pairings(field, games):
        games += [Game(p, Result.A if p.a > p.b else Result.B) for p in pairings]
    return games


def test_sixteen_in_four_groups_send_eight_on():
    games = play(16)
    rounds = Counter(game.pairing.round for game in games)

    assert rounds[0] == 4 * 6
    assert sum(rounds.values()) <= 24 + 7
    last = max(games, key=lambda game: game.pairing.round).pairing
    assert 15 in (last.a, last.b)


@pytest.mark.parametrize("n", range(2, 30))
def test_in_the_bracket_one_loss_is_the_end(n):
    games = play(n)

    for number in range(1, 1 + max(game.pairing.round for game in games)):
        out = {g.pairing.a if g.result is Result.B else g.pairing.b for g in games
               if g.pairing.round == number}  # fmt: skip
        later = [g for g in games if g.pairing.round > number]
        assert not out & {who for g in later for who in (g.pairing.a, g.pairing.b)}


def test_groups_are_as_large_as_asked_and_send_on_as_many():
    games = play(9, group_size=3, advance=1)

    assert Counter(game.pairing.round for game in games) == {0: 9, 1: 1, 2: 1}
