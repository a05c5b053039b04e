from __future__ import annotations

import numpy as np
import pytest

from judges.stats.bootstrap import PromptBootstrap
from judges.stats.effort import latency, per_verdict, rate


def test_a_rate_and_its_interval():
    found = rate(PromptBootstrap(50), np.repeat(np.arange(50), 4), np.arange(200) % 10 == 0)

    assert (found.value, found.n, found.prompts) == (0.1, 200, 50)
    assert found.low <= 0.1 <= found.high


def test_no_rows_have_no_rate():
    assert rate(PromptBootstrap(5), np.array([], dtype=int), np.array([], dtype=bool)) is None


def test_spent_on_silence_counts_towards_the_verdicts():
    boot = PromptBootstrap(3)
    found = per_verdict(boot, np.array([2.0, 2.0, 2.0]), np.array([1.0, 1.0, 0.0]))

    assert (found.value, found.n) == (3.0, 2)


def test_quantiles_of_few_values_are_exact():
    took = np.array([100.0, 200.0, 300.0, 400.0] * 5)
    found = latency(PromptBootstrap(10), np.arange(20) % 10, took)

    assert (found.p50.value, found.p95.value) == (200.0, 400.0)


def test_quantiles_of_many_values():
    took = np.random.default_rng(0).lognormal(7, 0.5, 20_000)
    found = latency(PromptBootstrap(400), np.arange(20_000) % 400, took)

    for estimate, share in ((found.p50, 0.5), (found.p95, 0.95)):
        assert estimate.value == pytest.approx(np.quantile(took, share), rel=0.02)
        assert estimate.low < np.quantile(took, share) < estimate.high


def test_one_slow_prompt_widens_the_interval():
    took = np.where(np.arange(400) < 40, 9000.0, 100.0)
    scattered = latency(PromptBootstrap(100), np.arange(400) % 100, took)
    bundled = latency(PromptBootstrap(100), np.arange(400) // 4, took)

    assert scattered.p95.value == bundled.p95.value == 9000
    assert latency(PromptBootstrap(1), np.array([], dtype=int), np.array([])) is None
