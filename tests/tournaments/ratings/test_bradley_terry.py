"""Bradley-Terry against independent fits, published figures, and known truths."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from tests.tournaments.ratings.worlds import SHARED_DATA, comparisons, drawn_rows
from tournaments.ratings import registry, strengths
from tournaments.ratings.base import ELO_SCALE, Comparisons, RatingError, RatingTable
from tournaments.ratings.counts import gather

CASES = SHARED_DATA / "bt_reference" / "cases"
PUBLISHED = ["baseball_1987", "davidson_pudding", "journal_citations", "wikipedia_worked_example"]
NEGLIGIBLE_PRIOR = 1e-6


def rate(data: Comparisons, **params: object) -> RatingTable:
    return registry.build("bradley_terry", params).rate(data)


def win_matrix(data: Comparisons) -> np.ndarray:
    wins = np.zeros((len(data.competitors),) * 2)
    for a, b, score in zip(data.a, data.b, data.score, strict=True):
        wins[a, b] += score
        wins[b, a] += 1.0 - score
    return wins


def independent_fit(wins: np.ndarray, prior_games: float) -> np.ndarray:
    """Log-strengths relative to the ghost, by minorise-maximise (Hunter, 2004)."""
    met = wins + wins.T
    p = np.ones(len(wins))
    for _ in range(200_000):
        rate_of_play = (met / (p[:, None] + p)).sum(axis=1) + prior_games / (p + 1.0)
        new = (wins.sum(axis=1) + prior_games / 2) / rate_of_play
        if np.abs(np.log(new / p)).max() < 1e-13:
            return np.log(new)
        p = new
    raise AssertionError("the reference fit did not converge")


def on_elo_scale(theta: np.ndarray) -> np.ndarray:
    return 1000.0 + 400.0 / np.log(10.0) * (theta - theta.mean())


def ratings(table: RatingTable, names: tuple[str, ...]) -> np.ndarray:
    found = {row.competitor: row.rating for row in table.rows}
    return np.array([found[name] for name in names])


@given(
    seed=st.integers(0, 10_000),
    n=st.integers(2, 8),
    prior=st.sampled_from([0.1, 1.0, 5.0]),
    share=st.sampled_from([0.4, 1.0]),
)
@settings(max_examples=40, deadline=None)
def test_equals_an_independent_fit_with_the_same_prior(
    seed: int, n: int, prior: float, share: float
) -> None:
    theta = np.random.default_rng(seed).normal(size=n)
    rows = drawn_rows(theta.tolist(), prompts=6, seed=seed, share=share)
    data = comparisons(rows or [("c0", "c1", 1.0, 0)])
    expected = on_elo_scale(independent_fit(win_matrix(data), prior))
    found = ratings(rate(data, prior_games=prior, bootstrap=0), data.competitors)
    assert found == pytest.approx(expected, abs=1e-6)


def test_equals_the_penalised_maximum_found_by_a_general_optimiser() -> None:
    data = comparisons(drawn_rows([-1.0, -0.3, 0.4, 0.9], prompts=10))
    wins = win_matrix(data)

    def loss(theta: np.ndarray) -> float:
        games = (wins * np.logaddexp(0.0, theta[None, :] - theta[:, None])).sum()
        ghost = (np.logaddexp(0.0, theta) + np.logaddexp(0.0, -theta)).sum() / 2
        return float(games + ghost)

    best = minimize(loss, np.zeros(4), method="BFGS", options={"gtol": 1e-7}).x
    found = ratings(rate(data, bootstrap=0), data.competitors)
    assert found == pytest.approx(on_elo_scale(best), abs=1e-2)


def test_one_match_has_a_closed_form() -> None:
    """Of two competitors and one game, theta solves 1 - p(2 theta) = p(theta) - 1/2."""
    table = rate(comparisons([("a", "b", 1.0, 0)]))
    theta = (table.rows[0].rating - 1000.0) / ELO_SCALE
    assert 1.0 / (1.0 + np.exp(2 * theta)) == pytest.approx(1.0 / (1.0 + np.exp(-theta)) - 0.5)


def test_an_extra_win_never_lowers_the_winner() -> None:
    rows = drawn_rows([-0.5, 0.0, 0.2, 0.6], prompts=5)
    names = ("c0", "c1", "c2", "c3")
    before = ratings(rate(comparisons(rows), bootstrap=0), names)
    for winner in range(4):
        for loser in set(range(4)) - {winner}:
            more = comparisons([*rows, (names[winner], names[loser], 1.0, 0)])
            after = ratings(rate(more, bootstrap=0), names)
            assert after[winner] > before[winner]
            assert after[loser] < before[loser]


def test_refits_equal_single_fits_of_the_same_resamples() -> None:
    evidence = gather(comparisons(drawn_rows([-2.0, 0.0, 0.5, 3.0], prompts=6, share=0.5)))
    theta = strengths.fit(evidence.win_matrix, 1.0)
    weights = np.random.default_rng(1).multinomial(6, [1 / 6] * 6, size=50)
    wins = (weights @ evidence.prompt_wins).reshape(-1, 4, 4)
    for found, matrix in zip(strengths.refit(theta, wins, 1.0), wins, strict=True):
        assert found == pytest.approx(independent_fit(matrix, 1.0), abs=1e-8)


def test_refits_reach_the_maximum_from_far_away() -> None:
    wins = np.array([[[0.0, 0.0], [500.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]])
    found = strengths.refit(np.array([9.0, -9.0]), wins, 1.0)
    assert found[0] == pytest.approx(independent_fit(wins[0], 1.0), abs=1e-6)
    assert found[1] == pytest.approx([0.0, 0.0], abs=1e-6)


def test_an_unbroken_order_of_many_stays_finite() -> None:
    names = [f"c{i:02}" for i in range(30)]
    rows = [(names[i], names[i + 1], 1.0, p) for i in range(29) for p in range(80)]
    table = rate(comparisons(rows), bootstrap=20)
    assert [row.competitor for row in table.rows] == names
    assert all(np.isfinite([row.rating, row.ci_low, row.ci_high]).all() for row in table.rows)


def test_a_fit_that_does_not_converge_is_an_error_and_not_a_rating() -> None:
    with pytest.raises(RatingError, match="did not converge"):
        rate(comparisons([("a", "b", 1.0, p) for p in range(1000)]), prior_games=1e-9)


def test_without_a_bootstrap_the_intervals_are_the_models() -> None:
    data = comparisons(drawn_rows([-0.3, 0.0, 0.3], prompts=40, ties=0.0))
    model, resampled = rate(data, bootstrap=0), rate(data)
    assert model.warnings[0].startswith("No prompts were resampled")
    for row in model.rows:
        other = next(r for r in resampled.rows if r.competitor == row.competitor)
        assert row.rating == other.rating
        ratio = (row.ci_high - row.ci_low) / (other.ci_high - other.ci_low)
        assert 0.8 < ratio < 1.25


def test_a_higher_confidence_is_a_wider_interval_about_the_same_rating() -> None:
    data = comparisons(drawn_rows([-0.3, 0.0, 0.3], prompts=20))
    for narrow, wide in zip(
        rate(data, confidence=0.5).rows, rate(data, confidence=0.99).rows, strict=True
    ):
        assert wide.ci_low < narrow.ci_low < narrow.rating < narrow.ci_high < wide.ci_high


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    theta = np.array([-0.9, -0.3, 0.0, 0.4, 0.8])
    truth = on_elo_scale(theta)
    held = []
    for seed in range(80):
        data = comparisons(drawn_rows(theta.tolist(), prompts=40, ties=0.0, seed=seed))
        for row in rate(data, bootstrap=300).rows:
            held.append(row.ci_low <= truth[int(row.competitor[1:])] <= row.ci_high)
    assert 0.91 <= np.mean(held) <= 0.98


@pytest.mark.skipif(not CASES.is_dir(), reason=f"the published cases are not at {CASES}")
class TestPublished:
    """Results in print; a negligible prior stands for none."""

    @staticmethod
    def case(name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((CASES / f"{name}.json").read_text())
        return found

    @staticmethod
    def wins_of(case: dict[str, Any]) -> np.ndarray:
        wins = np.zeros((len(case["items"]),) * 2)
        for i, j, won, lost, tied, *_ in case["pairs"]:
            wins[i, j] += won + tied / 2
            wins[j, i] += lost + tied / 2
        return wins

    @pytest.mark.parametrize("name", PUBLISHED)
    def test_log_strengths_and_standard_errors(self, name: str) -> None:
        case = self.case(name)
        expected = (
            case["expected"].get("bradley_terry_ties_as_half")
            or (case["expected"]["bradley_terry"])
        )
        wins = self.wins_of(case)
        theta = strengths.fit(wins, NEGLIGIBLE_PRIOR)
        covariance = strengths.covariance(theta, wins, NEGLIGIBLE_PRIOR)
        reference = case["items"].index(expected["reference_item"])
        for i, item in enumerate(case["items"]):
            assert theta[i] - theta[reference] == pytest.approx(
                expected["log_strength"][item], abs=1e-5
            )
            if i != reference:
                difference = np.eye(len(theta))[i] - np.eye(len(theta))[reference]
                assert np.sqrt(difference @ covariance @ difference) == pytest.approx(
                    expected["standard_error_vs_reference"][item], abs=1e-5
                )

    @pytest.mark.parametrize("name", ["choix_pairwise_1", "choix_pairwise_2"])
    def test_small_cycles(self, name: str) -> None:
        case = self.case(name)
        wins = np.zeros((3, 3))
        np.add.at(wins, tuple(np.array(case["games"]).T), 1.0)
        theta = strengths.fit(wins, NEGLIGIBLE_PRIOR)
        expected = case["expected"]["bradley_terry"]["log_strength_mean_0"]
        assert theta - theta.mean() == pytest.approx(expected, abs=1e-5)

    def test_ties_as_half_wins_in_another_library(self) -> None:
        case = self.case("evalica_food")
        wins = np.zeros((5, 5))
        for left, right, winner in case["games"]:
            i, j = case["items"].index(left), case["items"].index(right)
            score = {"left": 1.0, "tie": 0.5, "right": 0.0}[winner]
            wins[i, j] += score
            wins[j, i] += 1.0 - score
        strength = np.exp(strengths.fit(wins, NEGLIGIBLE_PRIOR))
        expected = case["expected"]["bradley_terry"]
        assert strength / strength.sum() == pytest.approx(
            [expected[item] for item in case["items"]], abs=1e-5
        )
