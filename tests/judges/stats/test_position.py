from __future__ import annotations

import numpy as np
import pytest

from judges.stats.bootstrap import PromptBootstrap
from judges.stats.position import AB, BA, UNKNOWN, position
from judges.stats.verdicts import BOTH_BAD, NONE, TIE, A, B


def positions(rows):
    """From rows (comparison, order, sample, verdict); ten comparisons a prompt."""
    comparison, order, sample, verdict = (np.array(column) for column in zip(*rows, strict=True))
    boot = PromptBootstrap(int(comparison.max()) // 10 + 1)
    return position(boot, comparison // 10, comparison, order, sample, verdict.astype(np.int8))


def both(comparison, ab, ba, sample=0):
    return [(comparison, AB, sample, ab), (comparison, BA, sample, ba)]


def test_a_judge_that_looks_at_the_answers_only_is_without_bias():
    rows = [row for c in range(40) for row in both(c, *((A, A) if c % 4 else (B, B)))]
    found = positions(rows)

    assert found.flip.value == 0
    assert found.same.value == 1
    assert found.first.value == pytest.approx(0)
    assert found.flip.high > 0


def test_a_judge_that_always_takes_the_first_is_found_out():
    found = positions([row for c in range(40) for row in both(c, A, B)])

    assert (found.flip.value, found.same.value, found.first.value) == (1, 0, 0.5)


def test_a_coin_flips_in_half_of_the_comparisons():
    rng = np.random.default_rng(0)
    found = positions([row for c in range(2000) for row in both(c, *rng.choice([A, B], 2))])

    assert found.flip.value == pytest.approx(0.5, abs=0.04)
    assert found.flip.low < 0.5 < found.flip.high
    assert found.first.low < 0 < found.first.high


def test_a_tie_in_one_order_is_no_change_of_sides_but_not_the_same():
    found = positions(both(0, A, TIE) + both(1, A, A) + both(2, TIE, TIE) + both(12, A, B))

    assert (found.flip.value, found.flip.n) == (0.5, 2)
    assert (found.same.value, found.same.n) == (0.5, 4)


def test_a_better_a_is_no_bias_when_orders_are_uneven():
    rows = [(c, AB, 0, A) for c in range(30)] + [(c, BA, 0, A) for c in range(30, 40)]

    assert positions(rows).first.value == pytest.approx(0)


def test_repetitions_are_paired_with_their_own_kind():
    found = positions(both(0, A, A, sample=0) + both(0, B, A, sample=1) + [(0, AB, 2, B)])

    assert (found.flip.value, found.flip.n) == (0.5, 2)


def test_silence_one_order_and_unknown_orders_tell_nothing():
    rows = [(0, AB, 0, A), (0, BA, 0, NONE), (1, AB, 0, A), (2, UNKNOWN, 0, B), (2, UNKNOWN, 1, A)]
    found = positions(rows)

    assert found.flip is found.same is found.first is None


def test_where_no_side_is_named_in_both_orders_nothing_can_flip():
    found = positions(both(0, TIE, BOTH_BAD) + both(10, TIE, TIE))

    assert found.flip is None
    assert found.same.value == 0.5
