"""The adaptive format spends its calls where the order is in doubt."""

from __future__ import annotations

from collections import Counter

import pytest

from arena.common.errors import InvalidInput
from tests.tournaments.formats.test_waves import FIELD, play
from tournaments.formats import registry


def test_a_chain_uses_no_answer_more_than_twice():
    games = play(registry.build("adaptive"), FIELD)

    used = Counter((g.pairing.prompt, who) for g in games for who in (g.pairing.a, g.pairing.b))
    assert len(games) == 7 * 30
    assert max(used.values()) == 2


def test_pairs_use_no_answer_twice_while_prompts_last():
    games = play(registry.build("adaptive", {"schedule": "pairs", "games": 60}), FIELD)

    used = Counter((g.pairing.prompt, who) for g in games for who in (g.pairing.a, g.pairing.b))
    assert max(used.values()) == 1


@pytest.mark.parametrize("schedule", ["chain", "pairs"])
def test_neighbours_meet_more_often_than_by_chance(schedule):
    params = {"schedule": schedule, "random_share": 0.3}
    games = play(registry.build("adaptive", params), FIELD)

    later = games[len(games) // 2 :]
    near = sum(abs(g.pairing.a - g.pairing.b) <= 2 for g in later) / len(later)
    assert near > 1.3 * 13 / 28


@pytest.mark.parametrize("params", [{"schedule": "ladder"}, {"random_share": 2}, {"unknown": 1}])
def test_params_that_make_no_sense_are_refused(params):
    with pytest.raises(InvalidInput):
        registry.build("adaptive", params)
