from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.special import expit

from judges.stats.raters.field import HABITS, HABITS_SD, LAPSE, expect, likely, strengths
from judges.stats.raters.votes import columns
from tests.judges.stats.raters.crowd import (
    THETA,
    at_random,
    ballots,
    crowd,
    first_side,
    for_,
    honestly,
)


def everybody(votes):
    return np.ones(votes.raters, dtype=bool)


def test_strengths_are_where_wins_equal_their_expectation():
    first, second = np.array([0, 0, 1, 2, 0]), np.array([1, 1, 2, 0, 2])
    won = np.array([1.0, 0.0, 1.0, 0.0, 1.0])

    theta = strengths(first, second, won, np.ones(5), 3)

    left = won - expit(theta[first] - theta[second])
    pull = np.bincount(first, left, 3) - np.bincount(second, left, 3)
    assert pull == pytest.approx(0.5 * theta, abs=1e-8)


def test_leads_find_the_truth():
    votes = crowd(*[honestly] * 20, votes=200)

    field = expect(votes, everybody(votes))

    true = THETA[votes.first] - THETA[votes.second]
    assert np.corrcoef(field.strength, true)[0, 1] > 0.98
    assert field.chance[field.sided].mean() == pytest.approx(
        field.won[field.sided].mean(), abs=0.02
    )


def test_leaving_a_rater_out_is_like_a_fit_without_their_votes():
    cast = ballots(*[honestly] * 20, for_(4), votes=150)
    votes, others = columns(cast), columns([vote for vote in cast if vote.rater != "r20"])

    own = expect(votes, everybody(votes))
    fresh = strengths(
        others.first[others.sided], others.second[others.sided],
        (others.choice[others.sided] == 0).astype(float), np.ones(int(others.sided.sum())), 5,
    )  # fmt: skip

    mine = votes.rater == 20
    without = fresh[votes.first[mine]] - fresh[votes.second[mine]]
    assert own.strength[mine] == pytest.approx(without, abs=0.05)


def test_nobody_who_is_not_trusted_moves_the_expectations_of_others():
    cast = ballots(*[honestly] * 6, for_(4), votes=150)
    turned = [
        dataclasses.replace(vote, choice="tie") if vote.rater == "r06" else vote for vote in cast
    ]
    found = []
    for votes in (columns(cast), columns(turned)):
        trusted = np.arange(7) < 6
        found.append(expect(votes, trusted).chance[votes.rater < 6])

    assert found[0] == pytest.approx(found[1])


def test_skill_tells_who_looks_from_who_does_not():
    votes = crowd(*[honestly] * 10, at_random, votes=250)

    skill = expect(votes, everybody(votes)).habits[:, 0]

    assert skill[:10].min() > 0.5
    assert skill[10] < 0.4


def in_order(first, second, rng):
    return "first" if first < second else "second"


def test_habits_are_the_most_probable_ones_however_wide_the_leads():
    votes = crowd(in_order, in_order, first_side, votes=200)

    field = expect(votes, np.arange(3) < 2)

    assert np.abs(field.lead).max() > 6
    assert np.abs(field.logit).max() < 20
    slope = (HABITS - field.habits) / HABITS_SD**2
    left = field.won - expit(field.logit)
    for habit in range(3):
        slope[:, habit] += votes.per_rater(left * field.design[:, habit])
    assert slope == pytest.approx(0, abs=0.01)


def test_no_choice_is_impossible():
    chance = likely(np.array([-1e9, -182.0, 0.0, 182.0]))

    assert chance.tolist() == [LAPSE, LAPSE, 0.5, 1 - LAPSE]
