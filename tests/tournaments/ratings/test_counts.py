"""Canonical evidence and counts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.tournaments.ratings.worlds import comparisons, drawn_rows, win_matrix, with_all_columns
from tournaments.ratings import counts
from tournaments.ratings.counts import count_outcomes, gather, pairs_of


def test_chunks_and_weights_do_not_change_the_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 5, 1000), rng.integers(5, 9, 1000)
    outcome = rng.integers(0, 3, 1000)
    whole = count_outcomes(a, b, outcome, 9)
    assert whole.sum() == 1000
    assert whole[a[0], b[0], outcome[0]] >= 1
    monkeypatch.setattr(counts, "CHUNK", 7)
    assert (count_outcomes(a, b, outcome, 9) == whole).all()
    assert count_outcomes(a, b, outcome, 9, np.full(1000, 0.5)) == pytest.approx(whole / 2)


def test_pairs_add_up_both_presentations() -> None:
    table = np.zeros((3, 3, 3))
    table[0, 1] = [3, 1, 2]
    table[1, 0] = [5, 7, 1]
    pairs = pairs_of(table)
    assert (pairs.a.tolist(), pairs.b.tolist()) == ([0], [1])
    assert pairs.outcomes.tolist() == [[4, 8, 7]]


def test_evidence_keeps_every_result() -> None:
    data = comparisons(drawn_rows([-0.5, 0.0, 0.5], prompts=9))
    evidence = gather(data)
    assert evidence.pairs.win_matrix == pytest.approx(win_matrix(data))
    assert evidence.n_prompts == 9
    assert (evidence.wins + evidence.losses + evidence.ties).tolist() == [18, 18, 18]


def test_columns_turn_with_the_competitors() -> None:
    data = with_all_columns(comparisons([("b", "a", 1.0, 0), ("a", "b", 1.0, 1)]))
    data = replace(data, first=np.array([1, 1]), share=np.array([0.9, np.nan]))
    evidence = gather(data)
    assert evidence.outcome.tolist() == [2, 0]
    assert evidence.ints("first").tolist() == [-1, 1]
    assert evidence.floats("share")[0] == pytest.approx(0.1)
    assert evidence.floats("covariates.bold").tolist() == [
        -data.covariates["bold"][0], data.covariates["bold"][1]
    ]  # fmt: skip


@pytest.mark.parametrize("offset", [0, 10**12, 2**62])
def test_any_numbering_of_prompts_will_do(offset: int) -> None:
    data = comparisons(drawn_rows([-0.5, 0.0, 0.5], prompts=4))
    moved = gather(replace(data, prompt=data.prompt + offset))
    assert moved.prompt.tolist() == gather(data).prompt.tolist()
    assert moved.pairs.outcomes.tolist() == gather(data).pairs.outcomes.tolist()


def test_the_fast_and_the_general_order_agree() -> None:
    data = comparisons(drawn_rows([-0.5, 0.0, 0.5], prompts=9, seed=3))
    fast = gather(data)
    general = gather(replace(data, weight=np.ones(len(data.a))))
    for name in ("a", "b", "outcome", "prompt"):
        assert (getattr(fast, name) == getattr(general, name)).all()
