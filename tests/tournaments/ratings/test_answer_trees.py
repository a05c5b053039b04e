"""The likelihood of trees of answers against brute force."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tests.tournaments.ratings.worlds import TREES, Row, comparisons, knock_out
from tournaments.ratings import answer_trees
from tournaments.ratings.answer_trees import log_likelihood, trees_of
from tournaments.ratings.base import RatingError
from tournaments.ratings.counts import Evidence, gather


def likelihood(
    evidence: Evidence, alpha: np.ndarray, sigma: float, nu: float = 0.4
) -> tuple[float, np.ndarray]:
    return log_likelihood(list(trees_of(evidence)), evidence.n_prompts, alpha, sigma, nu)


def brute_force(rows: list[Row], alpha: np.ndarray, sigma: float, nu: float) -> float:
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
                half = (u[int(a[1])] - u[int(b[1])]) / 2
                odds = {1.0: np.exp(half), 0.5: nu, 0.0: np.exp(-half)}
                value *= odds[score] / sum(odds.values())
            chance += value
        total += np.log(chance)
    return float(total)


def test_messages_integrate_exactly() -> None:
    evidence = gather(comparisons(TREES))
    alpha, sigma, nu = np.array([0.3, -0.2, 0.5, 0.0]), 0.9, 0.4
    value, scores = likelihood(evidence, alpha, sigma, nu)
    assert value == pytest.approx(brute_force(TREES, alpha, sigma, nu), abs=1e-9)
    step = 1e-5

    def moved(by: np.ndarray) -> float:
        more = np.exp(by[4:])
        return likelihood(evidence, alpha + by[:4], sigma * more[0], nu * more[1])[0]

    for i, nudge in enumerate(step * np.eye(6)):
        up, down = moved(nudge), moved(-nudge)
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
