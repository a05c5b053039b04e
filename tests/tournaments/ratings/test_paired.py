"""Newton's method against independent fits, published figures and another library."""

from __future__ import annotations

import choix
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import expit

from tests.tournaments.ratings.worlds import CASES, comparisons, drawn_rows, pairs_from, published
from tournaments.ratings.base import RatingError
from tournaments.ratings.counts import Pairs, gather
from tournaments.ratings.links import Davidson, HalfWin, Link, RaoKupper, threshold
from tournaments.ratings.paired import Fit, Prior, Units, fit

LINKS: dict[str, Link] = {
    "half win": HalfWin(), "davidson": Davidson(), "rao_kupper": RaoKupper(),
}  # fmt: skip
NEGLIGIBLE = Prior(1e-7)

has_cases = pytest.mark.skipif(not CASES.is_dir(), reason=f"the published cases are not at {CASES}")
each_link = pytest.mark.parametrize("name", LINKS)


def loss(name: str, pairs: Pairs, games: float, point: np.ndarray) -> float:
    """Minus the log-posterior, written from the models' definitions."""
    theta, tie = point[: pairs.n], point[-1]
    won, tied, lost = pairs.outcomes.T
    lead = theta[pairs.a] - theta[pairs.b]
    ghost = games / 2 * (np.logaddexp(0, theta) + np.logaddexp(0, -theta)).sum()
    if name == "half win":
        won, lost = won + tied / 2, lost + tied / 2
        return float((won * np.logaddexp(0, -lead) + lost * np.logaddexp(0, lead)).sum() + ghost)

    def chances(lead: np.ndarray) -> list[np.ndarray]:
        if name == "davidson":
            odds = [np.exp(lead / 2), np.exp(tie) + 0 * lead, np.exp(-lead / 2)]
            return [each / sum(odds) for each in odds]
        k = np.logaddexp(0.0, tie) / 2
        a, b = 1 / (1 + np.exp(k - lead)), 1 / (1 + np.exp(k + lead))
        return [a, 1 - a - b, b]

    games_loss = -sum(
        (n * np.log(p)).sum() for n, p in zip((won, tied, lost), chances(lead), strict=True)
    )
    win, draw, loss_ = (float(p[0]) for p in chances(np.zeros(1)))
    equals = games * (np.log(win) / 4 + np.log(draw) / 2 + np.log(loss_) / 4)
    return float(games_loss + ghost - equals)


def drawn_pairs(seed: int, n: int, share: float) -> Pairs:
    theta = np.random.default_rng(seed).normal(size=n)
    rows = drawn_rows(theta.tolist(), prompts=6, seed=seed, share=share)
    return gather(comparisons(rows or [("c0", "c1", 1.0, 0)])).pairs


def against(found: Fit, reference: int) -> np.ndarray:
    return found.theta - found.theta[reference]


@each_link
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(2, 7),
    games=st.sampled_from([0.1, 1.0, 5.0]),
    share=st.sampled_from([0.4, 1.0]),
)
@settings(max_examples=25, deadline=None)
def test_equals_the_maximum_found_by_a_general_optimiser(
    name: str, seed: int, n: int, games: float, share: float
) -> None:
    pairs = drawn_pairs(seed, n, share)
    best = minimize(
        lambda point: loss(name, pairs, games, point),
        np.zeros(pairs.n + 1),
        method="BFGS",
        options={"gtol": 1e-8},
    )
    found = fit(Units.plain(pairs), LINKS[name], Prior(games))
    point = np.append(found.theta, found.tie)
    assert loss(name, pairs, games, point) <= best.fun + 1e-9
    theirs = best.x[: pairs.n]
    assert found.theta - found.theta.mean() == pytest.approx(theirs - theirs.mean(), abs=1e-5)
    assert found.gradient < 1e-8


@each_link
def test_the_gradient_of_the_definition_vanishes_at_the_fit(name: str) -> None:
    """To a millionth of a log-odds: the distance to the maximum is information^-1 gradient."""
    pairs = drawn_pairs(3, 6, 1.0)
    found = fit(Units.plain(pairs), LINKS[name], Prior(1.0))
    point = np.append(found.theta, found.tie)
    step = 1e-4
    slopes = [
        (loss(name, pairs, 1.0, point + step * e) - loss(name, pairs, 1.0, point - step * e))
        / (2 * step)
        for e in np.eye(len(point))
    ]
    size = len(found.information)
    assert np.abs(np.linalg.solve(found.information, slopes[:size])).max() < 1e-6


