"""Prediction-powered ratings: valid however bad the surrogate is, sharper when it is good."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from tests.tournaments.ratings.worlds import comparisons, drawn_rows, on_elo_scale, ratings
from tournaments.ratings import registry
from tournaments.ratings.base import Comparisons, RatingError, RatingTable
from tournaments.ratings.rows import rows_of

N = 6
NAMES = tuple(f"c{i}" for i in range(N))
SURROGATES = ("good", "useless", "adversarial")
SHARED, OWN = 1.6, 0.5
"""Noise of a comparison that judge and surrogate share, and the judge's own."""


def world(surrogate: str, seed: int, gold: int = 150) -> tuple[Comparisons, np.ndarray]:
    """Some comparisons judged, all predicted; and what infinitely many would say."""
    rng = np.random.default_rng(seed)
    theta = rng.normal(0.0, 1.0, N)
    n = gold + 3000
    a = rng.integers(0, N, n)
    b = (a + rng.integers(1, N, n)) % N
    noise = SHARED * rng.standard_normal(n)
    lead = theta[a] - theta[b] + noise
    won = (rng.random(n) < expit(lead / OWN)).astype(float)
    predicted = {
        "good": lead + 0.4 * (a - b) / N + rng.normal(0.0, 0.5, n),
        "useless": rng.normal(size=n),
        "adversarial": -lead + (a - b),
    }[surrogate]
    rows, head = np.arange(n), np.arange(gold)
    data = Comparisons(
        NAMES,
        np.concatenate([a, a[:gold]]),
        np.concatenate([b, b[:gold]]),
        np.concatenate([(predicted > 0).astype(float), won[:gold]]),
        np.concatenate([rows, head]),
        surrogate=np.arange(n + gold) < n,
    )
    return data, on_elo_scale(_limit(theta))


def _limit(theta: np.ndarray) -> np.ndarray:
    nodes, weights = np.polynomial.hermite_e.hermegauss(61)
    a, b = np.triu_indices(N, 1)
    won = expit(((theta[a] - theta[b])[:, None] + SHARED * nodes) / OWN) @ (weights / weights.sum())
    rows = [(NAMES[i], NAMES[j], s, 0) for i, j in zip(a, b, strict=True) for s in (1.0, 0.0)]
    data = comparisons(rows, NAMES)
    weight = 1e6 * np.stack([won, 1.0 - won], axis=1).ravel()
    weighted = Comparisons(NAMES, data.a, data.b, data.score, data.prompt, weight=weight)
    found = ratings(registry.build("bradley_terry").rate(weighted), NAMES)
    return (found - 1000.0) * np.log(10.0) / 400.0


def rate(data: Comparisons, **params: object) -> RatingTable:
    return registry.build("prediction_powered", params).rate(data)


def value(table: RatingTable, name: str) -> float:
    return next(effect.value for effect in table.effects if effect.name == name)


@pytest.mark.parametrize("surrogate", SURROGATES)
def test_intervals_hold_the_truth_whatever_the_surrogate(surrogate: str) -> None:
    held = []
    for seed in range(60):
        data, truth = world(surrogate, seed)
        goal = dict(zip(NAMES, truth, strict=True))
        held += [r.ci_low <= goal[r.competitor] <= r.ci_high for r in rate(data).rows]
    assert 0.92 <= np.mean(held) <= 0.985


def test_a_good_surrogate_makes_errors_smaller_and_says_how_much() -> None:
    ours, alone, worth = [], [], []
    for seed in range(60):
        data, truth = world("good", seed)
        table = rate(data)
        gold = registry.build("bradley_terry").rate(rows_of(data, ~data.surrogate))
        ours.append(((ratings(table, NAMES) - truth) ** 2).mean())
        alone.append(((ratings(gold, NAMES) - truth) ** 2).mean())
        worth.append(value(table, "effective verdicts") / 150)
    assert np.mean(ours) < 0.85 * np.mean(alone)
    assert np.mean(worth) == pytest.approx(np.mean(alone) / np.mean(ours), rel=0.25)


def test_a_useless_surrogate_gets_no_weight() -> None:
    weights = [value(rate(world("useless", seed)[0]), "weight of predictions") for seed in range(9)]
    assert np.mean(weights) < 0.08


def test_weight_0_is_the_fit_of_the_verdicts_alone() -> None:
    data, _ = world("good", 0)
    gold = registry.build("bradley_terry").rate(rows_of(data, ~data.surrogate))
    found = rate(data, weight=0.0)
    assert ratings(found, NAMES) == pytest.approx(ratings(gold, NAMES))
    assert found.n_comparisons == gold.n_comparisons == 150
    assert [row.wins for row in found.rows] == [row.wins for row in gold.rows]


def test_predictions_change_the_hash_of_the_data() -> None:
    data, _ = world("good", 0)
    flipped = data.score.copy()
    flipped[0] = 1.0 - flipped[0]
    other = Comparisons(NAMES, data.a, data.b, flipped, data.prompt, surrogate=data.surrogate)
    assert rate(data).data_hash != rate(other).data_hash


def test_predictions_alone_are_refused() -> None:
    data = comparisons(drawn_rows([0.0, 0.1], prompts=5))
    everything = np.ones(len(data.a), dtype=bool)
    with pytest.raises(RatingError, match="have people or an LLM judge"):
        rate(Comparisons(data.competitors, data.a, data.b, data.score, data.prompt,
                         surrogate=everything))  # fmt: skip


def test_few_verdicts_are_pointed_out() -> None:
    data, _ = world("good", 0, gold=40)
    assert any("only 40 trusted verdicts" in warning for warning in rate(data).warnings)
