"""Worlds give the same verdict to the same question, and as often as their truth says."""

from __future__ import annotations

import numpy as np
import pytest

from tournaments.simulation.worlds import Recorded, Setting, Synthetic


def ask(world, trial, prompt, i, j):
    return world.verdicts(*(np.atleast_1d(x).astype(np.int64) for x in (trial, prompt, i, j)))


def test_the_same_question_has_the_same_answer_from_either_side():
    world = Synthetic(Setting(competitors=5, ties=0.4, slight=0.9, position=0.5), 3, seed=1)
    rng = np.random.default_rng(0)
    trial, prompt = rng.integers(0, 3, 500), rng.integers(0, 200, 500)
    i, j = rng.integers(0, 2, 500), rng.integers(2, 5, 500)

    shares = ask(world, trial, prompt, i, j)

    assert ask(world, trial, prompt, j, i) == pytest.approx(1 - shares)
    assert ask(world, trial[::-1], prompt[::-1], i[::-1], j[::-1])[::-1].tolist() == shares.tolist()
    assert set(shares.tolist()) == {0.0, 0.25, 0.5, 0.75, 1.0}


@pytest.mark.parametrize(
    "effects",
    [
        {"rho": 0.0},
        {"rho": 0.6},
        {"rho": 0.3, "flips": 0.2},
        {"rho": 0.5, "ties": 0.6},
        {"rho": 0.5, "slight": 1.0, "ties": 0.2},
        {"rho": 0.0, "position": 1.0},
        {"rho": 0.2, "prompt_spread": 0.7},
        {"rho": 0.2, "intransitive": 1.0, "bias": 0.5},
    ],
)
def test_verdicts_are_as_frequent_as_expected(effects):
    world = Synthetic(Setting(competitors=4, **effects), 1, seed=2)
    prompts = np.arange(40_000)
    expected = world.expected()[0]

    for i, j in ((0, 1), (1, 2), (3, 0)):
        found = ask(world, np.zeros(40_000), prompts, np.full(40_000, i), np.full(40_000, j))
        assert found.mean() == pytest.approx(expected[i, j], abs=0.012)


def test_true_strengths_are_those_of_the_expected_results():
    plain = Synthetic(Setting(competitors=6, rho=0.0), 2, seed=3)
    noisy = Synthetic(Setting(competitors=6, rho=0.0, flips=0.2), 2, seed=3)

    assert plain.strengths == pytest.approx(plain.order, abs=1e-3)
    assert (np.abs(noisy.strengths).sum() < np.abs(noisy.order).sum()).all()


def test_the_best_is_ahead():
    world = Synthetic(Setting(competitors=30, lead=0.2), 50, seed=4)

    best = np.sort(world.order, axis=1)

    assert (best[:, -1] - best[:, -2]).min() >= 0.2 - 1e-12


def test_strengths_may_be_given():
    world = Synthetic(Setting(competitors=3, given=(1.0, 2.0, 4.0, 8.0), lead=0.0), 10, seed=5)

    assert all(len(set(row)) == 3 for row in world.order.round(9).tolist())
    assert world.order.mean() == pytest.approx(0)


def test_answers_are_shared_by_the_comparisons_of_a_prompt():
    """With rho the verdicts of one competitor on a prompt agree more than chance."""

    def agreement_of(rho: float) -> float:
        world = Synthetic(Setting(competitors=3, spread=0.0, lead=0.0, rho=rho), 1, seed=6)
        prompts, zero = np.arange(20_000), np.zeros(20_000)
        first = ask(world, zero, prompts, zero, zero + 1)
        return float((first == ask(world, zero, prompts, zero, zero + 2)).mean())

    assert agreement_of(0.0) == pytest.approx(0.5, abs=0.015)
    assert agreement_of(0.5) == pytest.approx(0.5 + np.arcsin(0.25) / np.pi, abs=0.015)


def test_a_record_answers_from_its_table():
    shares = np.full((2, 2, 2), np.nan)
    shares[0] = [[np.nan, 1.0], [0.0, np.nan]]
    world = Recorded(shares, 3)

    assert ask(world, 2, 0, 1, 0).tolist() == [0.0]
    assert np.isnan(ask(world, 2, 1, 1, 0)).all()
    assert (world.order[:, 0] > world.order[:, 1]).all()


def questions(size: int = 4000) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    i = rng.integers(0, 5, size)
    return rng.integers(0, 3, size), rng.integers(0, 500, size), i, (i + 1) % 5


def test_who_is_first_changes_sides_with_the_question_and_wins_more():
    world = Synthetic(Setting(competitors=5, prompts=500, position=1.5), 3, 1)
    trial, prompt, i, j = questions()

    first = world.first(trial, prompt, i, j)
    shares = world.verdicts(trial, prompt, i, j)

    assert (first == -world.first(trial, prompt, j, i)).all()
    assert shares[first > 0].mean() > shares[first < 0].mean() + 0.2


def test_both_orders_cancel_the_advantage_and_may_disagree():
    world = Synthetic(Setting(competitors=5, prompts=500, position=1.5, both_orders=True), 3, 1)
    trial, prompt, i, j = questions()

    first, shares = world.first(trial, prompt, i, j), world.verdicts(trial, prompt, i, j)

    assert set(np.unique(shares)) == {0.0, 0.5, 1.0}
    assert abs(shares[first > 0].mean() - shares[first < 0].mean()) < 0.06


def test_a_surrogate_knows_as_much_of_the_luck_of_answers_as_it_was_told():
    blind, seeing = (
        Synthetic(Setting(competitors=5, prompts=500, rho=0.9, surrogate=known), 3, 1)
        for known in (0.0, 0.95)
    )
    trial, prompt, i, j = questions()
    lead = seeing.order[trial, i] - seeing.order[trial, j]
    surprise = seeing.verdicts(trial, prompt, i, j) - 1 / (1 + np.exp(-lead))

    def known(world: Synthetic) -> float:
        view = world.predicted(trial, prompt, i, j)
        return float(np.corrcoef(surprise, view)[0, 1])

    assert (blind.verdicts(trial, prompt, i, j) == seeing.verdicts(trial, prompt, i, j)).all()
    assert abs(known(blind)) < 0.06
    assert known(seeing) > 0.5


def test_graded_verdicts_and_a_surrogate_inform_more_than_a_forced_choice():
    def informs(**setting: float) -> float:
        world = Synthetic(Setting(competitors=5, prompts=1, **setting), 4, 1)
        return float(world.information().mean())

    forced, three, five, told = (
        informs(), informs(ties=0.9), informs(ties=0.6, slight=2.0), informs(surrogate=0.9)
    )  # fmt: skip

    assert forced < three < five
    assert forced < told
    assert informs(flips=0.1) < forced
    assert informs(rho=0.0, spread=1e-9, lead=0.0) == pytest.approx(0.25, abs=1e-6)
