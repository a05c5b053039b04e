from __future__ import annotations

import dataclasses

import numpy as np

from judges.stats.raters.field import expect
from judges.stats.raters.pushing import AGAINST, FOR, pushing
from judges.stats.raters.tastes import tastes
from judges.stats.raters.ties import tie_chance
from tests.judges.stats.raters.crowd import crowd, for_, honestly


def against(target):
    push = for_(target)

    def say(first, second, rng):
        choice = push(first, second, rng)
        if target in (first, second):
            return "second" if choice == "first" else "first"
        return choice

    return say


def examined(*says, seed=0):
    votes = crowd(*says, votes=120, seed=seed)
    trusted = np.ones(votes.raters, dtype=bool)
    field = expect(votes, trusted)
    return pushing(field, tastes(field, trusted), tie_chance(field, trusted))


def test_who_always_names_one_competitor_is_found_with_the_direction():
    p, competitor, way = examined(*[honestly] * 20, for_(4), against(0)).of_raters()

    assert p[20] < 1e-4
    assert (competitor[20], way[20]) == (4, FOR)
    assert p[21] < 1e-4
    assert (competitor[21], way[21]) == (0, AGAINST)
    assert p[:20].min() > 1e-3


def test_p_values_of_honest_raters_are_valid():
    p = np.concatenate([examined(*[honestly] * 20, seed=seed).of_raters()[0] for seed in range(15)])

    for level in (0.01, 0.05, 0.1):
        assert (p <= level).mean() <= level


def test_a_ratio_is_one_on_average_when_all_are_honest():
    ratios = [examined(*[honestly] * 20, seed=seed).ratio for seed in range(15)]

    # The mean is at most 1: who has no surplus counts as 0.
    assert np.mean(ratios) < 1.0


def test_a_choice_that_nobody_expected_does_not_touch_the_raters_after():
    votes = crowd(for_(4), *[honestly] * 10, votes=120)
    trusted = np.ones(votes.raters, dtype=bool)
    field = expect(votes, trusted)
    liked, tie = tastes(field, trusted), tie_chance(field, trusted)
    against_first = np.where(field.won > 0.5, -800.0, 800.0)
    odd = dataclasses.replace(field, logit=np.where(votes.rater == 0, against_first, field.logit))

    before, after = pushing(field, liked, tie), pushing(odd, liked, tie)

    assert np.isfinite(after.p).all()
    np.testing.assert_allclose(after.p[:, 1:], before.p[:, 1:])
