from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import false_discovery_control

from judges.stats.raters.correction import benjamini_hochberg

CHANCES = arrays(float, st.integers(1, 30), elements=st.floats(0, 1))


@given(CHANCES)
def test_benjamini_hochberg_is_that_of_scipy(p):
    assert benjamini_hochberg(p) == pytest.approx(false_discovery_control(p))
