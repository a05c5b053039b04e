from __future__ import annotations

import numpy as np
import pytest

from judges.stats.bootstrap import PromptBootstrap
from judges.stats.calibration import bin_of, calibration


def calibrated(p_a, truth, per_prompt=4):
    prompt = np.arange(len(p_a)) // per_prompt
    return calibration(
        PromptBootstrap(int(prompt.max()) + 1), prompt, np.asarray(p_a), np.asarray(truth)
    )


def test_a_judge_that_means_what_it_says():
    rng = np.random.default_rng(0)
    p = rng.random(8000)
    found = calibrated(p, (rng.random(8000) < p).astype(float))

    assert found.error.value < 0.02
    assert len(found.bins) == 5
    for item in found.bins:
        assert item.right.value == pytest.approx(item.confidence, abs=0.04)
    # E(p (1 - p)) of a uniform p
    assert found.brier.value == pytest.approx(1 / 6, abs=0.01)


def test_a_judge_that_is_always_sure_and_right_in_seven_of_ten():
    p = np.array([1.0, 0.0] * 50)
    right = np.array(([True] * 7 + [False] * 3) * 10)
    found = calibrated(p, np.where(right, p, 1 - p))

    (item,) = found.bins
    assert (item.confidence, item.right.value, item.right.n) == (1.0, pytest.approx(0.7), 100)
    assert found.error.value == pytest.approx(0.3)
    assert found.brier.value == pytest.approx(0.3)


def test_which_output_is_called_a_does_not_matter():
    rng = np.random.default_rng(1)
    p, y = rng.random(100), rng.choice([0.0, 0.5, 1.0], 100)
    one, two = calibrated(p, y), calibrated(1 - p, 1 - y)

    assert one.error.value == pytest.approx(two.error.value)
    assert one.brier.value == pytest.approx(two.brier.value)
    assert [item.right.n for item in one.bins] == [item.right.n for item in two.bins]


def test_a_judge_that_favours_no_side_cannot_be_wrong_about_it():
    found = calibrated([0.5] * 8, [1.0] * 8)

    assert found.bins == ()
    assert (found.error.value, found.brier.value) == (0.0, 0.25)


def test_what_is_not_known_is_left_out():
    found = calibrated([0.9, np.nan, 0.8, 0.7], [1.0, 1.0, np.nan, 0.0])

    assert found.comparisons == 2
    assert calibrated([np.nan], [1.0]) is None


def test_bins_hold_their_lower_end_and_the_last_one_both():
    ends = np.array([0.5, 0.6, 0.7, 0.8, 0.9, 1.0])

    assert bin_of(ends).tolist() == [0, 1, 2, 3, 4, 4]
    assert bin_of(ends[1:] - 1e-6).tolist() == [0, 1, 2, 3, 4]
