from __future__ import annotations

import numpy as np
import pytest

from judges.stats.raters.field import expect
from judges.stats.raters.ties import tie_chance
from tests.judges.stats.raters.crowd import crowd, honestly


def indecisive(first, second, rng):
    return "tie" if rng.random() < 0.6 else honestly(first, second, rng)


def test_expected_ties_are_each_raters_own():
    votes = crowd(*[honestly] * 8, indecisive, votes=200)
    trusted = np.ones(votes.raters, dtype=bool)

    chance = tie_chance(expect(votes, trusted), trusted)

    seen = votes.per_rater(~votes.sided)
    assert votes.per_rater(chance) == pytest.approx(seen, abs=3)
    assert chance[votes.rater == 8].mean() > 3 * chance[votes.rater == 0].mean()
