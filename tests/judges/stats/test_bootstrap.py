from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from judges.stats.bootstrap import PromptBootstrap, ratio, wilson


def share_of(hits, prompts=None, seed=0):
    """The share of hits (N,), one row a prompt unless `prompts` says otherwise."""
    hits = np.asarray(hits)
    prompt = np.arange(len(hits)) if prompts is None else np.asarray(prompts)
    boot = PromptBootstrap(int(prompt.max()) + 1, seed)
    return boot.of_rows(prompt, hits, np.ones(len(hits))).share(0, 1)


def test_the_value_is_that_of_the_data_and_the_interval_holds_it():
    found = share_of([1] * 30 + [0] * 70)

    assert found.value == 0.3
    assert found.low < 0.3 < found.high
    assert (found.n, found.prompts) == (100, 100)
    # The normal interval of 100 independent rows.
    assert found.low == pytest.approx(0.21, abs=0.02)
    assert found.high == pytest.approx(0.39, abs=0.02)


def test_rows_of_one_prompt_count_as_one_observation():
    rows = [1] * 30 + [0] * 70
    tenfold = share_of(np.repeat(rows, 10), np.repeat(np.arange(100), 10))

    assert (tenfold.low, tenfold.high) == (share_of(rows).low, share_of(rows).high)
    assert (tenfold.n, tenfold.prompts) == (1000, 100)


def test_figures_repeat_to_the_digit_and_depend_on_the_seed():
    rows = [1] * 30 + [0] * 70

    assert share_of(rows) == share_of(rows)
    assert (
        share_of(rows, seed=1).low != share_of(rows).low
        or share_of(rows, seed=1).high != share_of(rows).high
    )


def test_what_was_never_seen_may_still_happen():
    found = share_of([0] * 80)

    assert found.value == found.low == 0.0
    assert found.high == pytest.approx(wilson(0.0, 80)[1])
    assert 0.03 < found.high < 0.06


def test_one_prompt_gives_no_bootstrap_interval():
    boot = PromptBootstrap(1)
    sums = boot.of_rows(np.zeros(5, dtype=int), np.arange(5), np.ones(5))

    found = sums.estimate(lambda s: ratio(s[:, 0], s[:, 1]), 5)

    assert (found.value, found.low, found.high) == (2.0, None, None)


def test_what_is_not_defined_is_no_estimate():
    boot = PromptBootstrap(3)

    assert boot.of_rows(np.array([], dtype=int), np.array([]), np.array([])).share(0, 1) is None
    assert (
        PromptBootstrap(0).of_rows(np.array([], dtype=int), np.empty(0), np.empty(0)).share(0, 1)
        is None
    )


def test_prompts_without_data_are_no_units():
    boot = PromptBootstrap(1000)
    prompt = np.array([3, 500, 999])

    assert boot.of_rows(prompt, np.array([1, 0, 1]), np.ones(3)).share(0, 1).prompts == 3


def test_very_many_prompts_take_fewer_resamples():
    assert PromptBootstrap(100).weights.shape == (1000, 100)
    assert PromptBootstrap(20_000).weights.shape == (250, 20_000)


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=1, max_size=60))
def test_an_interval_of_a_share_is_a_share(rows):
    found = share_of([hit for _, hit in rows], [prompt for prompt, _ in rows])

    assert 0 <= found.low <= found.high <= 1


def test_intervals_cover_when_prompts_differ():
    """Every prompt has a rate of its own: an interval over rows would cover in half of the runs."""
    rng = np.random.default_rng(1)
    prompt = np.repeat(np.arange(60), 12)
    hit = 0
    for seed in range(150):
        rates = rng.beta(0.7, 0.7, size=60)
        found = share_of(rng.random(len(prompt)) < rates[prompt], prompt, seed)
        hit += found.low <= 0.5 <= found.high

    assert 0.89 <= hit / 150 <= 0.99


def test_wilson_as_tabled():
    """0 of 10: 0 to 0.278; 5 of 10: 0.237 to 0.763."""
    assert wilson(0.0, 10) == pytest.approx((0.0, 0.2775), abs=5e-4)
    assert wilson(0.5, 10) == pytest.approx((0.2366, 0.7634), abs=5e-4)
