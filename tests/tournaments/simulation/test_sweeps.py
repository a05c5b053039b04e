"""Bookkeeping of many tournaments at once, and where a curve crosses a goal."""

from __future__ import annotations

import numpy as np
import pytest

from tournaments.simulation.sweeps import Recorder, Sweep, agreement, crossing, smoothed
from tournaments.simulation.worlds import Recorded, Setting, Synthetic


def test_points_calls_and_comparisons_belong_to_their_trial():
    shares = np.full((2, 3, 3), np.nan)
    shares[0, 0, 1], shares[0, 1, 0] = 1.0, 0.0
    shares[1, 1, 2], shares[1, 2, 1] = 0.75, 0.25
    sweep = Sweep(Recorded(shares, 2))

    said = sweep.play(np.array([1, 1, 0]), np.array([1, 0, 0]), np.array([2, 0, 2]),
                      np.array([1, 1, 0]))  # fmt: skip

    assert said.tolist()[:2] == [0.25, 1.0]
    assert sweep.calls.tolist() == [1, 2]
    assert sweep.points[1].tolist() == [[0, 1, 0], [0, 0, 0.75], [0, 0.25, 0]]
    nothing, data = sweep.comparisons()
    assert len(nothing.a) == 0
    assert sorted(zip(data.a, data.b, data.score, strict=True)) == [(0, 1, 1.0), (2, 1, 0.0)]
    assert dict(zip(data.a, data.clarity, strict=True)) == {0: 1.0, 2: 0.5}


def test_agreement_is_kendalls_tau_and_the_best():
    theta = np.array([[3.0, 2.0, 1.0], [1.0, 2.0, 3.0], [2.0, 3.0, 1.0]])

    tau, best = agreement(theta, np.tile([3.0, 2.0, 1.0], (3, 1)))

    assert tau == pytest.approx([1, -1, 1 / 3])
    assert best.tolist() == [1, 0, 0]


def test_a_crossing_lies_between_the_looks_and_holds_from_there():
    calls = np.array([100.0, 200.0, 400.0, 800.0])

    assert crossing(calls, np.array([0.5, 0.8, 0.9, 1.0]), 0.85) == pytest.approx(200 * 2**0.5)
    assert crossing(calls, np.array([0.9, 0.5, 0.9, 1.0]), 0.85) > 200
    assert crossing(calls, np.array([0.9, 0.9, 0.9, 1.0]), 0.85) == 100
    assert np.isnan(crossing(calls, np.array([0.5, 0.5, 0.5, 0.6]), 0.85))


def test_smoothing_keeps_ends_and_means():
    assert smoothed(np.array([0.0, 3.0, 0.0, 3.0])).tolist() == [0.0, 1.0, 2.0, 3.0]
    assert smoothed(np.array([1.0, 2.0])).tolist() == [1.0, 2.0]


def test_a_recorder_sees_the_order_grow_better():
    sweep, recorder = Sweep(Synthetic(Setting(competitors=5, prompts=400), 20, 1)), Recorder()
    rng = np.random.default_rng(0)
    for size in (100, 8000):
        i = rng.integers(0, 5, size)
        j = (i + rng.integers(1, 5, size)) % 5
        sweep.play(rng.integers(0, 20, size), rng.integers(0, 400, size), i, j)
        recorder.look(sweep)

    curve = recorder.curve()

    assert curve.tau.shape == (2, 20)
    assert curve.tau[1].mean() > curve.tau[0].mean() + 0.2
    assert curve.calls.tolist() == [5.0, 405.0]


def test_without_single_games_the_points_are_the_same():
    world = Synthetic(Setting(competitors=5, prompts=30), 4, 1)
    full, lean = Sweep(world), Sweep(world, keep=False)
    trial, prompt, i = np.arange(4), np.arange(4), np.array([0, 1, 2, 3])

    for sweep in (full, lean):
        sweep.play(trial, prompt, i, i + 1)

    assert (full.points == lean.points).all()
    assert (full.calls == lean.calls).all()
    assert (len(full.blocks), len(lean.blocks)) == (1, 0)


def test_more_looks_are_averaged_where_a_level_is_rough():
    level = np.array([0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0])

    assert smoothed(level, 5).tolist() == pytest.approx([0, 1, 0.4, 0.6, 0.4, 1, 0])
    assert smoothed(level[:2], 3).tolist() == [0, 1]
