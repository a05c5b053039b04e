"""The likelihood of trees of answers against brute force."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.special import expit

from tests.tournaments.ratings.worlds import TREES, Row, comparisons, knock_out
from tournaments.ratings import answer_trees
from tournaments.ratings.answer_trees import log_likelihood, trees_of
from tournaments.ratings.base import RatingError
from tournaments.ratings.counts import Evidence, gather


def likelihood(evidence: Evidence, alpha: np.ndarray, sigma: float) -> tuple[float, np.ndarray]:
    return log_likelihood(list(trees_of(evidence)), evidence.n_prompts, alpha, sigma)


def brute_force(rows: list[Row], alpha: np.ndarray, sigma: float) -> float:
    """Integrate over all answers of each prompt on the full grid."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(11)
    weights = weights / weights.sum()
    total = 0.0
    for prompt in {row[3] for row in rows}:
        games = [row for row in rows if row[3] == prompt]
        chance = 0.0
        for places in itertools.product(range(11), repeat=len(alpha)):
            u = alpha + sigma * nodes[list(places)]
            value = np.prod(weights[list(places)])
            for a, b, score, _ in games:
                p = expit(u[int(a[1])] - u[int(b[1])])
                value *= {1.0: p, 0.5: np.sqrt(p * (1 - p)), 0.0: 1 - p}[score]
            chance += value
        total += np.log(chance)
    return float(total)


def test_messages_integrate_exactly() -> None:
    evidence = gather(comparisons(TREES))
    alpha, sigma = np.array([0.3, -0.2, 0.5, 0.0]), 0.9
    value, scores = likelihood(evidence, alpha, sigma)
    assert value == pytest.approx(brute_force(TREES, alpha, sigma), abs=1e-9)
    step = 1e-5
    for i, nudge in enumerate(step * np.eye(5)):
        up, _ = likelihood(evidence, alpha + nudge[:4], sigma * np.exp(nudge[4]))
        down, _ = likelihood(evidence, alpha - nudge[:4], sigma * np.exp(-nudge[4]))
        assert scores[:, i].sum() == pytest.approx((up - down) / (2 * step), abs=1e-7)


def test_prompts_some_at_a_time_are_the_same_likelihood(monkeypatch: pytest.MonkeyPatch) -> None:
    evidence = gather(comparisons(knock_out(np.zeros(8), 12, 1.0, 0)))
    alpha = np.linspace(-1, 1, 8)
    whole = likelihood(evidence, alpha, 1.1)
    monkeypatch.setattr(answer_trees, "_ROWS_AT_ONCE", 10)
    parts = likelihood(evidence, alpha, 1.1)
    assert parts[0] == pytest.approx(whole[0])
    assert parts[1] == pytest.approx(whole[1])


def test_a_circle_is_refused() -> None:
    circle = [("c0", "c1", 1.0, 0), ("c1", "c2", 1.0, 0), ("c2", "c0", 1.0, 0)]
    with pytest.raises(RatingError, match="form no circle"):
        list(trees_of(gather(comparisons(circle))))
    with pytest.raises(RatingError, match="form no circle"):
        list(trees_of(gather(comparisons([("c0", "c1", 1.0, 0), ("c0", "c1", 0.0, 0)]))))
