from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judges.llm.reliability import (
    Likelihoods,
    Observation,
    Outcome,
    Reference,
    calibration_pairs,
    chosen,
    estimate,
    log_odds,
    probability,
)

B, E, W = Outcome.BETTER, Outcome.EQUAL, Outcome.WORSE


def library(correct: int, wrong: int) -> list[Reference]:
    return [
        Reference(prompt=f"question {number}", answer="x", correct=number < correct)
        for number in range(correct + wrong)
    ]


def test_likelihoods_count_each_comparison_from_both_sides_and_smooth() -> None:
    right, wrong = library(1, 1)
    found = estimate([(right, wrong, B), (right, wrong, B), (wrong, right, E)])
    # Beside a wrong reference a correct target was better twice and equal once.
    assert found.probability(B, reference=False, target=True) == pytest.approx(3 / 6)
    assert found.probability(E, reference=False, target=True) == pytest.approx(2 / 6)
    assert found.probability(W, reference=False, target=True) == pytest.approx(1 / 6)
    # The same comparisons, seen from the wrong one beside a correct reference.
    assert found.probability(W, reference=True, target=False) == pytest.approx(3 / 6)
    # Nothing was seen of two correct ones: all outcomes are equally likely.
    assert found.probability(B, reference=True, target=True) == pytest.approx(1 / 3)


def perfect(correct: int = 4, wrong: int = 4) -> Likelihoods:
    """Of a judge that always sees who is right."""
    pairs = calibration_pairs(library(correct, wrong), 100)
    return estimate(
        (one, other, Outcome(int(one.correct) - int(other.correct))) for one, other in pairs
    )


def test_with_a_good_judge_outcomes_carry_what_they_mean() -> None:
    found = perfect()
    # As good as a correct answer, or better than a wrong one, speaks for an answer.
    assert found.weight(Observation(True, E)) > 1
    assert found.weight(Observation(False, B)) > 1
    assert found.weight(Observation(True, W)) < -1
    assert found.weight(Observation(False, E)) < -1


def test_a_judge_that_cannot_tell_moves_nothing() -> None:
    rng = random.Random(1)
    pairs = calibration_pairs(library(30, 30), 10_000)
    found = estimate((one, other, Outcome(rng.choice((-1, 0, 1)))) for one, other in pairs)
    for correct in (True, False):
        for outcome in Outcome:
            assert abs(found.weight(Observation(correct, outcome))) < 0.2


def test_a_judge_that_is_always_wrong_is_read_the_other_way_round() -> None:
    pairs = calibration_pairs(library(4, 4), 100)
    found = estimate(
        (one, other, Outcome(int(other.correct) - int(one.correct))) for one, other in pairs
    )
    assert found.weight(Observation(False, W)) > 0


def test_log_odds_add_up_from_the_prior() -> None:
    found = perfect()
    seen = [Observation(True, E), Observation(False, B)]
    expected = math.log(0.2 / 0.8) + sum(found.weight(one) for one in seen)
    assert log_odds(0.2, seen, found) == pytest.approx(expected)
    assert log_odds(0.5, [], found) == 0


def test_reliability_recovers_the_truth_with_a_weak_judge() -> None:
    """A judge that errs in one of four comparisons; posterior probabilities are calibrated."""
    rng = random.Random(3)

    def judged(one: bool, other: bool) -> Outcome:
        truth = Outcome(int(one) - int(other))
        return truth if rng.random() < 0.75 else Outcome(rng.choice((-1, 0, 1)))

    references = library(10, 10)
    found = estimate(
        (a, b, judged(a.correct, b.correct)) for a, b in calibration_pairs(references, 190)
    )
    claimed, true = [], []
    for number in range(2000):
        correct = number % 2 == 0
        met = chosen(references, 5, str(number))
        seen = [Observation(r.correct, judged(correct, r.correct)) for r in met]
        claimed.append(probability(log_odds(0.5, seen, found)))
        true.append(correct)
    hits = [(p > 0.5) == t for p, t in zip(claimed, true, strict=True)]
    assert sum(hits) / len(hits) > 0.9
    sure = [t for p, t in zip(claimed, true, strict=True) if 0.7 < p < 0.95]
    assert 0.65 < sum(sure) / len(sure) < 1


@given(st.floats(-1000, 1000))
def test_probability_is_the_logistic_function_without_overflow(x: float) -> None:
    assert probability(x) + probability(-x) == pytest.approx(1)
    assert 0 <= probability(x) <= 1


def test_references_are_drawn_for_a_prompt_half_of_each_sort() -> None:
    references = library(10, 10)
    drawn = chosen(references, 6, "p")
    assert sum(reference.correct for reference in drawn) == 3
    assert len({reference.key for reference in drawn}) == 6
    assert drawn == chosen(references[::-1], 6, "p")
    assert drawn != chosen(references, 6, "q")


def test_what_one_sort_lacks_the_other_fills_up() -> None:
    drawn = chosen(library(1, 5), 4, "p")
    assert sum(reference.correct for reference in drawn) == 1
    assert len(chosen(library(1, 2), 50, "p")) == 3


def test_calibration_pairs_are_of_all_sorts_and_the_same_in_every_process() -> None:
    references = library(5, 5)
    pairs = calibration_pairs(references, 9)
    assert pairs == calibration_pairs(references[::-1], 9)
    assert (
        sorted(one.correct + other.correct for one, other in pairs) == [0] * 3 + [1] * 3 + [2] * 3
    )
    assert len(calibration_pairs(references, 1000)) == 45
