"""The belief is the Bradley-Terry posterior that the ratings fit, for many tournaments at once."""

from __future__ import annotations

import numpy as np
import pytest

from tournaments.formats.beliefs import Prior, believe
from tournaments.ratings.counts import Pairs
from tournaments.ratings.links import HalfWin
from tournaments.ratings.paired import Prior as RatingPrior
from tournaments.ratings.paired import Units, fit


def results(trials: int, m: int, seed: int = 0) -> np.ndarray:
    points = np.random.default_rng(seed).integers(0, 9, (trials, m, m)).astype(float)
    points[:, np.arange(m), np.arange(m)] = 0
    return points


def test_it_equals_the_fit_of_the_ratings():
    (points,) = results(1, 6)
    a, b = np.triu_indices(6, 1)
    outcomes = np.stack([points[a, b], np.zeros(len(a)), points[b, a]], axis=1)
    expected = fit(Units.plain(Pairs(6, a, b, outcomes)), HalfWin(), RatingPrior(1.0))

    found = believe(points[None])

    assert found.theta[0] == pytest.approx(expected.theta, abs=1e-8)
    assert found.covariance[0] == pytest.approx(expected.covariance, abs=1e-8)


def test_a_tournament_has_the_same_digits_whoever_is_fitted_along():
    points = results(5, 7)

    together = believe(points).theta
    alone = np.concatenate([believe(points[k : k + 1]).theta for k in range(5)])

    assert together.tolist() == alone.tolist()


def test_the_undefeated_and_the_idle_are_finite():
    points = np.zeros((1, 3, 3))
    points[0, 0, 1] = 50

    found = believe(points)

    assert np.isfinite(found.theta).all()
    assert found.theta[0, 2] == 0
    assert found.theta[0, 0] > 1 > -1 > found.theta[0, 1]


def test_a_prior_says_what_nobody_played():
    prior = Prior(0.0, np.array([1.0, -1.0]), np.array([4.0, 4.0]))

    found = believe(np.zeros((1, 2, 2)), prior=prior)

    assert found.theta[0] == pytest.approx([1.0, -1.0])
    assert found.covariance[0] == pytest.approx(np.eye(2) / 4)


def test_the_root_is_one_of_the_covariance():
    found = believe(results(2, 5))

    assert found.root @ found.root.transpose(0, 2, 1) == pytest.approx(found.covariance)
