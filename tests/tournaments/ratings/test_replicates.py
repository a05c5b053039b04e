"""Bootstrap replicates against single fits of the same resamples."""

from __future__ import annotations

import numpy as np
import pytest

from tests.tournaments.ratings.worlds import comparisons, drawn_rows
from tournaments.ratings import replicates, resamples
from tournaments.ratings.counts import Evidence, Pairs, gather
from tournaments.ratings.links import Davidson, HalfWin, Link
from tournaments.ratings.paired import Prior, Units, fit

PRIOR = Prior(1.0)


def evidence(prompts: int = 40, share: float = 1.0) -> Evidence:
    return gather(comparisons(drawn_rows([-2.0, 0.0, 0.5, 1.0], prompts=prompts, share=share)))


def single(outcomes: np.ndarray, pairs: Pairs, link: Link) -> np.ndarray:
    theta = fit(Units.plain(Pairs(pairs.n, pairs.a, pairs.b, outcomes)), link, PRIOR).theta
    return theta - theta.mean()


@pytest.mark.parametrize("link", [HalfWin(), Davidson()], ids=["half win", "davidson"])
@pytest.mark.parametrize("prompts", [3, 40])
def test_refits_equal_single_fits_of_the_same_resamples(link: Link, prompts: int) -> None:
    found = evidence(prompts, 0.7)
    units = Units.plain(found.pairs)
    whole = fit(units, link, PRIOR)
    rng = np.random.default_rng(1)
    outcomes = next(
        resamples.prompt_resamples(found, found.pair_of_row, len(found.pairs.a), 30, rng)
    )
    refits = replicates.refits(iter([outcomes]), whole, units, link, PRIOR)
    error = np.sqrt(np.diag(whole.covariance)[: len(refits.T)])
    for i, refit in enumerate(refits):
        exact = single(outcomes[:, :, i], found.pairs, link)
        assert np.abs((refit - refit.mean() - exact) / error).max() < 2e-3


def test_resampled_rows_spread_as_the_model_says() -> None:
    rows = drawn_rows([-0.6, -0.2, 0.2, 0.6], prompts=300, ties=0.0)
    found = gather(comparisons(rows))
    units = Units.plain(found.pairs)
    whole = fit(units, HalfWin(), PRIOR)
    drawn = resamples.row_resamples(found.pairs, 1000, np.random.default_rng(0))
    refits = replicates.refits(drawn, whole, units, HalfWin(), PRIOR)
    refits -= refits.mean(axis=1, keepdims=True)
    centring = np.eye(4) - 0.25
    error = np.sqrt(np.diag(centring @ whole.covariance @ centring))
    assert refits.std(axis=0) == pytest.approx(error, rel=0.1)


def test_competitors_that_met_few_others_are_refitted_too() -> None:
    rows = [("a", "b", 1.0, 0), ("b", "c", 1.0, 1), ("c", "d", 0.0, 2), ("a", "d", 0.5, 3)]
    found = gather(comparisons(rows))
    units = Units.plain(found.pairs)
    whole = fit(units, HalfWin(), PRIOR)
    outcomes = next(resamples.row_resamples(found.pairs, 50, np.random.default_rng(1)))
    refits = replicates.refits(iter([outcomes]), whole, units, HalfWin(), PRIOR)
    for i, refit in enumerate(refits):
        exact = single(outcomes[:, :, i].astype(float), found.pairs, HalfWin())
        assert refit - refit.mean() == pytest.approx(exact, abs=3e-3)
