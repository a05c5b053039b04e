"""Which pairs are worth asking about."""

from __future__ import annotations

import numpy as np
import pytest

from tournaments.formats.acquisition import best_pairs, order_gain
from tournaments.formats.beliefs import believe


def level_field(m: int, games: float, strengths: list[float] | None = None) -> np.ndarray:
    """Points of an even schedule, as expected from the strengths."""
    theta = np.array(strengths or [0.0] * m)
    points = games / (1 + np.exp(theta[None, :] - theta[:, None]))
    points[np.arange(m), np.arange(m)] = 0
    return points[None]


def pairs(found) -> list[tuple[int, int]]:
    return list(zip(found[0][0].tolist(), found[1][0].tolist(), strict=True))


def test_neighbours_in_doubt_come_before_those_far_apart():
    belief = believe(level_field(4, 30, [3.0, 0.05, 0.0, -3.0]))

    assert pairs(best_pairs(belief, 1)) == [(1, 2)]


def test_only_the_border_counts_for_the_best():
    belief = believe(level_field(5, 20, [1.0, 0.9, -0.5, -0.55, -0.6]))

    chosen = pairs(best_pairs(belief, 8, top=1))

    assert {pair for pair in chosen if set(pair) & {0, 1}} == set(chosen)
    assert chosen[0] == (0, 1)


def test_only_one_competitor_is_asked_about():
    belief = believe(level_field(6, 10))

    assert all(3 in pair for pair in pairs(best_pairs(belief, 12, only=3)))


def test_expected_information_spreads_a_large_wave():
    belief = believe(level_field(6, 4))

    chosen = pairs(best_pairs(belief, 30))

    assert len(chosen) == 30
    assert len(set(chosen)) > 8


def test_a_batch_chooses_what_each_would_alone():
    rng = np.random.default_rng(5)
    points = rng.integers(0, 6, (4, 5, 5)).astype(float)
    points[:, np.arange(5), np.arange(5)] = 0

    together = best_pairs(believe(points), 9)

    for k in range(4):
        alone = best_pairs(believe(points[k : k + 1]), 9)
        assert together[0][k].tolist() == alone[0][0].tolist()
        assert together[1][k].tolist() == alone[1][0].tolist()


@pytest.mark.parametrize("lead", [0.0, 0.3, 1.2])
def test_the_gain_is_the_fall_of_the_chance_of_a_wrong_order(lead):
    """Against the integral that the module's text states, up to one constant."""
    variances = np.array([0.1, 0.5, 2.0])
    x = np.linspace(-14, 14, 400_001)

    def integral(variance: float) -> float:
        density = np.exp(-((x - lead) ** 2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)
        inner = np.exp(-(x**2) / (2 * variance)) / np.sqrt(2 * np.pi)
        return float(np.sum(density * inner * np.abs(x)) * (x[1] - x[0]) / variance**1.5 / 2)

    expected = np.array([integral(variance) for variance in variances])
    found = order_gain(np.full(3, lead), variances)

    assert found / found[0] == pytest.approx(expected / expected[0], rel=1e-5)
