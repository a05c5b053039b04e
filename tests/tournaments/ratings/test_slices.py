"""Slices that borrow strength: thin ones stay near the whole, thick ones do not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from tests.tournaments.ratings.worlds import comparisons, drawn_rows, on_elo_scale, ratings
from tournaments.ratings import registry
from tournaments.ratings.base import Comparisons, RatingTable
from tournaments.ratings.slices import rate_slices
from tournaments.ratings.strengths import PairedParams

NAMES = ("c0", "c1", "c2", "c3", "c4")


def sliced(spread: float, prompts: list[int], seed: int) -> tuple[Comparisons, np.ndarray]:
    """A round robin on the prompts of each slice, and the strengths (S, M) in each."""
    rng = np.random.default_rng(seed)
    theta = rng.normal(0.0, 0.7, 5)
    each = theta + rng.normal(0.0, spread, (len(prompts), 5))
    data = comparisons(drawn_rows([0.0] * 5, prompts=sum(prompts)))
    of_prompt = np.repeat(np.arange(len(prompts)), prompts)
    which = of_prompt[data.prompt]
    lead = each[which, data.a] - each[which, data.b]
    score = (rng.random(len(lead)) < expit(lead)).astype(float)
    names = tuple(f"s{i}" for i in range(len(prompts)))
    return replace(data, score=score, slice=which, slices=names), each


def alone(data: Comparisons, number: int) -> RatingTable:
    rows = data.slice == number
    kept = {name: getattr(data, name)[rows] for name in ("a", "b", "score", "prompt")}
    return registry.build("bradley_terry").rate(replace(data, slice=None, slices=(), **kept))


def error(table: RatingTable, truth: np.ndarray) -> float:
    return float(((ratings(table, NAMES) - on_elo_scale(truth)) ** 2).mean())


def test_thin_slices_come_out_better_and_thick_ones_no_worse() -> None:
    pooled, apart = np.zeros(4), np.zeros(4)
    for seed in range(20):
        data, truth = sliced(0.3, [3, 3, 3, 60], seed)
        tables = rate_slices(data, PairedParams())
        pooled += [error(tables[f"s{i}"], truth[i]) for i in range(4)]
        apart += [error(alone(data, i), truth[i]) for i in range(4)]
    assert (pooled[:3] < 0.6 * apart[:3]).all()
    assert pooled[3] < 1.1 * apart[3]


def test_intervals_of_slices_hold_the_truth() -> None:
    held = []
    for seed in range(30):
        data, truth = sliced(0.3, [4, 8, 20, 40], seed)
        for number, (_, table) in enumerate(sorted(rate_slices(data, PairedParams()).items())):
            goal = dict(zip(NAMES, on_elo_scale(truth[number]), strict=True))
            held += [row.ci_low <= goal[row.competitor] <= row.ci_high for row in table.rows]
    assert 0.92 <= np.mean(held) <= 0.985


def test_the_spread_of_slices_is_estimated() -> None:
    def found(spread: float) -> float:
        data, _ = sliced(spread, [30] * 6, 1)
        return float(rate_slices(data, PairedParams())["s0"].settings["spread_of_slices"])

    assert found(0.0) < 20
    assert found(0.8) == pytest.approx(0.8 * 173.7, rel=0.35)


def test_who_was_not_compared_in_a_slice_is_not_rated_in_it() -> None:
    rows = [*drawn_rows([0.0, 0.3, 0.6], prompts=8), ("c0", "rare", 0.0, 8)]
    data = comparisons(rows)
    which = (data.prompt == 8).astype(np.int64)
    pooled = rate_slices(replace(data, slice=which, slices=("usual", "odd")), PairedParams())
    assert [row.competitor for row in pooled["odd"].rows if row.rating] == ["rare", "c0"]
    assert pooled["usual"].rows[-1].note == "not rated"


def test_without_slices_there_is_nothing() -> None:
    assert rate_slices(comparisons(drawn_rows([0.0, 0.1], prompts=2)), PairedParams()) == {}
