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


@methods
def test_it_stops_when_the_interval_is_narrow_enough(method):
    def games(width: float) -> int:
        params = {"newcomer": "m14", "method": method, "until": "width", "width": width}
        return len(play(registry.build("insertion", params), NAMED))

    assert games(10.0) == (30 if method == "anchor" else 60)
    assert games(1500.0) < games(330.0) <= games(10.0)


def test_it_stops_when_the_place_is_known():
    prompts = tuple(range(100, 500))
    field = replace(NAMED, prompts=prompts, board={who: 200.0 * who for who in BOARD})

    def games(**params: object) -> int:
        given = {"newcomer": "m14", "until": "place", "margin": 0.0, **params}
        return len(play(registry.build("insertion", given), field))

    assert games(margin=400.0) < games() <= 800


def test_the_place_is_not_known_while_an_opponent_is_too_near():
    board = {**BOARD, 13: 1087.0, 15: 1087.5}
    params = {"newcomer": "m14", "until": "place", "margin": 1.0}

    assert len(play(registry.build("insertion", params), replace(NAMED, board=board))) == 60
