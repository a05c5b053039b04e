from __future__ import annotations

import numpy as np

from judges.stats.raters.suspicion import TESTS, suspicion
from tests.judges.stats.raters.crowd import crowd, first_side, for_, honestly


def test_honest_raters_are_left_in_peace():
    flagged = [suspicion(crowd(*[honestly] * 30, seed=seed)).flagged for seed in range(10)]

    assert np.mean(flagged) <= 0.01


def test_a_ring_of_small_accounts_is_found_though_none_is_alone():
    votes = crowd(*[honestly] * 30, *[for_(4)] * 8, votes=30)

    found = suspicion(votes)

    assert [ring.aim.competitor for ring in found.rings] == [4]
    assert found.flagged[30:].mean() >= 0.75
    assert found.flagged[:30].sum() <= 1
    assert not found.alone[:30].any()


def test_the_field_is_of_those_who_are_not_suspected():
    votes = crowd(*[honestly] * 20, *[for_(4)] * 6, first_side, votes=120)

    found = suspicion(votes)

    assert found.alone[26].tolist()[TESTS.index("side")]
    assert found.flagged[20:].all()
    weakest = votes.first == 4
    named = found.field.chance[weakest & (votes.rater < 20)].mean()
    assert named < 0.35  # as the truth has it, not as the ring would
