from __future__ import annotations

import numpy as np

from judges.stats.raters.field import expect
from judges.stats.raters.identity import identity_ratio
from judges.stats.raters.tastes import tastes
from tests.judges.stats.raters.crowd import crowd, honestly


def by_name(first, second, rng):
    order = [3, 0, 4, 2, 1]
    return "first" if order.index(first) < order.index(second) else "second"


def test_an_order_of_ones_own_shows():
    votes = crowd(*[honestly] * 20, by_name, votes=120)
    trusted = np.arange(votes.raters) < 20
    field = expect(votes, trusted)

    ratio = identity_ratio(field, tastes(field, trusted))

    assert ratio[20] > 1e4
    assert ratio[:20].max() < 20
