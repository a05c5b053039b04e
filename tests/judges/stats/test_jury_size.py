from __future__ import annotations

import numpy as np
import pytest

from judges.stats.bootstrap import PromptBootstrap
from judges.stats.jury_size import effective_size, jury_size
from judges.stats.verdicts import NONE, A, B


def jury(errors, seed=0, prompts=400, per_prompt=2):
    """Verdicts of members that err where `errors` (C, J) says, and the truth."""
    truth = np.random.default_rng(seed).choice([A, B], len(errors)).astype(np.int8)
    wrong = np.where(truth == A, B, A)
    verdicts = np.where(errors, wrong[:, None], truth[:, None]).astype(np.int8)
    return PromptBootstrap(prompts), np.arange(len(errors)) // per_prompt, verdicts, truth


def test_the_formula():
    assert effective_size(5, np.array([0.0, 1.0, 0.25, -0.2])).tolist() == [5, 1, 2.5, 5]


def test_independent_members_count_fully():
    errors = np.random.default_rng(1).random((800, 4)) < 0.3
    found = jury_size(*(parts := jury(errors))[:3], people=parts[3])

    assert abs(found.rho.value) < 0.1
    assert found.size.value > 3
    assert found.rho.low < 0 < found.rho.high


def test_members_that_err_together_are_one():
    errors = np.repeat(np.random.default_rng(1).random((800, 1)) < 0.3, 4, axis=1)
    boot, prompt, verdicts, truth = jury(errors)

    found = jury_size(boot, prompt, verdicts, truth)

    assert (found.members, found.rho.value, found.size.value) == (4, pytest.approx(1), 1)


def test_a_known_correlation_is_found():
    """A common error in a part c of the cases gives rho = c."""
    rng = np.random.default_rng(2)
    common, own = rng.random((4000, 1)) < 0.3, rng.random((4000, 3)) < 0.3
    errors = np.where(rng.random((4000, 1)) < 0.5, common, own)
    boot, prompt, verdicts, truth = jury(errors, prompts=2000)

    found = jury_size(boot, prompt, verdicts, truth)

    assert found.rho.value == pytest.approx(0.5, abs=0.05)
    assert found.rho.low < 0.5 < found.rho.high
    assert found.size.value == pytest.approx(3 / (1 + 2 * found.rho.value))


def test_without_people_the_rest_of_the_jury_tells_errors():
    errors = np.random.default_rng(1).random((800, 5)) < 0.2
    boot, prompt, verdicts, _ = jury(errors)

    by_rest = jury_size(boot, prompt, verdicts)

    # Of three that remain the majority exists nearly always, and always between two sides.
    assert by_rest.rho.n == 800
    assert by_rest.rho.value < 0.2


def test_a_rest_without_a_majority_says_nothing():
    verdicts = np.array([[A, A, A, B], [A, A, B, A]] * 5, dtype=np.int8)
    boot = PromptBootstrap(10)

    found = jury_size(boot, np.arange(10), verdicts[:, :2])

    assert found.rho is found.size is None
    assert jury_size(boot, np.arange(10), verdicts[:, :1]).size is None


def test_only_shared_comparisons_with_a_truth_count():
    errors = np.random.default_rng(4).random((200, 3)) < 0.3
    boot, prompt, verdicts, truth = jury(errors)
    verdicts[:50, 0], truth[150:] = NONE, NONE

    assert jury_size(boot, prompt, verdicts, truth).rho.n == 150
