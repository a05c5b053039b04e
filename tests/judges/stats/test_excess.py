from __future__ import annotations

import numpy as np

from judges.stats.bootstrap import PromptBootstrap
from judges.stats.excess import excess, mean_known


def test_only_comparisons_that_both_speak_of_count():
    own = np.array([1.0, 1.0, np.nan, 0.0])
    others = np.array([0.5, np.nan, 1.0, 0.5])

    found = excess(PromptBootstrap(4), np.arange(4), own, others)

    assert (found.value, found.n, found.prompts) == (0.0, 2, 2)
    assert found.low == -0.5
    assert found.high == 0.5


def test_without_a_common_comparison_there_is_none():
    boot, nothing = PromptBootstrap(2), np.full(2, np.nan)

    assert excess(boot, np.arange(2), np.ones(2), nothing) is None


def test_the_mean_of_what_is_known():
    values = np.array([[1.0, np.nan, 0.0], [np.nan, np.nan, np.nan]])

    np.testing.assert_equal(mean_known(values), [0.5, np.nan])
    np.testing.assert_equal(mean_known(np.empty((2, 0))), [np.nan, np.nan])
