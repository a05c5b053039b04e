"""The two parts of the default interval, and their combination."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from tests.tournaments.ratings.worlds import comparisons, drawn_rows
from tournaments.ratings import registry, uncertainty
from tournaments.ratings.base import Comparisons
from tournaments.ratings.counts import Evidence, gather
from tournaments.ratings.leniency import leniencies
from tournaments.ratings.links import Davidson, HalfWin, Link
from tournaments.ratings.paired import Fit, Prior, Units, fit
from tournaments.ratings.uncertainty import (
    People,
    clustered_covariance,
    hybrid,
    model_covariance,
    people_covariance,
    tie_chances,
    tie_parameter,
    tie_scores,
    tied_by,
)

PRIOR = Prior(1.0)


def fitted(rows: list[tuple[str, str, float, int]], link: Link) -> tuple[Evidence, Units, Fit]:
    evidence = gather(comparisons(rows))
    units = Units.plain(evidence.pairs)
    return evidence, units, fit(units, link, PRIOR)


def test_without_ties_the_models_covariance_is_the_inverse_information() -> None:
    _, units, found = fitted(drawn_rows([-0.5, 0.0, 0.5], prompts=20, ties=0.0), HalfWin())
    assert model_covariance(found, units, HalfWin(), PRIOR) == pytest.approx(found.covariance)


def test_ties_vary_less_so_the_models_variance_shrinks() -> None:
    """With 30 % ties between near-equals a score varies by 1/4 - 0.3/4."""
    _, units, found = fitted(drawn_rows([0.0, 0.0, 0.0], prompts=300, ties=0.3), HalfWin())
    ratio = model_covariance(found, units, HalfWin(), PRIOR) / found.covariance
    centred = np.array([1.0, -1.0, 0.0])
    tied = centred @ model_covariance(found, units, HalfWin(), PRIOR) @ centred
    assert tied / (centred @ found.covariance @ centred) == pytest.approx(0.7, abs=0.03)
    assert ratio.shape == (3, 3)


def test_the_tie_parameter_makes_the_outcomes_most_probable() -> None:
    outcomes = np.array([[3.0, 4.0, 1.0], [9.0, 1.0, 0.0]])
    p = np.array([0.6, 0.93])
    chances = tie_chances(p, outcomes)
    assert (chances < 2 * np.minimum(p, 1 - p)).all()
    level = tie_chances(np.array([0.5]), np.array([[0.0, 2.5, 0.0]]))
    assert level[0] == pytest.approx(3.0 / 3.5, abs=1e-9)

    def likelihood(log_nu: float) -> float:
        t, equals = tied_by(p, log_nu), tied_by(0.5, log_nu)
        own = (outcomes * np.log([p - t / 2, t, 1 - p - t / 2]).T).sum()
        return float(own + np.log(equals) / 2 + np.log((1 - equals) / 2) / 2)

    found = tie_parameter(p, outcomes)
    for nudge in (-0.01, 0.01):
        assert likelihood(found) > likelihood(found + nudge)
    step = 1e-6
    slope = (tied_by(p, found + step) - tied_by(p, found - step)) / (2 * step)
    expected = np.stack([-slope / 2 / (p - chances / 2), slope / chances,
                         -slope / 2 / (1 - p - chances / 2)], axis=1)  # fmt: skip
    assert tie_scores(p, found) == pytest.approx(expected, rel=1e-5)


def test_more_ties_than_expected_scores_leave_room_for() -> None:
    """A beats B, and C ties with both, the same number of times."""
    once = (("A", "B", 1.0), ("A", "C", 0.5), ("B", "C", 0.5))
    rows = [(*row, prompt) for prompt, row in enumerate(once * 3)]
    _, units, found = fitted(rows, HalfWin())
    covariance = model_covariance(found, units, HalfWin(), PRIOR)
    assert np.isfinite(covariance).all()
    assert (np.linalg.eigvalsh(covariance) > 0).all()
    assert np.diag(covariance).sum() < np.diag(found.covariance).sum()


@settings(max_examples=60, deadline=None)
@given(
    games=st.lists(
        st.tuples(st.integers(0, 4), st.integers(1, 4), st.sampled_from([0.0, 0.5, 0.5, 1.0]),
                  st.sampled_from([1, 3, 30, 300])),
        min_size=1, max_size=12,
    ),
)  # fmt: skip
def test_any_mixture_of_ties_gets_a_finite_answer(
    games: list[tuple[int, int, float, int]],
) -> None:
    rows = [(f"c{i}", f"c{(i + more) % 5}", s) for i, more, s, times in games for _ in range(times)]
    data = comparisons([(*row, prompt) for prompt, row in enumerate(rows)])
    table = registry.build("bradley_terry").rate(data)
    judge = np.repeat(np.arange(len(games)) % 3, [times for *_, times in games])
    evidence = gather(replace(data, judge=judge, judges=("x", "y", "z")))
    found = fit(Units.plain(evidence.pairs), HalfWin(), PRIOR)
    p = expit(found.theta[evidence.a] - found.theta[evidence.b])
    effects = list(leniencies(evidence, p, 0.95))
    shown = [x for row in table.rows for x in (row.rating, row.ci_low, row.ci_high)]
    shown += [x for effect in effects for x in (effect.value, effect.ci_low, effect.ci_high)]
    assert np.isfinite(np.array(shown, dtype=float)).all()
    assert all((row.ci_low or 0) < (row.ci_high or 0) for row in table.rows)


@pytest.mark.parametrize("link", [HalfWin(), Davidson()], ids=["half win", "davidson"])
def test_the_sandwich_is_the_sum_over_prompts(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = drawn_rows([-0.5, 0.0, 0.5], prompts=7)
    evidence, units, found = fitted(rows, link)
    size = len(found.information)
    by_eta, by_tie = link.scores(found.theta[evidence.a] - found.theta[evidence.b], found.tie)
    middle = np.zeros((size, size))
    for prompt in range(7):
        score = np.zeros(size)
        for row in np.flatnonzero(evidence.prompt == prompt):
            value = by_eta[row, evidence.outcome[row]]
            score[evidence.a[row]] += value
            score[evidence.b[row]] -= value
            if link.ties:
                score[-1] += by_tie[row, evidence.outcome[row]]
        middle += np.outer(score, score)
    expected = 7 / 6 * found.covariance @ middle @ found.covariance
    args = (found, units, link, evidence, evidence.pair_of_row)
    assert clustered_covariance(*args) == pytest.approx(expected)
    monkeypatch.setattr(uncertainty, "_DENSE", 0)
    assert clustered_covariance(*args) == pytest.approx(expected)


def outer_by(evidence: Evidence, value: np.ndarray, cluster: np.ndarray) -> np.ndarray:
    """The sandwich's middle, one cluster after the other, with its correction."""
    clusters, middle = np.unique(cluster), np.zeros((len(evidence.names),) * 2)
    for one in clusters:
        score = np.zeros(len(evidence.names))
        np.add.at(score, evidence.a[cluster == one], value[cluster == one])
        np.add.at(score, evidence.b[cluster == one], -value[cluster == one])
        middle += np.outer(score, score)
    return middle * len(clusters) / (len(clusters) - 1)


