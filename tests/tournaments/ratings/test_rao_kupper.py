"""Rao and Kupper's model in a table."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from tests.tournaments.ratings.worlds import comparisons, on_elo_scale, ratings
from tournaments.ratings import registry

NAMES = ("c0", "c1", "c2")
THETA = np.array([-0.7, 0.0, 0.7])


def test_it_finds_the_strengths_and_the_threshold_that_made_the_data() -> None:
    rng = np.random.default_rng(0)
    rows = []
    for prompt in range(600):
        for i in range(3):
            for j in range(i):
                drawn, lead = rng.random(), THETA[i] - THETA[j]
                won, lost = expit(lead - 0.5), expit(-lead - 0.5)
                score = 1.0 if drawn < won else 0.0 if drawn > 1.0 - lost else 0.5
                rows.append((NAMES[i], NAMES[j], score, prompt))
    table = registry.build("rao_kupper").rate(comparisons(rows))
    assert ratings(table, NAMES) == pytest.approx(on_elo_scale(THETA), abs=25)
    chance, threshold = table.effects
    assert chance.value == pytest.approx(1.0 - 2.0 * expit(-0.5), abs=0.03)
    assert threshold.value == pytest.approx(0.5, abs=0.06)
