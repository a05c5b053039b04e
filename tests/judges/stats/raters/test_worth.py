from __future__ import annotations

import numpy as np
import pytest

from judges.stats.bootstrap import wilson
from judges.stats.raters.worth import wilson_many, worth
from tests.judges.stats.raters.crowd import at_random, crowd, honestly


def good(first, second, rng):
    """Says the better one in nine of ten votes: there is a truth to be found."""
    return "first" if (first < second) == (rng.random() < 0.9) else "second"


def test_reliability_finds_the_share_of_right_verdicts():
    votes = crowd(*[good] * 9, at_random, votes=280)

    found = worth(votes)

    assert found.reliability[:9] == pytest.approx(np.full(9, 0.9), abs=0.06)
    # Pooling draws everybody towards the mean, so that 0.5 comes out a little higher.
    assert found.reliability[9] < 0.65
    assert (found.low <= found.reliability).all()
    assert (found.reliability <= found.high).all()
    assert found.truth.sum(axis=1) == pytest.approx(np.ones(votes.items))


def test_it_does_not_matter_which_output_is_called_a():
    votes = crowd(*[honestly] * 6, votes=200)
    mirrored = crowd(*[honestly] * 6, votes=200)
    object.__setattr__(mirrored, "first", 4 - mirrored.first)
    object.__setattr__(mirrored, "second", 4 - mirrored.second)

    assert worth(votes).reliability == pytest.approx(worth(mirrored).reliability)


def test_intervals_are_wilsons():
    low, high = wilson_many(np.array([0.3, 0.0, 0.5]), np.array([20.0, 7.0, 0.0]))

    assert (low[0], high[0]) == pytest.approx(wilson(0.3, 20))
    assert (low[1], high[1]) == pytest.approx(wilson(0.0, 7))
    assert (low[2], high[2]) == (0.0, 1.0)