def test_equals_choix_with_the_ghost_as_one_more_competitor() -> None:
    pairs = drawn_pairs(11, 7, 0.7)
    n = pairs.n
    wins = np.full((n + 1, n + 1), 0.5)
    wins[:n, :n] = pairs.win_matrix
    wins[n, n] = 0.0
    theirs = choix.ilsr_pairwise_dense(wins, max_iter=10_000, tol=1e-12)
    ours = fit(Units.plain(pairs), HalfWin(), Prior(1.0)).theta
    assert ours == pytest.approx(theirs[:n] - theirs[n], abs=1e-6)


@each_link
def test_swapping_wins_and_losses_mirrors_the_strengths(name: str) -> None:
    pairs = drawn_pairs(5, 5, 1.0)
    swapped = Pairs(pairs.n, pairs.a, pairs.b, pairs.outcomes[:, ::-1])
    ours, theirs = (fit(Units.plain(p), LINKS[name], Prior(1.0)) for p in (pairs, swapped))
    assert ours.theta == pytest.approx(-theirs.theta, abs=1e-8)
    assert ours.tie == pytest.approx(theirs.tie, abs=1e-8)


@each_link
@pytest.mark.parametrize("outcome", [0, 1, 2])
def test_a_million_games_of_one_result_stay_finite(name: str, outcome: int) -> None:
    outcomes = np.zeros((1, 3))
    outcomes[0, outcome] = 1e6
    pairs = Pairs(2, np.array([0]), np.array([1]), outcomes)
    found = fit(Units.plain(pairs), LINKS[name], Prior(1.0))
    assert np.isfinite(found.theta).all()
    assert np.sign(found.theta[0] - found.theta[1]) == 1 - outcome or outcome == 1


