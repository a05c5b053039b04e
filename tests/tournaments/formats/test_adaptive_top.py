"""The format for the best few spends its calls at their border."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from tests.tournaments.formats.test_waves import FIELD, play
from tournaments.formats import registry


def test_the_border_plays_most():
    games = play(registry.build("adaptive_top", {"best": 2}), FIELD)

    played = Counter(who for g in games[80:] for who in (g.pairing.a, g.pairing.b))
    assert min(played[who] for who in (15, 16, 17)) > 1.5 * max(played[who] for who in (10, 11))


def test_it_can_stop_when_the_best_is_known():
    rule = {"until": "top", "games": 5000}
    field = replace(FIELD, prompts=tuple(range(100, 300)))

    games = play(registry.build("adaptive_top", {"best": 7, **rule}), field)

    assert 50 < len(games) < 5000


def test_more_best_than_competitors_is_no_fault():
    assert play(registry.build("adaptive_top", {"best": 50}), FIELD)
