"""Fits with covariates, priors and graded verdicts, of many tournaments at once."""

from __future__ import annotations

import numpy as np
import pytest

from tournaments.formats import registry
from tournaments.ratings import registry as ratings
from tournaments.ratings.base import CENTRE, ELO_SCALE
from tournaments.simulation.designs import design_of
from tournaments.simulation.estimates import Adjusted, Guess
from tournaments.simulation.sweeps import Block, Sweep, comparisons_of, plain
from tournaments.simulation.worlds import Setting, Synthetic


def played(calls: int = 600, trials: int = 5, **setting: float) -> Sweep:
    world = Synthetic(Setting(competitors=6, prompts=400, **setting), trials, 3)
    sweep = Sweep(world)
    format_ = registry.build("adaptive", {"schedule": "pairs", "games": calls})
    design_of(format_, sweep, 2).play_on(sweep, calls)
    return sweep


def first(sweep: Sweep):
    def column(block: Block) -> np.ndarray:
        return sweep.world.first(block.trial, block.prompt, block.i, block.j)[:, None]

    return column


def test_without_anything_to_add_it_is_the_plain_fit():
    sweep = played()

    assert Adjusted()(sweep, None) == pytest.approx(plain(sweep), abs=1e-5)


def test_a_term_for_the_first_place_is_that_of_the_published_rating():
    sweep = played(position=0.8)
    (block, *_) = sweep.rows()
    shown = sweep.world.first(block.trial, block.prompt, block.i, block.j)
    data = comparisons_of(block, 6)
    data = type(data)(**{**vars(data), "first": shown.astype(np.int64)})

    theta = Adjusted(first(sweep))(sweep, None)[0]
    table = ratings.build("bradley_terry", {"position": "common"}).rate(data)

    published = {row.competitor: (row.rating - CENTRE) / ELO_SCALE for row in table.rows}
    expected = [published[name] for name in data.competitors]
    assert theta - theta.mean() == pytest.approx(expected, abs=2e-3)


def test_a_surrogate_that_knows_the_answers_brings_the_estimate_nearer():
    sweep = played(calls=1500, trials=40, rho=0.9, surrogate=0.95)
    world = sweep.world

    def view(block: Block) -> np.ndarray:
        return world.predicted(block.trial, block.prompt, block.i, block.j)[:, None]

    def tau(theta: np.ndarray) -> float:
        i, j = np.triu_indices(6, 1)
        return float((np.sign(theta[:, i] - theta[:, j])
                      == np.sign(world.order[:, i] - world.order[:, j])).mean())  # fmt: skip

    assert tau(Adjusted(view)(sweep, None)) > tau(plain(sweep)) + 0.01


def test_a_guess_counts_for_much_at_first_and_for_little_later():
    few, many = played(calls=20), played(calls=2000)
    mean = np.linspace(3, -3, 6) * np.ones((5, 1))
    guess = Guess(mean, 4.0)

    near, far = (np.abs(Adjusted(guess=guess)(sweep, None) - mean).mean() for sweep in (few, many))

    assert near < far


def test_graded_verdicts_vary_less_and_so_inform_more():
    """Two fits: the dispersion is that of the fit before."""
    graded = played(ties=0.6, slight=2.0)
    fit = Adjusted()
    theta = fit(graded, None)
    once = fit.information.copy()
    fit(graded, theta)

    assert np.trace(fit.information[0]) > 1.1 * np.trace(once[0])
