"""Win rates: counted by hand, against an anchor, with intervals that cover."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from tests.tournaments.ratings.worlds import comparisons, drawn_rows, ratings
from tournaments.ratings import registry
from tournaments.ratings.base import Comparisons, RatingError, RatingTable

ROWS = [("a", "b", 1.0, 0), ("a", "b", 0.5, 1), ("c", "a", 1.0, 0), ("b", "c", 0.0, 1)]


def rate(data: Comparisons, **params: object) -> RatingTable:
    return registry.build("win_rate", params).rate(data)


def test_points_are_counted() -> None:
    assert ratings(rate(comparisons(ROWS)), ("a", "b", "c")) == pytest.approx(
        [50.0, 100 / 6, 100.0]
    )


def test_only_games_with_the_anchor_count_and_it_stands_at_50() -> None:
    table = rate(comparisons(ROWS), anchor="a")
    assert ratings(table, ("a", "b", "c")) == pytest.approx([50.0, 25.0, 100.0])
    rows = {row.competitor: row for row in table.rows}
    assert (rows["a"].ci_low, rows["a"].ci_high) == (50.0, 50.0)
    assert table.n_comparisons == 3
    assert table.settings["against"] == "a"


def test_probabilities_of_judges_count_as_points() -> None:
    data = replace(comparisons(ROWS[:2]), share=np.array([0.8, np.nan]))
    assert ratings(rate(data), ("a", "b")) == pytest.approx([65.0, 35.0])


@pytest.mark.parametrize(("anchor", "said"), [("x", "not among"), ("idle", "no comparison")])
def test_an_anchor_that_nobody_met_is_refused(anchor: str, said: str) -> None:
    with pytest.raises(RatingError, match=said):
        rate(comparisons(ROWS, names=("a", "b", "c", "idle")), anchor=anchor)


def test_unequal_opponents_are_pointed_out() -> None:
    uneven = [("a", "b", 1.0, p) for p in range(9)] + [("b", "c", 1.0, p) for p in range(9)]
    assert "Competitors met different opponents" in rate(comparisons(uneven)).warnings[-1] or any(
        "different opponents" in warning for warning in rate(comparisons(uneven)).warnings
    )
    even = rate(comparisons(drawn_rows([0.0, 0.1, 0.2], prompts=12)))
    assert not any("different opponents" in warning for warning in even.warnings)


@pytest.mark.parametrize("prompts", [5, 60])
def test_intervals_hold_the_truth_when_verdicts_share_a_prompt(prompts: int) -> None:
    rng, held = np.random.default_rng(4), []
    theta = np.array([-1.5, 0.0, 0.2, 1.3])
    points, weights = np.polynomial.hermite_e.hermegauss(41)
    lead = theta[:, None] - theta[None, :]
    chance = expit(lead[..., None] + np.sqrt(2.0) * points) @ (weights / weights.sum())
    truth = 100 * (chance.sum(axis=1) - np.diag(chance)) / 3
    a, b = np.triu_indices(4, 1)
    for _ in range(150):
        answers = theta + rng.standard_normal((prompts, 4))
        won = rng.random((prompts, 6)) < expit(answers[:, a] - answers[:, b])
        rows = [(f"c{a[k]}", f"c{b[k]}", float(won[p, k]), p)
                for p in range(prompts) for k in range(6)]  # fmt: skip
        for row in rate(comparisons(rows)).rows:
            held.append(row.ci_low <= truth[int(row.competitor[1:])] <= row.ci_high)
    assert 0.92 <= np.mean(held) <= 0.985


def test_a_sweep_stays_below_100_only_in_its_interval() -> None:
    table = rate(comparisons([("a", "b", 1.0, p) for p in range(20)]))
    best = table.rows[0]
    assert best.rating == best.ci_high == 100.0
    assert 75 < (best.ci_low or 0) < 97
