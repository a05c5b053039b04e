from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import false_discovery_control

from judges.stats.raters.correction import benjamini_hochberg, holm

CHANCES = arrays(float, st.integers(1, 30), elements=st.floats(0, 1))


def test_holm_of_a_worked_example():
    assert holm(np.array([0.01, 0.04, 0.03, 0.005])) == pytest.approx([0.03, 0.06, 0.06, 0.02])


@given(CHANCES)
def test_benjamini_hochberg_is_that_of_scipy(p):
    assert benjamini_hochberg(p) == pytest.approx(false_discovery_control(p))


@given(CHANCES)
def test_holm_is_stricter_than_benjamini_hochberg_and_laxer_than_bonferroni(p):
    assert (holm(p) >= benjamini_hochberg(p) - 1e-12).all()
    assert (holm(p) <= np.minimum(1, p * len(p)) + 1e-12).all()
