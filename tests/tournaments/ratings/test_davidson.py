"""Davidson's model in a table: its scale, its order, its tie chance."""

from __future__ import annotations

import numpy as np
import pytest

from tests.tournaments.ratings.worlds import comparisons, drawn_rows, on_elo_scale, ratings
from tournaments.ratings import registry

NAMES = ("c0", "c1", "c2", "c3")
THETA = np.array([-1.0, -0.2, 0.3, 0.9])


def davidson_rows(nu: float, prompts: int) -> list[tuple[str, str, float, int]]:
    rng = np.random.default_rng(0)
    rows = []
    for prompt in range(prompts):
        for i in range(4):
            for j in range(i):
                lead = THETA[i] - THETA[j]
                odds = np.array([np.exp(lead / 2), nu, np.exp(-lead / 2)])
                score = (1.0, 0.5, 0.0)[rng.choice(3, p=odds / odds.sum())]
                rows.append((NAMES[i], NAMES[j], score, prompt))
    return rows


def test_it_finds_the_strengths_and_the_tie_chance_that_made_the_data() -> None:
    table = registry.build("davidson").rate(comparisons(davidson_rows(1.0, 500)))
    assert ratings(table, NAMES) == pytest.approx(on_elo_scale(THETA), abs=25)
    (tie,) = table.effects
    assert tie.value == pytest.approx(1.0 / 3.0, abs=0.03)


def test_the_order_is_that_of_half_wins_and_differences_are_larger() -> None:
    data = comparisons(davidson_rows(1.5, 60))
    ours, half = (registry.build(name).rate(data) for name in ("davidson", "bradley_terry"))
    assert [row.competitor for row in ours.rows] == [row.competitor for row in half.rows]
    assert np.ptp(ratings(ours, NAMES)) > 1.3 * np.ptp(ratings(half, NAMES))


def test_without_ties_it_is_bradley_terry() -> None:
    data = comparisons(drawn_rows(THETA.tolist(), prompts=100, ties=0.0))
    ours, half = (registry.build(name).rate(data) for name in ("davidson", "bradley_terry"))
    assert ratings(ours, NAMES) == pytest.approx(ratings(half, NAMES), abs=1.0)
