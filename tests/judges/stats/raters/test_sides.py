from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from judges.stats.raters.sides import HONEST, above, side_counts, side_p
from tests.judges.stats.raters.crowd import crowd, first_side, honestly


def test_who_names_one_side_is_found():
    votes = crowd(*[honestly] * 5, first_side, votes=60)

    p = side_p(votes)

    assert p[5] == pytest.approx(2 * HONEST**60)
    assert p[:5].min() > 0.05
    first, named = side_counts(votes)
    assert (first[5], named[5]) == (60, 60)


def test_a_slight_preference_is_honest():
    slight = lambda first, second, rng: "first" if rng.random() < 0.55 else "second"  # noqa: E731
    p = side_p(crowd(*[slight] * 40, votes=200))

    assert p.min() > 0.01


def test_tails_are_binomial():
    hits, trials = np.array([0.0, 3.0, 10.0]), np.array([10.0, 10.0, 10.0])

    assert above(hits, trials, 0.3) == pytest.approx(binom.sf(hits - 1, trials, 0.3))
