"""Length control: what length alone earns is taken out, what quality earns stays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from tests.tournaments.ratings.worlds import comparisons, drawn_rows, ratings
from tournaments.ratings import registry
from tournaments.ratings.base import Comparisons, RatingError, RatingTable

THETA = np.array([0.0, 0.0, 0.8, -0.5])
LENGTH = np.array([2000.0, 600.0, 700.0, 900.0])
NAMES = ("c0", "c1", "c2", "c3")


def world(
    taste: float, prompts: int, seed: int, hard: float = 0.0, anchor: int | None = None
) -> Comparisons:
    """Judges who like length, in units of the typical difference (to the anchor, if any).

    hard: how much prompts differ for everybody but c1.
    """
    rng = np.random.default_rng(seed)
    data = comparisons(drawn_rows([0.0] * 4, prompts=prompts))
    length = LENGTH * rng.lognormal(0.0, 0.4, (prompts, 4))
    longer = length[data.prompt, data.a] - length[data.prompt, data.b]
    prompt = rng.normal(0.0, hard, prompts)[data.prompt]
    lead = THETA[data.a] - THETA[data.b] + prompt * ((data.b == 1) * 1.0 - (data.a == 1))
    with_anchor = np.ones(len(lead), dtype=bool)
    if anchor is not None:
        with_anchor = (data.a == anchor) | (data.b == anchor)
    lead += taste * np.tanh(longer / np.sqrt(np.mean(longer[with_anchor] ** 2)))
    score = (rng.random(len(lead)) < expit(lead)).astype(float)
    return replace(data, score=score, covariates={"characters": longer})


def rate(data: Comparisons, **params: object) -> RatingTable:
    return registry.build("length_controlled", params).rate(data)


def test_against_the_field_the_long_one_loses_its_lead() -> None:
    data = world(taste=1.2, prompts=800, seed=0)
    raw = registry.build("win_rate").rate(data)
    controlled = rate(data)
    truth = 100 * (expit(THETA[:, None] - THETA).sum(axis=1) - 0.5) / 3
    assert ratings(raw, NAMES)[0] > truth[0] + 12
    assert ratings(controlled, NAMES) == pytest.approx(truth, abs=7)
    (effect,) = controlled.effects
    assert effect.ci_low is not None
    assert effect.ci_high is not None
    assert effect.ci_low < 1.2 < effect.ci_high


def test_against_a_baseline_that_stands_at_50() -> None:
    data = world(taste=1.2, prompts=400, seed=1, anchor=1)
    table = rate(data, anchor="c1")
    truth = 100 * expit(THETA - THETA[1])
    assert ratings(table, NAMES) == pytest.approx(truth, abs=9)
    rows = {row.competitor: row for row in table.rows}
    assert (rows["c1"].rating, rows["c1"].ci_low, rows["c1"].ci_high) == (50.0, 50.0, 50.0)


def test_judges_without_taste_for_length_leave_the_win_rate_alone() -> None:
    data = world(taste=0.0, prompts=100, seed=2)
    raw = registry.build("win_rate").rate(data)
    assert ratings(rate(data), NAMES) == pytest.approx(ratings(raw, NAMES), abs=5)


def test_intervals_hold_the_truth_with_hard_and_easy_prompts() -> None:
    held = []
    nodes, weights = np.polynomial.hermite_e.hermegauss(41)
    truth = 100 * expit((THETA - THETA[1])[:, None] + nodes) @ (weights / weights.sum())
    for seed in range(60):
        for row in rate(world(0.8, 60, seed, hard=1.0, anchor=1), anchor="c1").rows:
            if row.competitor != "c1":
                held.append(row.ci_low <= truth[int(row.competitor[1:])] <= row.ci_high)
    assert 0.91 <= np.mean(held) <= 0.99


def test_a_change_by_far_is_pointed_out() -> None:
    table = rate(world(taste=2.5, prompts=300, seed=3, anchor=1), anchor="c1")
    assert any("moves these win rates far" in w and "c0 (" in w for w in table.warnings)


def test_lengths_that_are_missing_are_asked_for() -> None:
    with pytest.raises(RatingError, match="without the column"):
        rate(comparisons([("a", "b", 1.0, 0)]))
