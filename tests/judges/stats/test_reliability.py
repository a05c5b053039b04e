from __future__ import annotations

import numpy as np
import pytest

from judges.stats.agreement import agreement, alpha_of
from judges.stats.bootstrap import PromptBootstrap
from judges.stats.reliability import fleiss_kappa, fleiss_terms, pairable, reliability
from judges.stats.verdicts import NONE, TIE, A, B

# Krippendorff 2011, example C: four observers, twelve units, missing data.
OBSERVERS = """
1 2 3 3 2 1 4 1 2 . . .
1 2 3 3 2 2 4 1 2 5 . 3
. 3 3 3 2 3 4 2 2 5 1 .
1 2 3 3 2 4 4 1 2 5 1 .
"""

# Fleiss 1971, table 1: thirty patients, six psychiatrists, five diagnoses.
PATIENTS = """
00060 03003 01401 00006 03030 20400 00402 20310 20040 00006
10050 11040 03300 10050 02031 00501 30012 51000 02040 10203
00006 01050 02013 20040 10041 05010 40002 02040 10500 00006
"""


def test_alpha_of_krippendorffs_worked_example():
    rows = [line.split() for line in OBSERVERS.split("\n") if line]
    counts = np.array(
        [[sum(row[unit] == str(value) for row in rows) for value in range(1, 6)]
         for unit in range(12)], dtype=float,
    )  # fmt: skip
    paired = counts[counts.sum(axis=1) >= 2]
    matrix = pairable(paired).sum(axis=0).reshape(5, 5)

    assert matrix.sum() == 40  # pairable values
    assert np.diag(matrix).tolist() == pytest.approx([7, 10, 8, 4, 3])
    assert alpha_of(matrix) == pytest.approx(0.743, abs=5e-4)
    assert alpha_of(matrix, ordinal=True) == pytest.approx(0.815, abs=5e-4)


def test_fleiss_kappa_of_his_worked_example():
    counts = np.array([[int(digit) for digit in row] for row in PATIENTS.split()], dtype=float)

    assert counts.sum(axis=1).tolist() == [6] * 30
    assert fleiss_kappa(fleiss_terms(counts).sum(axis=0)) == pytest.approx(0.430, abs=5e-4)


def test_two_judges_together_are_the_pair():
    rng = np.random.default_rng(5)
    prompt = np.repeat(np.arange(40), 3)
    verdicts = rng.integers(0, 4, size=(120, 2)).astype(np.int8)
    verdicts[:30, 1] = verdicts[:30, 0]
    verdicts[100:, 1] = NONE
    boot = PromptBootstrap(40)

    together = reliability(boot, prompt, verdicts)
    pair = agreement(boot, prompt, verdicts[:, 0], verdicts[:, 1])

    assert together.comparisons == pair.comparisons == 100
    for name in ("fleiss", "alpha", "alpha_ordinal"):
        one, two = getattr(together, name), getattr(pair, name)
        assert (one.value, one.low, one.high) == pytest.approx((two.value, two.low, two.high))


def test_what_only_one_judge_decided_says_nothing():
    boot = PromptBootstrap(3)
    lonely = np.array([[A, NONE, NONE], [NONE, B, NONE]], dtype=np.int8)
    shared = np.array([[A, A, NONE], [NONE, B, NONE], [B, TIE, NONE]], dtype=np.int8)

    assert reliability(boot, np.array([0, 1]), lonely) is None
    found = reliability(boot, np.arange(3), shared)
    assert (found.comparisons, found.judges, found.prompts) == (2, 2, 2)


def test_judges_that_always_agree_and_judges_by_chance():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, size=(600, 1)).astype(np.int8)
    boot, prompt = PromptBootstrap(200), np.arange(600) // 3

    same = reliability(boot, prompt, np.repeat(truth, 4, axis=1))
    chance = reliability(boot, prompt, rng.integers(0, 3, size=(600, 4)).astype(np.int8))

    assert same.fleiss.value == same.alpha.value == same.alpha_ordinal.value == 1
    assert abs(chance.alpha.value) < 0.05
    assert chance.alpha.low < chance.alpha.value < chance.alpha.high
