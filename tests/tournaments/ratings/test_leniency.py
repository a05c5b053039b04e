"""How ready judges are to call a tie, whoever they were shown."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from tests.tournaments.ratings.worlds import comparisons
from tournaments.ratings import registry
from tournaments.ratings.base import Comparisons, Effect
from tournaments.ratings.counts import gather
from tournaments.ratings.leniency import leniencies

THETA = np.array([-1.5, -0.5, 0.5, 1.5])


def drawn(seed: int, nus: tuple[float, float], prompts: int = 500) -> tuple[Comparisons, list]:
    """Two judges with Davidson parameters `nus`; the second sees only competitors far apart."""
    rng, rows, judge = np.random.default_rng(seed), [], []
    for prompt in range(prompts):
        for k, pairs in enumerate((((0, 1), (1, 2), (2, 3)), ((0, 3), (0, 2), (1, 3)))):
            for i, j in pairs:
                lead = THETA[i] - THETA[j]
                odds = np.array([np.exp(lead / 2), nus[k], np.exp(-lead / 2)])
                score = rng.choice([1.0, 0.5, 0.0], p=odds / odds.sum())
                rows.append((f"c{i}", f"c{j}", score, prompt))
                judge.append(k)
    data = comparisons(rows)
    return replace(data, judge=np.array(judge), judges=("easy", "hard")), rows


def expected_scores(data: Comparisons, nus: tuple[float, float]) -> np.ndarray:
    evidence = gather(data)
    place = [int(name[1:]) for name in evidence.names]
    theta = THETA[place]
    lead = theta[evidence.a] - theta[evidence.b]
    nu = np.array(nus)[evidence.ints("judge")]
    win, loss = np.exp(lead / 2), np.exp(-lead / 2)
    return (win + nu / 2) / (win + nu + loss)


def test_the_chance_to_tie_equals_is_found_whoever_was_shown() -> None:
    nus, held = (0.5, 0.5), []
    for seed in range(20):
        data, _ = drawn(seed, nus)
        p = expected_scores(data, nus)
        found = list(leniencies(gather(data), p, 0.95))
        assert [effect.name for effect in found] == [
            "ties between equals, easy", "ties between equals, hard",
        ]  # fmt: skip
        held += [(e.ci_low or 0) < 0.2 < (e.ci_high or 0) for e in found]
        assert all(abs(e.value - 0.2) < 0.06 for e in found)
    assert sum(held) >= 35


def test_judges_that_differ_are_told_apart() -> None:
    data, _ = drawn(1, (0.2, 2.0))
    found = registry.build("bradley_terry", {"judge_effects": True}).rate(data)
    easy, hard = (effect(found.effects, name) for name in ("easy", "hard"))
    assert easy.value == pytest.approx(0.2 / 2.2, abs=0.03)
    assert hard.value == pytest.approx(0.5, abs=0.06)
    assert (easy.ci_high or 1.0) < (hard.ci_low or 0.0)


def test_a_judge_that_never_ties_and_one_that_always_does_get_a_range() -> None:
    rows = [("a", "b", s, p) for p, s in enumerate((1.0, 0.0) * 10)]
    rows += [("a", "b", 0.5, p) for p in range(20)]
    data = replace(comparisons(rows), judge=np.repeat([0, 1], 20), judges=("never", "always"))
    found = list(leniencies(gather(data), expit(np.zeros(40)), 0.95))
    assert 0.0 < (found[0].ci_low or 0.0) < found[0].value < (found[0].ci_high or 0.0) < 0.3
    assert 0.7 < (found[1].ci_low or 0.0) < found[1].value < (found[1].ci_high or 0.0) < 1.0


def effect(effects: tuple[Effect, ...], judge: str) -> Effect:
    return next(e for e in effects if e.name == f"ties between equals, {judge}")