def test_people_are_clustered_as_well() -> None:
    rng = np.random.default_rng(0)
    rows = drawn_rows([-0.5, 0.0, 0.5], prompts=12)
    data = replace(comparisons(rows), rater=rng.integers(3, 8, len(rows)))
    evidence = gather(data)
    units = Units.plain(evidence.pairs)
    found = fit(units, HalfWin(), PRIOR)
    by_eta, _ = HalfWin().scores(found.theta[evidence.a] - found.theta[evidence.b], 0.0)
    value = by_eta[np.arange(len(rows)), evidence.outcome]
    rater = evidence.ints("rater")
    extra = outer_by(evidence, value, rater) - outer_by(
        evidence, value, 100 * rater + evidence.prompt
    )
    args = (found, units, HalfWin(), evidence, evidence.pair_of_row)
    people = people_covariance(*args)
    assert people is not None
    assert people.n == 5
    assert people.extra == pytest.approx(found.covariance @ extra @ found.covariance)
    by_prompt = found.covariance @ outer_by(evidence, value, evidence.prompt) @ found.covariance
    assert clustered_covariance(*args) == pytest.approx(by_prompt)


def test_the_correction_for_people_is_made_on_the_total() -> None:
    """What people take away counts as what they add does, down to the model's variance."""
    model, clustered = np.eye(3), 4.0 * np.eye(3)
    for extra, variance in ((np.eye(3), 5.0), (-np.eye(3), 3.0), (-9.0 * np.eye(3), 1.0)):
        spread = hybrid(model, clustered, 10**9, 0.95, People(extra, 10**9))
        assert spread.half / 1.959964 == pytest.approx([np.sqrt(variance)] * 3, rel=1e-5)


