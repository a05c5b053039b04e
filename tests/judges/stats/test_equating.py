from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from judges.kinds.scoring import Calibration
from judges.stats.equating import FloatArray, equated, regressed

SCORES = st.lists(st.integers(1, 100), min_size=2, max_size=50).filter(lambda s: len(set(s)) > 1)


@given(SCORES, SCORES)
def test_equated_scores_have_the_mean_and_spread_of_the_reference(
    scores: list[int], reference: list[int]
) -> None:
    one, other = np.array(scores, float), np.array(reference, float)
    moved = equated(one, other)(one)
    assert moved.mean() == pytest.approx(other.mean(), abs=1e-6)
    assert moved.std() == pytest.approx(other.std())


@given(SCORES, st.floats(-50, 50), st.floats(0.1, 10))
def test_a_lenient_judge_is_put_right_by_either_line(
    scores: list[int], offset: float, scale: float
) -> None:
    truth = np.array(scores, float)
    lenient = (truth - offset) / scale
    for line in (equated(lenient, truth), regressed(lenient, truth)):
        assert (line.offset, line.scale) == (
            pytest.approx(offset, abs=1e-6),
            pytest.approx(scale),
        )
        assert line(lenient) == pytest.approx(truth)
        assert line.n == len(scores)


def test_a_noisy_judge_is_trusted_less() -> None:
    rng = np.random.default_rng(1)
    truth = rng.normal(5, 1, 20_000)
    noisy = truth + rng.normal(0, 1, 20_000)
    assert regressed(noisy, truth).scale == pytest.approx(0.5, abs=0.02)
    assert equated(noisy, truth).scale == pytest.approx(2**-0.5, abs=0.02)


def test_a_line_is_what_the_judge_takes() -> None:
    line = equated(np.array([6.0, 8.0]), np.array([3.0, 7.0]))
    calibration = Calibration(offset=line.offset, scale=line.scale)
    assert [calibration.of(score) for score in (6, 8)] == [3, 7]


@pytest.mark.parametrize(
    ("scores", "ratings", "words"),
    [
        ([5.0], [5.0], "at least 2"),
        ([5.0, 5.0], [1.0, 2.0], "all alike"),
        ([1.0, 2.0], [5.0, 5.0], "all alike"),
        ([1.0, np.nan], [1.0, 2.0], "finite"),
        ([1.0, 2.0], [2.0, 1.0], "do not rise"),
        ([1.0, 2.0, 3.0], [1.0, 2.0], "same output"),
    ],
)
def test_what_gives_no_line_is_refused(
    scores: list[float], ratings: list[float], words: str
) -> None:
    one: FloatArray = np.array(scores)
    with pytest.raises(ValueError, match=words):
        regressed(one, np.array(ratings))