def test_a_fit_that_does_not_converge_is_an_error_and_not_a_rating(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tournaments.ratings.paired.ROUNDS", 2)
    with pytest.raises(RatingError, match="did not converge"):
        fit(Units.plain(drawn_pairs(1, 5, 1.0)), HalfWin(), Prior(1.0))


def food() -> tuple[list[str], list[tuple[int, int, float, float, float]]]:
    case = published("evalica_food")
    results = {"left": (1.0, 0.0, 0.0), "tie": (0.0, 0.0, 1.0), "right": (0.0, 1.0, 0.0)}
    items = case["items"]
    return items, [(items.index(a), items.index(b), *results[won]) for a, b, won in case["games"]]


@has_cases
class TestPublished:
    """Results in print; a negligible prior stands for none."""

    @staticmethod
    def check(name: str, expected_under: str, link: Link) -> Fit:
        case = published(name)
        expected = case["expected"][expected_under]
        pairs = pairs_from([tuple(row[:5]) for row in case["pairs"]], len(case["items"]))
        found = fit(Units.plain(pairs), link, NEGLIGIBLE)
        reference = case["items"].index(expected["reference_item"])
        covariance = found.covariance
        for i, item in enumerate(case["items"]):
            assert against(found, reference)[i] == pytest.approx(
                expected["log_strength"][item], abs=1e-6
            )
            if i != reference:
                difference = np.zeros(len(covariance))
                difference[[i, reference]] = 1.0, -1.0
                assert np.sqrt(difference @ covariance @ difference) == pytest.approx(
                    expected["standard_error_vs_reference"][item], abs=1e-5
                )
        return found

    @pytest.mark.parametrize(
        "name", ["baseball_1987", "journal_citations", "wikipedia_worked_example"]
    )
    def test_bradley_terry(self, name: str) -> None:
        self.check(name, "bradley_terry", HalfWin())

    def test_ties_as_half_wins(self) -> None:
        self.check("davidson_pudding", "bradley_terry_ties_as_half", HalfWin())

    def test_davidson(self) -> None:
        found = self.check("davidson_pudding", "davidson", Davidson())
        expected = published("davidson_pudding")["expected"]["davidson"]
        assert np.exp(found.tie) == pytest.approx(expected["tie_parameter"], abs=1e-6)

    def test_rao_kupper(self) -> None:
        found = self.check("davidson_pudding", "rao_kupper", RaoKupper())
        expected = published("davidson_pudding")["expected"]["rao_kupper"]
        assert np.exp(threshold(found.tie)) == pytest.approx(expected["tie_parameter"], abs=1e-6)

    def test_home_advantage_is_a_covariate(self) -> None:
        case = published("baseball_1987")
        expected = case["expected"]["bradley_terry_home"]
        a, b, won, lost, tied, home = (np.array(c) for c in zip(*case["pairs"], strict=True))
        pairs = Pairs(len(case["items"]), a, b, np.stack([won, tied, lost], axis=1))
        found = fit(Units(pairs, home.astype(float)[:, None]), HalfWin(), NEGLIGIBLE)
        assert found.beta[0] == pytest.approx(expected["home_advantage"], abs=1e-4)
        reference = case["items"].index(expected["reference_item"])
        for i, item in enumerate(case["items"]):
            assert against(found, reference)[i] == pytest.approx(
                expected["log_strength"][item], abs=1e-4
            )

        strength = np.exp(found.theta) / np.exp(found.theta).sum()
        in_print = expected["published_strength_sum_1"]
        assert strength == pytest.approx(
            [in_print[item] for item in case["items"]], abs=expected["tolerance"]
        )
        assert found.beta[0] == pytest.approx(expected["published_home_advantage"], abs=5e-4)
        errors = np.sqrt(
            np.diag(found.covariance)[:-1]
            + found.covariance[reference, reference]
            - 2 * found.covariance[reference, :-1]
        )
        for item, error in expected["standard_error_vs_reference"].items():
            assert errors[case["items"].index(item)] == pytest.approx(error, abs=1e-5)

    def test_what_is_printed_of_baseball_and_of_the_worked_example(self) -> None:
        found = self.check("baseball_1987", "bradley_terry", HalfWin())
        case = published("baseball_1987")
        printed = case["expected"]["bradley_terry"]["published_log_strength_rounded"]
        shown = against(found, case["items"].index("Baltimore")).round(2)
        assert shown == pytest.approx([printed[item] for item in case["items"]], abs=1e-9)
        found = self.check("wikipedia_worked_example", "bradley_terry", HalfWin())
        expected = published("wikipedia_worked_example")["expected"]["bradley_terry"]
        strength = np.exp(found.theta - found.theta.mean())
        printed = list(expected["published_strength_geometric_mean_1"].values())
        assert strength == pytest.approx(printed, abs=expected["tolerance"])

    def test_what_is_printed_of_the_journals(self) -> None:
        case = published("journal_citations")
        expected = case["expected"]["bradley_terry"]
        found = self.check("journal_citations", "bradley_terry", HalfWin())
        theta = dict(zip(case["items"], found.theta - found.theta.mean(), strict=True))
        assert theta == pytest.approx(
            expected["published_log_strength_mean_0"], abs=expected["tolerance"]
        )
        for which, chance in expected["published_win_probability"].items():
            one, other = which.split(" over ")
            assert expit(theta[one] - theta[other]) == pytest.approx(chance, abs=1e-3)
        printed = expected["published_covariance_reference_JASA"]
        contrast = np.eye(4)[[case["items"].index(item) for item in printed["items"]]]
        contrast[:, case["items"].index("JASA")] -= 1.0
        covariance = contrast @ found.covariance @ contrast.T
        assert covariance == pytest.approx(np.array(printed["matrix"]), rel=2e-3)

    @pytest.mark.parametrize("name", ["choix_pairwise_1", "choix_pairwise_2"])
    def test_small_cycles(self, name: str) -> None:
        case = published(name)
        pairs = pairs_from([(i, j, 1.0, 0.0, 0.0) for i, j in case["games"]], 3)
        theta = fit(Units.plain(pairs), HalfWin(), NEGLIGIBLE).theta
        expected = case["expected"]["bradley_terry"]["log_strength_mean_0"]
        assert theta - theta.mean() == pytest.approx(expected, abs=1e-6)

    def test_ties_as_half_wins_in_another_library(self) -> None:
        items, rows = food()
        strength = np.exp(fit(Units.plain(pairs_from(rows, 5)), HalfWin(), NEGLIGIBLE).theta)
        expected = published("evalica_food")["expected"]["bradley_terry"]
        assert strength / strength.sum() == pytest.approx(
            [expected[item] for item in items], abs=1e-5
        )

    def test_ties_of_their_own_in_another_library(self) -> None:
        """Newman's algorithm there is Davidson's model, up to the common level."""
        items, rows = food()
        theta = fit(Units.plain(pairs_from(rows, 5)), Davidson(), NEGLIGIBLE).theta
        printed = published("evalica_food")["expected"]["newman"]
        expected = np.log([printed[item] for item in items])
        assert theta - theta.mean() == pytest.approx(expected - expected.mean(), abs=1e-5)
