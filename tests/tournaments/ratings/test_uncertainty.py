"""The two parts of the default interval, and their combination."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.tournaments.ratings.worlds import comparisons, drawn_rows
from tournaments.ratings import uncertainty
from tournaments.ratings.counts import Evidence, gather
from tournaments.ratings.links import Davidson, HalfWin, Link
from tournaments.ratings.paired import Fit, Prior, Units, fit
from tournaments.ratings.uncertainty import (
    clustered_covariance,
    hybrid,
    model_covariance,
    tie_chances,
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


def test_tie_chances_make_the_ties_that_there_were() -> None:
    outcomes = np.array([[3.0, 4.0, 1.0], [9.0, 1.0, 0.0]])
    p = np.array([0.6, 0.93])
    chances = tie_chances(p, outcomes)
    assert (chances < 2 * np.minimum(p, 1 - p)).all()
    level = tie_chances(np.array([0.5]), np.array([[0.0, 2.5, 0.0]]))
    assert level[0] == pytest.approx(3.0 / 3.5, abs=1e-9)
    expected = (outcomes.sum(axis=1) * chances).sum() + tie_chances(
        np.append(p, 0.5), np.vstack([outcomes, [0.0, 0.0, 1e-12]])
    )[2]
    assert expected == pytest.approx(5.5, abs=1e-6)


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
    sizes, directions = np.linalg.eigh(extra)
    middle = outer_by(evidence, value, evidence.prompt)
    middle += (directions * np.maximum(sizes, 0.0)) @ directions.T
    expected = found.covariance @ middle @ found.covariance
    clustered = clustered_covariance(found, units, HalfWin(), evidence, evidence.pair_of_row)
    assert clustered == pytest.approx(expected)
    assert evidence.n_clusters == 5


def test_verdicts_of_nobody_in_particular_are_not_one_persons() -> None:
    rows = drawn_rows([-0.5, 0.0, 0.5], prompts=12)
    data = comparisons(rows)
    plain, nobodys, ones = (
        gather(replace(data, rater=rater))
        for rater in (None, np.full(len(rows), -1), np.full(len(rows), 4))
    )
    for evidence in (nobodys, ones):
        assert evidence.rater is None
        assert evidence.n_clusters == plain.n_clusters == 12
    mixed = gather(replace(data, rater=np.where(np.arange(len(rows)) % 2, -1, 0) + 0))
    assert mixed.rater is None
    two = gather(replace(data, rater=np.arange(len(rows)) % 3 - 1))
    assert set(two.rater.tolist() if two.rater is not None else ()) == {-1, 0, 1}


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
