"""Confidence sequences: wrong at any look no more often than they say."""

from __future__ import annotations

import numpy as np
import pytest

from tournaments.ratings.anytime import mean_sequence, separated, widening

LOOKS = np.arange(30, 1001)


def test_looking_all_the_time_is_safe_with_it_and_unsafe_without() -> None:
    rng = np.random.default_rng(0)
    reach = np.array([widening(n, 300) for n in LOOKS])
    means = np.cumsum(rng.normal(size=(1500, 1000)), axis=1)[:, 29:] / LOOKS
    deviates = np.abs(means) * np.sqrt(LOOKS)
    assert (deviates > reach).any(axis=1).mean() < 0.06
    assert (deviates > 1.96).any(axis=1).mean() > 0.3


def test_it_is_narrowest_near_what_was_expected() -> None:
    at = {n: widening(n, 300) for n in (30, 300, 3000)}
    assert at[300] < at[30]
    assert widening(300, 300) < min(widening(300, 30), widening(300, 3000))
    assert at[300] < 1.6 * 1.96
    assert widening(300, 300, 0.99) > at[300]


@pytest.mark.parametrize("bad", [(0, 1, 0.95), (1, 0, 0.95), (1, 1, 1.0)])
def test_nonsense_is_refused(bad: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="must"):
        widening(*bad)


def test_many_differences_together_need_more() -> None:
    leads, variances = np.array([5.0, -5.0, 1.0]), np.ones(3)
    assert separated(leads, variances, 100, 100).tolist() == [1.0, -1.0, 0.0]
    lone = widening(100, 100) + 0.01
    assert separated(np.array([lone]), np.ones(1), 100, 100)[0] == 1.0
    assert separated(np.full(50, lone), np.ones(50), 100, 100).sum() == 0.0


@pytest.mark.parametrize("chance", [0.02, 0.5, 0.8])
def test_a_mean_sequence_holds_from_the_first_point_on(chance: float) -> None:
    rng, missed = np.random.default_rng(1), 0
    for _ in range(150):
        low, high = mean_sequence((rng.random(200) < chance).astype(float))
        missed += bool((low > chance).any() or (high < chance).any())
    assert missed / 150 < 0.09


def test_a_mean_sequence_narrows_and_never_widens() -> None:
    low, high = mean_sequence(np.tile([1.0, 0.5, 1.0, 0.0], 100))
    assert (np.diff(low) >= 0).all()
    assert (np.diff(high) <= 0).all()
    assert low[0] == 0.0
    assert high[0] == 1.0
    assert high[-1] - low[-1] < 0.2
    assert low[-1] < 0.625 < high[-1]


def test_points_outside_0_to_1_are_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        mean_sequence(np.array([0.0, 1.5]))
