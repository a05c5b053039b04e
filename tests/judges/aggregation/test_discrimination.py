from dataclasses import replace

import numpy as np
import pytest

from judges.aggregation import registry
from judges.aggregation.base import Ballot, Unfit, Vote
from judges.contracts import Winner
from tests.judges.aggregation.panels import SKILLS, ballots, said

STRENGTH = {"ann": -1.0, "ben": 0.0, "cat": 1.0}
GAMMA = {"steep": 2.0, "flat": 0.5}


def world(n=4000, bias=0.0, seed=1):
    """Votes drawn from the model itself: no ties, sum of log gamma 0."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(n):
        a, b = (str(name) for name in rng.choice(sorted(STRENGTH), size=2, replace=False))
        votes = []
        for name, gamma in GAMMA.items():
            shown = float(rng.choice([-1.0, 1.0]))
            edge = gamma * (STRENGTH[a] - STRENGTH[b]) + bias * shown
            won = rng.random() < 1 / (1 + np.exp(-edge))
            votes.append(Vote(name, Winner.A if won else Winner.B, shown=shown))
        rows.append(Ballot(number % 50, a, b, tuple(votes)))
    return rows


def test_it_finds_the_discrimination_and_the_pull_of_the_first_place():
    state = registry.build("discrimination").fit(world(bias=0.8))

    found = state["voters"]
    assert found["steep"]["gamma"] == pytest.approx(2.0, rel=0.15)
    assert found["flat"]["gamma"] == pytest.approx(0.5, rel=0.15)
    assert sum(np.log(voter["gamma"]) for voter in found.values()) == pytest.approx(0, abs=1e-9)
    assert found["flat"]["bias"] == pytest.approx(0.8, abs=0.15)


def test_a_vote_against_the_pull_of_the_first_place_counts_for_more():
    rule = registry.build("discrimination")
    state = rule.fit(world(bias=0.8))

    with_the_pull = rule.combine([Vote("flat", Winner.A, shown=1.0)], 1, state)
    against_it = rule.combine([Vote("flat", Winner.A, shown=-1.0)], 1, state)

    assert against_it.share > with_the_pull.share > 0.5


def test_nobody_wins_for_being_strong_elsewhere():
    rule = registry.build("discrimination")
    state = rule.fit(ballots())

    assert "cat" not in str(state)
    assert rule.combine(said(sharp="a", fair="a", blunt="a"), 1, state).share > 0.5


def test_votes_that_tell_no_competitors_apart_are_refused():
    rows = [
        replace(row, votes=tuple(Vote(name, Winner.TIE) for name in SKILLS)) for row in ballots(60)
    ]

    with pytest.raises(Unfit, match="apart"):
        registry.build("discrimination").fit(rows)
