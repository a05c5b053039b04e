"""Ranks, P(above), Holm and tiers."""

from __future__ import annotations

import numpy as np
import pytest

from tournaments.ratings.intervals import (
    Estimate,
    probability_above,
    ranks,
    separated,
    tiers,
)

RATINGS = np.array([1200.0, 1000.0, 1195.0, 1000.0])


def variances(of_a_difference: float, n: int = 4) -> np.ndarray:
    return of_a_difference * (1.0 - np.eye(n))


def test_equal_ratings_share_a_rank_and_a_chance() -> None:
    draws = np.tile(RATINGS, (10, 1))
    found = ranks(Estimate(RATINGS, RATINGS, RATINGS, variances(100.0), draws), 0.95)
    assert found.rank.tolist() == [1, 3, 2, 3]
    above = probability_above(RATINGS, variances(100.0))
    assert above[1, 3] == 0.5
    assert np.diag(above).tolist() == [0.5] * 4
    assert above + above.T == pytest.approx(np.ones((4, 4)))
    assert above[0, 2] == pytest.approx(0.6915, abs=1e-4)


def test_certain_differences_are_certain() -> None:
    above = probability_above(RATINGS, variances(0.0))
    assert above[0].tolist() == [0.5, 1.0, 1.0, 1.0]


def test_holm_by_hand() -> None:
    """p = 0.0124, 0.0357, 0.3173 against 0.05 / 3, 0.05 / 2, 0.05: only the first passes."""
    ratings, spread = np.array([2.5, 0.4, 0.0]), np.ones((3, 3))
    spread[0, 1] = spread[1, 0] = 1.0
    spread[0, 2] = spread[2, 0] = 1.0
    spread[1, 2] = spread[2, 1] = 0.16
    found = separated(ratings, spread, 0.95)
    assert found[0, 2]
    assert not found[0, 1]
    assert not found[1, 2]
    assert (found == found.T).all()


def test_equals_are_separated_no_more_often_than_stated() -> None:
    rng, wrong = np.random.default_rng(0), 0
    for _ in range(600):
        wrong += bool(separated(rng.normal(size=5), variances(2.0, 5), 0.95).any())
    assert wrong / 600 < 0.07


def test_a_tier_ends_with_the_first_who_is_separated_from_its_best() -> None:
    assert tiers(RATINGS, variances(100.0), 0.95).tolist() == [1, 2, 1, 2]
    assert tiers(RATINGS, variances(1e6), 0.95).tolist() == [1, 1, 1, 1]
    assert tiers(RATINGS, variances(1e-6), 0.95).tolist() == [1, 3, 2, 3]
