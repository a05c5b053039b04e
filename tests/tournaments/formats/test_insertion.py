"""A newcomer finds its place, and nobody else has to play."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from tests.tournaments.formats.test_waves import FIELD, play
from tournaments.formats import registry

BOARD = {who: 1000.0 + 87.0 * (who - 13) for who in FIELD.entrants if who != 14}
"""The true strengths of `verdict`, on the Elo scale."""

NAMED = replace(FIELD, names={who: f"m{who}" for who in FIELD.entrants}, board=BOARD)
methods = pytest.mark.parametrize("method", ["adaptive", "anchor", "binary"])


@methods
@pytest.mark.parametrize("board", [BOARD, {}])
def test_only_the_newcomer_plays(method, board):
    format_ = registry.build("insertion", {"newcomer": "m14", "method": method})

    games = play(format_, replace(NAMED, board=board))

    assert format_.named == ["m14"]
    assert len(games) == (30 if method == "anchor" else 60)
    assert all(14 in (g.pairing.a, g.pairing.b) for g in games)


def opponents(method: str, **params: object) -> Counter[int]:
    format_ = registry.build("insertion", {"newcomer": "m14", "method": method, **params})
    games = play(format_, NAMED)
    return Counter(g.pairing.a + g.pairing.b - 14 for g in games)


def test_the_anchor_is_the_best_of_the_board():
    assert opponents("anchor") == {17: 30}


def test_binary_search_ends_beside_the_place():
    met = opponents("binary")

    assert len(met) <= 5
    assert met[13] + met[15] + met[12] + met[16] > 0.6 * 60


def test_adaptive_meets_those_whose_order_is_in_doubt():
    met = opponents("adaptive", random_share=0)

    assert met[13] + met[15] > met[10] + met[17]


def test_without_a_name_it_is_the_one_added_last():
    games = play(registry.build("insertion"), FIELD)

    assert all(17 in (g.pairing.a, g.pairing.b) for g in games)


def test_a_newcomer_outside_the_field_plays_nothing():
    assert registry.build("insertion", {"newcomer": "m99"}).next_pairings(NAMED, []) == []
