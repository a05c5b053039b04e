from __future__ import annotations

import numpy as np

from judges.stats.verdicts import (
    BOTH_BAD,
    NONE,
    TIE,
    A,
    B,
    counted,
    decisive,
    plurality,
    points,
    sides,
)

ALL = np.array([A, TIE, B, BOTH_BAD, NONE], dtype=np.int8)


def test_points_and_sides_of_every_verdict():
    np.testing.assert_equal(points(ALL), [1, 0.5, 0, 0.5, np.nan])
    np.testing.assert_equal(sides(ALL), [1, np.nan, 0, np.nan, np.nan])
    assert decisive(ALL).tolist() == [True, False, True, False, False]


def test_the_most_frequent_verdict_wins_and_a_draw_is_what_the_caller_says():
    votes = np.array(
        [[A, A, B], [A, B, NONE], [NONE, NONE, NONE], [BOTH_BAD, TIE, BOTH_BAD]], dtype=np.int8
    )

    assert plurality(counted(votes), draw=TIE).tolist() == [A, TIE, NONE, BOTH_BAD]
    assert plurality(counted(votes), draw=NONE).tolist() == [A, NONE, NONE, BOTH_BAD]


def test_without_judges_nobody_spoke():
    assert plurality(counted(np.empty((2, 0), dtype=np.int8)), draw=TIE).tolist() == [NONE, NONE]
