from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import expit

from judges.stats.bootstrap import PromptBootstrap
from judges.stats.length import fitted_slope, length_preference
from judges.stats.verdicts import NONE, TIE, A, B


def preference(log_ratio, verdicts, others=None, per_prompt=5):
    n = len(log_ratio)
    prompt = np.arange(n) // per_prompt
    others = np.full(n, np.nan) if others is None else np.asarray(others)
    return length_preference(
        PromptBootstrap(int(prompt.max()) + 1), prompt, np.asarray(log_ratio),
        np.asarray(verdicts, dtype=np.int8), others,
    )  # fmt: skip


def judged(slope, n=3000, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(0, 0.7, n)
    return x, np.where(rng.random(n) < expit(slope * x), A, B)


@pytest.mark.parametrize("slope", [-1.0, 0.0, 0.8, 3.0])
def test_the_slope_is_found_again(slope):
    x, verdicts = judged(slope)
    found = preference(x, verdicts)

    exact = minimize_scalar(
        lambda s: np.log1p(np.exp(-s * np.where(verdicts == A, x, -x))).sum(), bounds=(-9, 9)
    ).x
    assert found.slope.value == pytest.approx(exact, abs=0.02)
    assert found.slope.low < slope < found.slope.high


def test_the_share_of_the_longer():
    found = preference([1.0, 0.5, -1.0, -0.5, 2.0], [A, A, B, A, TIE])

    assert (found.longer.value, found.longer.n) == (0.75, 4)


def test_equal_lengths_and_ties_do_not_count():
    found = preference([0.0, 0.0, 1.0, -1.0, 1.0], [A, B, TIE, NONE, A])

    assert found.longer.n == 1


def test_a_judge_that_always_takes_the_longer_has_no_finite_slope():
    x, _ = judged(0.0, n=50)
    found = preference(x, np.where(x > 0, A, B))

    assert found.longer.value == 1
    assert found.slope is None


def test_which_output_is_called_a_does_not_matter():
    x, verdicts = judged(1.0, n=200)
    turned = np.where(verdicts == A, B, A)

    assert preference(x, verdicts) == preference(-x, turned)


def test_beyond_the_others_is_zero_for_a_judge_like_them():
    """Longer answers are better here, so both like them; only the difference is a bias."""
    x, verdicts = judged(2.0)
    _, others = judged(2.0, seed=0)
    same = preference(x, verdicts, np.where(others == A, 1.0, 0.0))
    more = preference(x, np.where(x > 0, A, B), np.where(others == A, 1.0, 0.0))

    assert same.beyond.value == 0
    assert more.beyond.value == pytest.approx(1 - same.longer.value)
    assert more.beyond.low > 0


def test_without_other_judges_nothing_is_beyond():
    x, verdicts = judged(2.0, n=20)

    assert preference(x, verdicts).beyond is None


def test_nothing_judged_is_nothing_known():
    found = preference([1.0, 2.0], [NONE, NONE])

    assert found.longer is found.slope is found.beyond is None


def test_every_resample_is_a_fit_of_its_own():
    x = np.array([0.2, 0.5, 1.0])
    n = np.array([[40.0, 40.0, 40.0], [10.0, 80.0, 30.0], [5.0, 5.0, 5.0]])
    won = np.array([[22.0, 25.0, 30.0], [5.0, 45.0, 28.0], [5.0, 5.0, 5.0]])

    together = fitted_slope(x, n, won)

    for row in range(2):
        assert together[row] == pytest.approx(fitted_slope(x, n[[row]], won[[row]])[0])
        p = expit(together[row] * x)
        assert ((won[row] - n[row] * p) * x).sum() == pytest.approx(0, abs=1e-8)
    assert np.isnan(together[2])
