from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.optimize import minimize

from judges.surrogates.logistic import FloatArray, PairwiseLogistic, sigmoid

RNG = np.random.default_rng(7)
X = RNG.normal(size=(400, 3)) * np.array([1.0, 50.0, 0.01])
Y = (RNG.random(400) < sigmoid(X @ np.array([1.0, -0.02, 0.0]))).astype(float)
W = RNG.uniform(0.5, 2.0, size=400)


def test_the_fit_is_the_minimum_that_an_independent_optimiser_finds() -> None:
    model = PairwiseLogistic(l2=2.0, clip=2.5).fit(X, Y, W)
    z = np.clip(X / model.scale_, -2.5, 2.5)

    def loss(coef: FloatArray) -> float:
        return float(W @ (np.logaddexp(0, z @ coef) - Y * (z @ coef)) + coef @ coef)

    best = minimize(
        loss, np.zeros(3), method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12}
    )
    np.testing.assert_allclose(model.coef_, best.x, atol=1e-6)


def test_swapped_differences_give_the_complementary_probability() -> None:
    model = PairwiseLogistic().fit(X, Y)
    assert (model.decision_function(-X) == -model.decision_function(X)).all()
    np.testing.assert_allclose(model.predict_proba(X) + model.predict_proba(-X), 1, atol=1e-15)
    assert model.predict_proba(np.zeros(3)) == 0.5


def test_mirrored_data_give_the_same_model() -> None:
    model, mirrored = PairwiseLogistic().fit(X, Y, W), PairwiseLogistic().fit(-X, 1 - Y, W)
    np.testing.assert_allclose(model.coef_, mirrored.coef_, atol=1e-12)


def test_the_unit_of_a_feature_does_not_matter() -> None:
    metres, feet = PairwiseLogistic().fit(X, Y), PairwiseLogistic().fit(X * 3.28, Y)
    np.testing.assert_allclose(metres.coef_, feet.coef_, atol=1e-10)


def test_a_weight_of_two_is_two_rows() -> None:
    doubled = PairwiseLogistic().fit(X, Y, np.full(len(Y), 2.0))
    twice = PairwiseLogistic().fit(np.vstack([X, X]), np.concatenate([Y, Y]))
    np.testing.assert_allclose(doubled.coef_, twice.coef_, atol=1e-10)


def test_no_feature_counts_for_more_than_the_clip() -> None:
    model = PairwiseLogistic(clip=3.0).fit(X, Y)
    extreme = model.contributions(np.array([1e12, 0.0, 0.0]))
    assert extreme[0] == pytest.approx(3 * model.coef_[0])
    assert np.isfinite(model.predict_proba(np.array([1e300, -1e300, 1e300])))


def test_separable_data_stay_finite_and_constant_features_get_nothing() -> None:
    x = np.column_stack([np.linspace(-1, 1, 50), np.zeros(50)])
    model = PairwiseLogistic(l2=0.01).fit(x, (x[:, 0] > 0).astype(float))
    assert np.isfinite(model.coef_).all()
    assert model.coef_[1] == 0


def test_even_votes_mean_even_odds() -> None:
    model = PairwiseLogistic().fit(X, np.full(len(Y), 0.5))
    np.testing.assert_allclose(model.coef_, 0, atol=1e-12)


def test_json_round_trip_keeps_every_prediction() -> None:
    state = json.loads(json.dumps(PairwiseLogistic(l2=3.0, clip=2.0).fit(X, Y).to_json()))
    once = PairwiseLogistic.from_json(state)
    assert once.to_json() == state
    assert (
        once.predict_proba(X) == PairwiseLogistic.from_json(once.to_json()).predict_proba(X)
    ).all()


@pytest.mark.parametrize(
    ("x", "y", "w"),
    [
        (X, Y[:-1], W),
        (X[:0], Y[:0], W[:0]),
        (X, Y + 1, W),
        (X, Y, -W),
        (np.where(X > 2, np.nan, X), Y, W),
    ],
)
def test_unusable_data_are_refused(x: FloatArray, y: FloatArray, w: FloatArray) -> None:
    with pytest.raises(ValueError, match=r"must"):
        PairwiseLogistic().fit(x, y, w)


def test_a_fit_without_penalty_is_refused() -> None:
    with pytest.raises(ValueError, match="l2"):
        PairwiseLogistic(l2=0.0).fit(X, Y)
