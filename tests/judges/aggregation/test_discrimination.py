import tracemalloc
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


def quarrel(ties, n=600, seed=3):
    """Three members, each right four times in five where it does not vote a tie; a label is the
    truth, which has nothing to do with who is compared."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(n):
        a, b = (str(name) for name in rng.choice(sorted(STRENGTH), size=2, replace=False))
        truth, other = (Winner(side) for side in rng.permutation([Winner.A, Winner.B]))
        votes = [
            Vote(
                name, Winner.TIE if rng.random() < ties else truth if rng.random() < 0.8 else other
            )
            for name in SKILLS
        ]
        rows.append(Ballot(number % 50, a, b, tuple(votes), truth))
    return rows


def shares(rule, rows, state):
    """Of all rulings: right ones, and ties."""
    rulings = [rule.combine(row.votes, 2, state).winner for row in rows]
    right = sum(ruled is row.label for ruled, row in zip(rulings, rows, strict=True))
    return right / len(rows), rulings.count(Winner.TIE) / len(rows)


def test_where_nobody_votes_a_tie_disagreement_makes_none():
    rows, rule = quarrel(ties=0.0), registry.build("discrimination")
    state = rule.fit(rows)

    right, ties = shares(rule, rows, state)

    assert ties == 0
    assert right >= shares(registry.build("plurality"), rows, None)[0] - 0.03
    assert set(rule.combine(said(sharp="a", fair="a", blunt="b"), 2, state).probabilities) == {
        Winner.A,
        Winner.B,
    }


def test_a_tie_that_the_fit_has_never_seen_counts_for_neither_side():
    rule = registry.build("discrimination")
    state = rule.fit(quarrel(ties=0.0))

    assert rule.combine(said(sharp="a", fair="tie", blunt="tie"), 2, state).winner is Winner.A
    assert rule.combine(said(sharp="tie", fair="tie", blunt="tie"), 2, state).winner is Winner.TIE
    split = rule.combine(said(sharp="tie", fair="both_bad"), 2, state)
    assert split.winner is Winner.TIE


@pytest.mark.parametrize("ties", [0.1, 0.3])
def test_ties_are_ruled_about_as_often_as_they_are_voted(ties):
    rows, rule = ballots(1000, ties=ties), registry.build("discrimination")
    state = rule.fit(rows)

    right, ruled = shares(rule, rows, state)

    cast = [vote.winner for row in rows for vote in row.votes]
    voted = cast.count(Winner.TIE) / len(cast)
    assert state["tie_share"] == pytest.approx(voted)
    assert ruled == pytest.approx(voted, abs=0.06)
    assert right >= shares(registry.build("plurality"), rows, None)[0]


def test_a_member_that_now_and_then_votes_a_tie_does_not_make_ties_of_quarrels():
    rows, rule = quarrel(ties=0.1), registry.build("discrimination")

    right, ties = shares(rule, rows, rule.fit(rows))

    assert right >= shares(registry.build("plurality"), rows, None)[0] - 0.03
    assert ties <= 0.1


def test_many_competitors_take_no_dense_matrix_of_all_votes():
    rng = np.random.default_rng(5)
    rows = []
    for number in range(3000):
        a, b = sorted(rng.choice(400, size=2, replace=False).tolist())
        votes = [
            Vote(name, Winner.A if rng.random() < skill else Winner.B)
            for name, skill in SKILLS.items()
        ]
        rows.append(Ballot(number, a, b, tuple(votes)))

    tracemalloc.start()
    try:
        registry.build("discrimination").fit(rows)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 9000 * 409 * 8  # one float for each vote and competitor


def test_votes_that_tell_no_competitors_apart_are_refused():
    rows = [
        replace(row, votes=tuple(Vote(name, Winner.TIE) for name in SKILLS)) for row in ballots(60)
    ]

    with pytest.raises(Unfit, match="apart"):
        registry.build("discrimination").fit(rows)
