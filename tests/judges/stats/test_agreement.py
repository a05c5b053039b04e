"""Against published examples and closed forms; no other library is asked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from judges.stats.agreement import (
    agreement,
    alpha_of,
    cohen,
    coincidences,
    linear_weights,
    raw_agreement,
    scott,
    to_ordinal,
)
from judges.stats.bootstrap import PromptBootstrap
from judges.stats.verdicts import BOTH_BAD, NONE, TIE, A, B

VERDICTS = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from([A, TIE, B, BOTH_BAD]),
              st.sampled_from([A, TIE, B, BOTH_BAD])),
    min_size=2, max_size=40,
)  # fmt: skip


def compare(rows):
    prompt, one, two = (np.array(column) for column in zip(*rows, strict=True))
    boot = PromptBootstrap(int(prompt.max()) + 1)
    return agreement(boot, prompt, one.astype(np.int8), two.astype(np.int8))


@pytest.mark.parametrize(
    ("table", "kappa"),
    [
        ([[20, 5], [10, 15]], 0.4),
        ([[45, 15], [25, 15]], 0.1304),
        ([[25, 35], [5, 35]], 0.2593),
        ([[5, 0], [0, 5]], 1.0),
        ([[0, 5], [5, 0]], -1.0),
    ],
)
def test_cohens_kappa_of_textbook_tables(table, kappa):
    assert cohen(np.array(table, dtype=float)) == pytest.approx(kappa, abs=5e-5)


def test_cohens_kappa_by_the_margins():
    """Proportions with agreement .29 and margins .5 .3 .2 and .4 .3 .3, so that chance is .35."""
    table = np.array([[0.25, 0.13, 0.12], [0.12, 0.02, 0.16], [0.03, 0.15, 0.02]])

    assert raw_agreement(table) == pytest.approx(0.29)
    assert cohen(table) == pytest.approx((0.29 - 0.35) / (1 - 0.35))


def test_weighted_kappa_with_two_categories_is_kappa():
    table = np.array([[20.0, 5.0], [10.0, 15.0]])

    assert cohen(table, linear_weights(2)) == pytest.approx(0.4)
    assert cohen(table, linear_weights(2) ** 2) == pytest.approx(0.4)


def test_quadratic_kappa_by_moments():
    """1 - E(x - y)^2 / (var x + var y + (mean x - mean y)^2), by Fleiss & Cohen 1973."""
    rng = np.random.default_rng(3)
    x, y = rng.integers(0, 3, 500), rng.integers(0, 3, 500)
    table = np.zeros((3, 3))
    np.add.at(table, (x, y), 1)

    expected = 1 - ((x - y) ** 2).mean() / (x.var() + y.var() + (x.mean() - y.mean()) ** 2)

    assert cohen(table, linear_weights(3) ** 2) == pytest.approx(expected)


def test_a_step_to_the_tie_weighs_half_and_a_quarter_of_a_reversal():
    step, reversal = np.diag([10.0, 0, 10.0]), np.diag([10.0, 0, 10.0])
    step[0, 1] = reversal[0, 2] = 2.0
    for power, share in ((1, 2), (2, 4)):
        weights = linear_weights(3) ** power
        assert (weights * reversal).sum() == share * (weights * step).sum()


def test_krippendorffs_alpha_of_two_observers():
    """Krippendorff 2011, example A: binary data of ten units, alpha 0.095."""
    one = np.array([0, 1, 0, 0, 0, 0, 0, 0, 1, 0])
    two = np.array([1, 1, 1, 0, 0, 1, 0, 0, 0, 0])
    table = np.zeros((2, 2))
    np.add.at(table, (one, two), 1)

    assert alpha_of(coincidences(table)) == pytest.approx(0.095, abs=5e-4)


def test_alpha_is_scotts_pi_with_a_small_sample_correction():
    table = np.array([[20.0, 5.0, 1.0], [10.0, 15.0, 2.0], [0.0, 3.0, 9.0]])
    values = 2 * table.sum()

    assert alpha_of(coincidences(table)) == pytest.approx(
        1 - (1 - scott(table)) * (values - 1) / values
    )


def test_both_bad_is_its_own_verdict_in_nominal_and_the_middle_in_ordinal_statistics():
    rows = [(0, A, A), (1, B, B), (2, TIE, BOTH_BAD), (3, BOTH_BAD, TIE), (4, A, A)]
    found = compare(rows)

    assert found.raw.value == 0.6
    assert found.kappa.value < 1
    assert found.linear.value == found.quadratic.value == found.alpha_ordinal.value == 1
    assert to_ordinal(np.ones((4, 4))).tolist() == [[1, 2, 1], [2, 4, 2], [1, 2, 1]]


def test_only_what_both_decided_counts():
    found = compare([(0, A, A), (0, A, NONE), (1, NONE, B), (2, B, B), (2, NONE, NONE)])

    assert (found.comparisons, found.prompts, found.raw.value) == (2, 2, 1.0)
    assert compare([(0, A, NONE), (1, NONE, B)]) is None


def test_where_all_verdicts_are_the_same_chance_cannot_be_told():
    found = compare([(0, TIE, TIE), (1, TIE, TIE), (2, TIE, TIE)])

    assert found.raw.value == 1.0
    assert found.kappa is found.linear is found.fleiss is found.alpha is None


def test_always_the_same_side_is_agreement():
    """All for a says no less than all for the better one, whichever side that is."""
    found = compare([(0, A, A), (1, A, A), (2, A, A)])

    assert found.kappa.value == found.alpha.value == 1.0


@given(VERDICTS)
def test_who_is_called_the_first_judge_does_not_matter(rows):
    one = compare(rows)
    two = compare([(prompt, second, first) for prompt, first, second in rows])

    for name in ("raw", "kappa", "linear", "quadratic", "fleiss", "alpha", "alpha_ordinal"):
        first, second = getattr(one, name), getattr(two, name)
        assert (first is None) == (second is None)
        if first:
            assert first.value == pytest.approx(second.value)


@given(VERDICTS, st.integers(0, 2**40 - 1))
def test_which_output_is_called_a_does_not_matter(rows, exchanged):
    """Not even when only some comparisons are named otherwise."""
    other = {A: B, B: A, TIE: TIE, BOTH_BAD: BOTH_BAD}
    named = [
        (prompt, other[first], other[second]) if exchanged >> place & 1 else (prompt, first, second)
        for place, (prompt, first, second) in enumerate(rows)
    ]
    one, two = compare(rows), compare(named)

    for name in ("raw", "kappa", "linear", "quadratic", "fleiss", "alpha", "alpha_ordinal"):
        first, second = getattr(one, name), getattr(two, name)
        assert (first is None) == (second is None)
        if first:
            assert first.value == pytest.approx(second.value)


def test_where_a_and_b_win_equally_often_it_is_the_textbook_kappa():
    rows = [(n, A, A) for n in range(20)] + [(n, B, B) for n in range(20)]
    rows += [(n, A, B) for n in range(5)] + [(n, B, A) for n in range(5)]

    assert compare(rows).kappa.value == pytest.approx(cohen(np.array([[20.0, 5.0], [5.0, 20.0]])))


@given(VERDICTS)
def test_no_figure_is_above_one(rows):
    found = compare(rows)
    for name in ("raw", "kappa", "linear", "quadratic", "fleiss", "alpha", "alpha_ordinal"):
        figure = getattr(found, name)
        assert figure is None or figure.value <= 1 + 1e-12