def widths(data: Comparisons) -> float:
    table = registry.build("bradley_terry", {"response_effects": "never"}).rate(data)
    return float(np.mean([(row.ci_high or 0) - (row.ci_low or 0) for row in table.rows]))


@pytest.mark.parametrize("people", [3, 10, 50])
def test_people_who_share_nothing_hardly_widen_an_interval(people: int) -> None:
    rng, ratio = np.random.default_rng(people), []
    for _ in range(4):
        pairs = np.array([rng.choice(20, 2, replace=False) for _ in range(600)])
        names, score = tuple(f"c{i:02}" for i in range(20)), (rng.random(600) < 0.5).astype(float)
        data = Comparisons(names, pairs[:, 0], pairs[:, 1], score, np.arange(600))
        ratio.append(widths(replace(data, rater=rng.integers(0, people, 600))) / widths(data))
    assert 0.97 < np.mean(ratio) < 1.1


def test_two_people_among_machines_do_not_undo_what_prompts_show() -> None:
    """c0 wins all or nothing on a prompt; four of some thousand verdicts are of two people."""
    rng, rows = np.random.default_rng(0), []
    for prompt in range(60):
        won = float(rng.random() < 0.5)
        rows += [("c0", f"c{j}", won, prompt) for j in range(1, 8)]
        for _ in range(20):
            i, j = rng.choice(np.arange(1, 8), 2, replace=False)
            rows.append((f"c{i}", f"c{j}", float(rng.random() < 0.5), prompt))
    data = comparisons(rows)
    rater = np.full(len(rows), -1)
    rater[:4] = [0, 1, 0, 1]
    assert widths(replace(data, rater=rater)) == pytest.approx(widths(data), rel=0.01)


def test_verdicts_of_nobody_in_particular_are_not_one_persons() -> None:
    rows = drawn_rows([-0.5, 0.0, 0.5], prompts=12)
    data = comparisons(rows)
    for rater in (np.full(len(rows), -1), np.full(len(rows), 4), np.arange(len(rows)) % 2 - 1):
        assert gather(replace(data, rater=rater)).rater is None
    two = gather(replace(data, rater=np.arange(len(rows)) % 3 - 1))
    assert set(two.rater.tolist() if two.rater is not None else ()) == {-1, 0, 1}


def test_verdicts_of_a_single_person_are_warned_of() -> None:
    rows = drawn_rows([-0.5, 0.0, 0.5], prompts=12)
    for rater, words in (
        (np.full(len(rows), 4), "All verdicts are one person's"),
        (np.arange(len(rows)) % 2 - 1, "50% of the verdicts are one person's"),
        (np.full(len(rows), -1), ""),
        (np.arange(len(rows)) % 2, ""),
    ):
        table = registry.build("bradley_terry").rate(replace(comparisons(rows), rater=rater))
        said = [warning for warning in table.warnings if "one person's" in warning]
        assert len(said) == bool(words)
        assert all(sentence.startswith(words) for sentence in said)


def test_one_prompt_has_no_variation_between_prompts() -> None:
    evidence, units, found = fitted(drawn_rows([0.0, 0.1], prompts=1), HalfWin())
    assert clustered_covariance(found, units, HalfWin(), evidence, evidence.pair_of_row) is None


def test_the_larger_part_wins_entry_by_entry() -> None:
    model, clustered = np.diag([4.0, 1.0]), np.diag([1.0, 9.0])
    spread = hybrid(model, clustered, 10**9, 0.95)
    assert spread.half == pytest.approx(1.959964 * np.array([2.0, 3.0]), rel=1e-5)
    assert np.sqrt(np.diag(spread.covariance)) == pytest.approx([2.0, 3.0])
    assert spread.variances[0, 1] == pytest.approx(10.0)


def test_few_prompts_borrow_from_the_design_effect_of_all() -> None:
    model, clustered = np.eye(4), np.diag([8.0, 0.0, 0.0, 0.0])
    few, many = (hybrid(model, clustered, n, 0.95).half / 1.959964 for n in (2, 10**9))
    assert many == pytest.approx([np.sqrt(8.0), 1.0, 1.0, 1.0], rel=1e-5)
    assert few[0] == pytest.approx(np.sqrt((8.0 + 10 * 2.0) / 11), rel=1e-5)
    assert few[1] == pytest.approx(np.sqrt(20 / 11), rel=1e-5)
