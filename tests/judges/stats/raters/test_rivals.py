from __future__ import annotations

import numpy as np

from judges.stats.raters.field import expect
from judges.stats.raters.rivals import lifting_ratio
from judges.stats.raters.tastes import tastes
from tests.judges.stats.raters.crowd import crowd, honestly


def lifts_three_above_two(first, second, rng):
    if first == 3 or second == 2:
        return "first"
    return "second" if second == 3 or first == 2 else honestly(first, second, rng)


def test_the_target_and_its_rival_are_found():
    votes = crowd(*[honestly] * 20, lifts_three_above_two, votes=120)
    trusted = np.arange(votes.raters) < 20
    field = expect(votes, trusted)

    target, rival, ratio = lifting_ratio(field, tastes(field, trusted))

    best = ratio[:, 20].mean(axis=1).argmax()
    assert (target[best], rival[best]) == (3, 2)
    assert ratio[best, 20].max() > 1e3
    assert ratio[:, :20].mean() < 1.5
    assert len(target) == 20  # ordered pairs of five
