"""Resamples as counts: whole prompts, and single comparisons."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.tournaments.ratings.worlds import comparisons, drawn_rows
from tournaments.ratings import resamples
from tournaments.ratings.base import Comparisons
from tournaments.ratings.counts import Pairs, gather


def test_a_resample_holds_whole_prompts() -> None:
    found = gather(comparisons(drawn_rows([-2.0, 0.0, 0.5, 1.0], prompts=5)))
    rng = np.random.default_rng(0)
    found_in = resamples.prompt_resamples(found, found.pair_of_row, len(found.pairs.a), 300, rng)
    blocks = list(found_in)
    assert sum(block.shape[2] for block in blocks) == 300
    for block in blocks:
        assert block.sum(axis=(0, 1)) == pytest.approx(np.full(block.shape[2], 30.0))
        assert block.sum(axis=1) == pytest.approx(np.full((6, block.shape[2]), 5.0))


@pytest.mark.parametrize("mean", [0.0, 1.0, 7.5, 300.0, 9_000.0])
def test_resampled_rows_are_poisson(mean: float) -> None:
    pairs = Pairs(2, np.array([0]), np.array([1]), np.array([[mean, 0.0, 2.0]]))
    rng = np.random.default_rng(2)
    drawn = np.concatenate(list(resamples.row_resamples(pairs, 20_000, rng)), axis=2)[0]
    assert drawn[0].mean() == pytest.approx(mean, abs=4.5 * np.sqrt(mean / 20_000))
    assert drawn[0].var() == pytest.approx(mean, rel=0.06)
    assert not drawn[1].any()
    assert (drawn[2] == np.rint(drawn[2])).all()


def test_many_prompts_with_one_comparison_each_are_resampled_by_their_counts() -> None:
    """With the same spread as by prompts, and in a time that does not grow with them."""
    rng = np.random.default_rng(3)
    n = resamples._MANY_PROMPTS
    data = Comparisons(("a", "b"), np.zeros(n, int), np.ones(n, int),
                       rng.choice([0.0, 0.5, 1.0], n), np.arange(n))  # fmt: skip

    def drawn(prompt: np.ndarray, size: int) -> np.ndarray:
        found = gather(replace(data, prompt=prompt))
        rng = np.random.default_rng(0)
        blocks = resamples.drawn(found, found.pair_of_row, found.pairs, size, rng)
        return np.concatenate(list(blocks), axis=2)[0]

    alone, again = drawn(np.arange(n), 400), drawn(np.arange(n), 400)
    assert (alone == again).all()
    assert alone.dtype == np.uint16  # as `row_resamples` has it
    lead = 1.0 * alone[0] - alone[2]
    assert lead.std() == pytest.approx(np.sqrt(n * 2 / 3), rel=0.12)
    assert drawn(np.arange(n) // 2, 4).dtype == np.float64  # as `prompt_resamples` has it
