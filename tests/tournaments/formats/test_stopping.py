"""Rules to stop: what they need, and how often they are wrong although they look at every wave."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tournaments.formats import registry
from tournaments.formats.stopping import (
    Standing,
    StoppingParams,
    all_hold,
    enough,
    expected_tau,
    neighbours_known,
    standing,
    top_known,
)
from tournaments.ratings import registry as ratings
from tournaments.ratings.anytime import widening
from tournaments.ratings.base import ELO_SCALE, Comparisons
from tournaments.simulation.designs import design_of
from tournaments.simulation.sweeps import Sweep
from tournaments.simulation.worlds import Setting, Synthetic


def at(strengths: list[float], error: float, games: int = 1000) -> Standing:
    """A standing in which each difference has the same standard error."""
    m = len(strengths)
    variances = error**2 * (1.0 - np.eye(m))
    return Standing(np.array(strengths), variances, np.full(m, 1.96 * error), games)


def test_the_best_are_known_when_nobody_else_can_be_among_them():
    close, clear = at([1.0, 0.9, -1.0], 0.2), at([2.5, 0.9, -1.0], 0.2)

    assert [top_known(close, best, 2000, 0.95) for best in (1, 2)] == [False, True]
    assert top_known(clear, 1, 2000, 0.95)


def test_looking_again_and_again_asks_for_more_than_one_look():
    """Two standard errors, enough for one look, are not enough for many."""
    assert not top_known(at([0.42, 0.0], 0.2), 1, 2000, 0.95)
    assert top_known(at([0.8, 0.0], 0.2), 1, 2000, 0.95)


def test_all_claims_together_need_less_of_each_than_of_the_one_most_in_doubt():
    """Holm: the weakest at the whole level, the next at a half; both at a half is too much."""
    alone, second = (widening(1000, 200, level) for level in (0.95, 0.975))

    assert all_hold(np.array([alone + 0.01, second + 0.01]), 1000, 2000, 0.95)
    assert not all_hold(np.array([alone - 0.01, 9.0]), 1000, 2000, 0.95)
    assert not all_hold(np.array([alone + 0.01, alone + 0.02]), 1000, 2000, 0.95)
    assert all_hold(np.empty(0), 1000, 2000, 0.95)


def test_neighbours_may_be_practically_equal():
    equal = at([1.0, 0.999, -1.0], 0.01)

    assert neighbours_known(equal, 20.0, 2000, 0.95)
    assert not neighbours_known(equal, 1.0, 2000, 0.95)
    assert not neighbours_known(at([1.0, 0.999, -1.0], 0.3), 20.0, 2000, 0.95)


def test_the_width_is_that_of_the_widest_interval_from_end_to_end():
    now = at([1.0, 0.0], 0.1)
    width = 2 * 1.96 * 0.1 * ELO_SCALE

    assert enough(now, StoppingParams(until="width", width=width + 0.01), 100)
    assert not enough(now, StoppingParams(until="width", width=width - 0.01), 100)
    assert not enough(now, StoppingParams(), 100)


def test_the_expected_tau_needs_a_margin():
    now = at([1.0, 0.0], 0.5)
    expected = expected_tau(now)

    assert expected == pytest.approx(0.9545, abs=1e-3)
    assert enough(now, StoppingParams(until="tau", target=expected - 0.02), 100)
    assert not enough(now, StoppingParams(until="tau", target=expected - 0.01), 100)


def test_a_standing_has_the_intervals_of_the_ratings():
    sweep = Sweep(Synthetic(Setting(competitors=5, prompts=30), 1, 2))
    design_of(registry.build("round_robin"), sweep, 1).play_on(sweep, 200)
    (data,) = sweep.comparisons()

    now = standing(data, 0.95)
    table = ratings.build("bradley_terry").rate(data)

    assert now is not None
    half = {row.competitor: (row.ci_high - row.ci_low) / 2 for row in table.rows}
    assert now.half * ELO_SCALE == pytest.approx([half[name] for name in data.competitors])


def test_nothing_is_known_while_somebody_has_not_played():
    one = np.zeros(1, dtype=np.int64)
    data = Comparisons(("a", "b", "c"), one, one + 1, np.ones(1), one)

    assert standing(data, 0.95) is None
    assert standing(replace(data, competitors=("a", "b")), 0.95) is not None


@pytest.mark.parametrize("rho", [0.0, 0.5])
def test_the_best_is_seldom_named_wrongly_by_looking_after_every_wave(rho):
    """Two leaders 0.15 apart; a rule that reads ordinary 95 % intervals errs in 15 % or more."""
    given = (0.15, 0.0, -1.0, -2.0)
    world = Synthetic(
        Setting(competitors=4, prompts=150, given=given, lead=0.0, rho=rho), trials=60, seed=4
    )
    format_ = registry.build("adaptive_top", {"until": "top", "random_share": 0.5})
    sweep = Sweep(world)
    design_of(format_, sweep, 9).play_on(sweep, 10**6)

    stopped = sweep.calls < 900
    order = [standing(data, 0.95).strengths for data in sweep.comparisons()]
    wrong = [
        int(np.argmax(s)) != int(np.argmax(t)) for s, t in zip(order, world.order, strict=True)
    ]

    assert stopped.any()
    assert np.mean(np.array(wrong) & stopped) <= 0.08
