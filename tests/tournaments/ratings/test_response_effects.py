"""Effects of answers: the likelihood against brute force, and knock-outs put right."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.special import expit

from tests.tournaments.ratings.worlds import comparisons, drawn_rows, on_elo_scale, ratings
from tournaments.ratings import registry, response_effects
from tournaments.ratings.base import RatingError
from tournaments.ratings.counts import gather
from tournaments.ratings.response_effects import fit_responses, is_knock_out

Row = tuple[str, str, float, int]


def knock_out(theta: np.ndarray, prompts: int, sigma: float, seed: int) -> list[Row]:
    rng, rows = np.random.default_rng(seed), []
    for prompt in range(prompts):
        strength = theta + sigma * rng.standard_normal(len(theta))
        field = rng.permutation(len(theta))
        while len(field) > 1:
            a, b = field[0::2], field[1::2]
            won = rng.random(len(a)) < expit(strength[a] - strength[b])
            rows += [(f"c{i}", f"c{j}", float(w), prompt)
                     for i, j, w in zip(a, b, won, strict=True)]  # fmt: skip
            field = np.where(won, a, b)
    return rows


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


TREES: list[Row] = [
    ("c0", "c1", 1.0, 0), ("c2", "c3", 0.0, 0), ("c0", "c3", 1.0, 0),
    ("c1", "c0", 0.5, 1), ("c1", "c2", 0.0, 1), ("c1", "c3", 1.0, 1),
]  # fmt: skip


def test_messages_integrate_exactly() -> None:
    evidence = gather(comparisons(TREES))
    alpha, sigma = np.array([0.3, -0.2, 0.5, 0.0]), 0.9
    blocks = list(response_effects._blocks(evidence))
    point = np.append(alpha, np.log(sigma))
    value, scores = response_effects._likelihood(evidence, blocks, point)
    assert value == pytest.approx(brute_force(TREES, alpha, sigma), abs=1e-9)
    step = 1e-5
    for i, nudge in enumerate(step * np.eye(5)):
        up, _ = response_effects._likelihood(evidence, blocks, point + nudge)
        down, _ = response_effects._likelihood(evidence, blocks, point - nudge)
        assert scores[:, i].sum() == pytest.approx((up - down) / (2 * step), abs=1e-7)


def test_blocks_do_not_change_the_likelihood(monkeypatch: pytest.MonkeyPatch) -> None:
    evidence = gather(comparisons(knock_out(np.zeros(8), 12, 1.0, 0)))
    point = np.append(np.linspace(-1, 1, 8), 0.1)

    def found() -> tuple[float, np.ndarray]:
        return response_effects._likelihood(
            evidence, list(response_effects._blocks(evidence)), point
        )

    whole = found()
    monkeypatch.setattr(response_effects, "_EDGES_AT_ONCE", 10)
    parts = found()
    assert parts[0] == pytest.approx(whole[0])
    assert parts[1] == pytest.approx(whole[1])


def over_answers(theta: np.ndarray, sigma: float) -> np.ndarray:
    return on_elo_scale(response_effects._over_answers(theta, sigma)[0])


def test_a_knock_out_of_varying_answers_is_put_right() -> None:
    theta, sigma = np.linspace(-1.2, 1.2, 8), 1.3
    names = [f"c{i}" for i in range(8)]
    truth = over_answers(theta, sigma)
    plain, ours, held, shares = [], [], [], []
    for seed in range(6):
        data = comparisons(knock_out(theta, 250, sigma, seed))
        table = registry.build("bradley_terry", {"response_effects": True}).rate(data)
        goal = dict(zip(names, truth, strict=True))
        held += [row.ci_low <= goal[row.competitor] <= row.ci_high for row in table.rows]
        ours.append(np.ptp(ratings(table, ("c0", "c7"))))
        plain.append(np.ptp(ratings(registry.build("bradley_terry").rate(data), ("c0", "c7"))))
        shares.append(table.effects[0])
    spread = truth[7] - truth[0]
    assert abs(np.mean(ours) - spread) < abs(np.mean(plain) - spread)
    assert np.mean(ours) == pytest.approx(spread, rel=0.04)
    assert np.mean(held) > 0.85
    share = sigma**2 / (sigma**2 + np.pi**2 / 6)
    known = [(s.ci_low or 0.0) < share < (s.ci_high or 0.0) for s in shares]
    assert sum(known) >= 4
    assert np.mean([s.value for s in shares]) > 0.25


def test_answers_that_do_not_vary_leave_a_plain_fit() -> None:
    data = comparisons(knock_out(np.linspace(-1, 1, 8), 150, 0.0, 1))
    names = [f"c{i}" for i in range(8)]
    found = registry.build("bradley_terry", {"response_effects": True}).rate(data)
    plain = registry.build("bradley_terry").rate(data)
    assert ratings(found, names) == pytest.approx(ratings(plain, names), abs=12)
    assert (found.effects[0].ci_low or 0.0) < 0.1


def test_circles_and_weights_are_refused() -> None:
    evidence = gather(comparisons(drawn_rows([0.0, 0.1, 0.2], prompts=3)))
    with pytest.raises(RatingError, match="form no circle"):
        registry.build("bradley_terry", {"response_effects": True}).rate(
            comparisons(drawn_rows([0.0, 0.1, 0.2], prompts=3))
        )
    assert evidence.weight is None
    with pytest.raises(RatingError, match="without any other option"):
        registry.build("bradley_terry", {"response_effects": True, "bootstrap": 5}).rate(
            comparisons(TREES)
        )


def test_a_knock_out_is_recognised_and_a_long_one_warned_of() -> None:
    assert is_knock_out(gather(comparisons(knock_out(np.zeros(4), 20, 0.0, 0))))
    assert not is_knock_out(gather(comparisons(drawn_rows([0.0, 0.1, 0.2], prompts=20))))
    assert not is_knock_out(gather(comparisons([("a", "b", 1.0, 0), ("c", "d", 1.0, 0)])))
    warned = registry.build("bradley_terry").rate(comparisons(knock_out(np.zeros(4), 100, 0.0, 0)))
    assert warned.warnings[0].startswith("A knock-out over 100 prompts")


def test_one_prompt_is_enough_for_an_answer() -> None:
    evidence = gather(comparisons(TREES[:3]))
    from tournaments.ratings.paired import Prior

    found = fit_responses(evidence, Prior(1.0))
    assert found.clustered is None
    assert np.isfinite(found.model).all()
