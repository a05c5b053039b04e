"""Formats side by side: equal calls, and what a goal costs."""

from __future__ import annotations

import numpy as np
import pytest

from tournaments.simulation.sweeps import Curve
from tournaments.simulation.trials import Contender, Cost, Mean, compare, cost, follow
from tournaments.simulation.worlds import Recorded, Setting, Synthetic


@pytest.fixture
def world() -> Synthetic:
    return Synthetic(Setting(competitors=6, prompts=80), trials=12, seed=1)


def test_every_format_has_the_same_calls_and_every_rating_the_same_games(world):
    contenders = [Contender("single_elimination"), Contender("adaptive"), Contender("swiss")]

    found = compare(world, contenders, ["bradley_terry", "win_rate"], calls=200, seed=3)

    assert [(o.contender.format, o.rating) for o in found][:3] == [
        ("single_elimination", "bradley_terry"),
        ("single_elimination", "win_rate"),
        ("adaptive", "bradley_terry"),
    ]
    assert all(200 <= outcome.calls.value < 215 for outcome in found)
    assert all(0.3 < outcome.tau.value <= 1 and outcome.tau.error > 0 for outcome in found)
    assert all((o.coverage is None) == (o.rating == "win_rate") for o in found)


def test_default_intervals_cover(world):
    (found,) = compare(world, [Contender("adaptive")], ["bradley_terry"], 400, seed=3)

    assert found.coverage is not None
    assert found.coverage.value > 0.88


def test_a_replay_knows_no_true_strengths():
    shares = np.full((30, 3, 3), 0.5)
    shares[:, 0, 1:], shares[:, 1:, 0] = 1.0, 0.0
    shares[:, 1, 2], shares[:, 2, 1] = 1.0, 0.0

    (found,) = compare(Recorded(shares, 4), [Contender("adaptive")], ["bradley_terry"], 60, 1)

    assert (found.tau, found.coverage) == (Mean(1.0, 0.0), None)


def test_a_goal_costs_a_round_robin_more_than_pairs_on_fresh_prompts(world):
    robin, pairs = (
        cost(follow(world, contender, 5, most=900, tau=0.93, best=0.0), "tau", 0.85)
        for contender in (Contender("round_robin"), Contender("adaptive", {"schedule": "pairs"}))
    )

    ratio = pairs.over(robin)

    assert 0 < ratio.value < 1
    assert ratio.error > 0


def test_a_goal_that_was_not_reached_has_no_cost():
    curve = Curve(np.array([10.0, 20.0]), np.zeros((2, 3)), np.zeros((2, 3)))

    found = cost(curve, "best", 0.9)

    assert np.isnan(found.calls)
    assert np.isnan(found.over(Cost(5.0, np.ones(100))).value)


def test_the_games_of_a_plan_are_those_asked_for():
    assert Contender("adaptive").build(70).planned_games(5, 50) == 70
    assert Contender("adaptive", {"games": 60}).build(70).planned_games(5, 50) == 60
    assert Contender("adaptive", {"games": 60}).label == "adaptive games=60"
