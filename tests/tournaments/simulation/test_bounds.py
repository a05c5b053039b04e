"""The oracle's calls, where they are known otherwise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, ndtri

from tournaments.simulation import trials as lab
from tournaments.simulation.bounds import Oracle
from tournaments.simulation.trials import Contender
from tournaments.simulation.worlds import Setting, Synthetic


def test_two_competitors_take_the_calls_of_a_test_of_one_difference():
    lead = 0.4
    weight = float(expit(lead) * expit(-lead))
    oracle = Oracle(np.array([[lead / 2, -lead / 2]]), np.array([[weight]]))

    calls = oracle.calls(0.9)

    assert calls == pytest.approx((ndtri(0.95) / lead) ** 2 / weight, rel=0.01)
    assert oracle.calls(0.9, best_design=False) == pytest.approx(calls, rel=0.01)


def test_the_oracle_spends_less_than_random_pairs_and_more_for_a_higher_goal():
    world = Synthetic(Setting(competitors=8, prompts=1), 30, 1)
    oracle = Oracle(world.order, world.information())

    assert oracle.calls(0.9) < 0.9 * oracle.calls(0.9, best_design=False)
    assert oracle.calls(0.95) > 1.5 * oracle.calls(0.9)


def test_random_pairs_really_take_what_the_bound_says_of_them():
    world = Synthetic(Setting(competitors=8, prompts=1000), 100, 1)
    expected = Oracle(world.order, world.information()).calls(0.9, best_design=False)
    random_pairs = Contender("adaptive", {"schedule": "pairs", "random_share": 1})

    curve = lab.follow(world, random_pairs, 1, most=4000, tau=0.92, best=0.0)

    assert lab.cost(curve, "tau", 0.9).calls == pytest.approx(expected, rel=0.2)
