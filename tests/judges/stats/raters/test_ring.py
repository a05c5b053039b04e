from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from judges.stats.raters.pushing import AGAINST, FOR
from judges.stats.raters.ring import Aim, Candidates, rings


def candidates(*ratios):
    aims = [Aim(0, FOR), Aim(1, FOR), Aim(1, AGAINST)][: len(ratios)]
    ratio = np.array(ratios, dtype=float)[:, :, None]
    return Candidates(aims, ratio, ratio)


NOBODY = [0.5] * 30


def test_many_small_signs_make_a_ring():
    weak = [20.0] * 8 + [0.5] * 22

    (found,) = rings(candidates(NOBODY, weak), 0.01, 0.05)

    assert found.aim == Aim(1, FOR)
    assert found.p < 1e-4
    assert found.posterior[:8].min() > 0.8
    assert found.posterior[8:].max() < 0.2


def test_one_account_alone_is_no_ring():
    assert rings(candidates([15.0] + [0.5] * 29), 0.01, 0.05) == []
    (found,) = rings(candidates([1e9] + [0.5] * 29), 0.01, 0.05)
    assert not found.members.any()


def test_who_belongs_to_the_clearest_ring_is_not_asked_about_the_next():
    pushers = [1e4] * 6 + [0.5] * 24
    their_shadow = [1e3] * 6 + [0.5] * 24

    (found,) = rings(candidates(pushers, their_shadow), 0.01, 0.05)

    assert found.aim == Aim(0, FOR)
    assert found.members.tolist() == [True] * 6 + [False] * 24


@given(st.floats(0.01, 0.2))
def test_few_members_are_expected_to_be_honest(false_share):
    ratio = np.geomspace(1e-2, 1e4, 40)

    for found in rings(candidates(ratio), 0.01, false_share):
        assert (
            1 - found.posterior[found.members]
        ).sum() <= false_share * found.members.sum() + 1e-9


def test_p_is_valid_when_all_are_honest():
    rng = np.random.default_rng(0)
    # Ratios of N(1, 1) to N(0, 1) at draws from the latter: 1 on average.
    p = []
    for _ in range(400):
        ratio = np.exp(rng.normal(size=(2, 30)) - 0.5)
        found = rings(candidates(*ratio), 1.0, 0.05)
        p.append(found[0].p if found else 1.0)

    assert np.mean(np.array(p) <= 0.1) <= 0.1
    assert min(p) > 0
    assert np.mean(p) == pytest.approx(1.0, abs=0.1)
