from __future__ import annotations

import numpy as np

from judges.stats.raters.field import expect
from judges.stats.raters.tastes import LEAST_SPREAD, tastes
from tests.judges.stats.raters.crowd import THETA, crowd, for_, honestly


def lover(rater):
    liking = np.random.default_rng(rater).normal(0, 1.0, len(THETA))

    def say(first, second, rng):
        lead = THETA[first] + liking[first] - THETA[second] - liking[second]
        return "first" if rng.random() < 1 / (1 + np.exp(-lead)) else "second"

    return say


def found(*says):
    votes = crowd(*says, votes=250)
    trusted = np.ones(votes.raters, dtype=bool)
    return tastes(expect(votes, trusted), trusted)


def test_raters_without_tastes_have_the_least_spread():
    assert found(*[honestly] * 20).spread == LEAST_SPREAD


def test_tastes_are_measured():
    assert 0.6 < found(*map(lover, range(30))).spread < 1.4


def test_a_few_pushers_do_not_pass_for_tastes():
    liked = found(*[honestly] * 20, *[for_(4)] * 3)

    assert liked.spread < 0.5
    assert (liked.z[20:, 4] > 3).all()
    assert np.abs(liked.z[:20]).max() < 4
