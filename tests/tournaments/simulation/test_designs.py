"""The lab's fast paths schedule what the registered formats schedule."""

from __future__ import annotations

import numpy as np
import pytest

from tournaments.formats import registry
from tournaments.simulation.designs import (
    Design,
    KnockOut,
    PromptByPrompt,
    SameOnEveryPrompt,
    Waves,
    WholeTournaments,
    design_of,
)
from tournaments.simulation.sweeps import Sweep
from tournaments.simulation.worlds import Recorded, Setting, Synthetic

SEED = 11


def world(competitors: int = 7, prompts: int = 9, trials: int = 4, **setting: float) -> Synthetic:
    given = Setting(competitors=competitors, prompts=prompts, **setting)
    return Synthetic(given, trials, seed=3)


def games(sweep: Sweep) -> list[set[tuple[int, int, int, float]]]:
    """Each trial's games with i < j, and i's share (NaN as -1)."""
    return [
        {
            (p, min(i, j), max(i, j), round(-1.0 if np.isnan(s) else s if i < j else 1 - s, 9))
            for p, i, j, s in zip(b.prompt, b.i, b.j, b.share, strict=True)
        }
        for b in sweep.rows()
    ]


def play_out(design: Design, sweep: Sweep) -> None:
    calls = 10
    while design.play_on(sweep, calls):
        calls += 10


def both(fast_world, slow_design, name: str, params: dict[str, object]):
    """What the fast path and the real format play in the same world."""
    format_ = registry.build(name, params)
    fast, slow = Sweep(fast_world), Sweep(fast_world)
    design = design_of(format_, fast, SEED)
    play_out(design, fast)
    play_out(slow_design(format_, SEED), slow)
    return design, games(fast), games(slow)


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"random_share": 0.25},
        {"games": 180},
        {"schedule": "pairs", "games": 120},
        {"schedule": "pairs", "random_share": 0.3, "games": 189},
        {"until": "tau", "target": 0.7},
        {"until": "top", "best": 2},
    ],
)
@pytest.mark.parametrize("effects", [{}, {"slight": 0.8, "ties": 0.3}])
def test_adaptive_waves_are_those_of_the_real_format(params, effects):
    design, fast, slow = both(world(**effects), WholeTournaments, "adaptive", params)

    assert isinstance(design, Waves)
    same = fast == slow
    assert same  # compared first: a printed difference of so many games helps nobody
    assert all(fast)


@pytest.mark.parametrize("best", [1, 3])
def test_so_are_those_that_look_for_the_best(best):
    params = {"best": best, "games": 100}
    design, fast, slow = both(world(), WholeTournaments, "adaptive_top", params)

    assert isinstance(design, Waves)
    same = fast == slow
    assert same


@pytest.mark.parametrize("competitors", [2, 3, 8, 11])
def test_knock_outs_have_the_brackets_and_lots_of_the_real_format(competitors):
    design, fast, slow = both(
        world(competitors, ties=0.5), PromptByPrompt, "single_elimination", {}
    )

    assert isinstance(design, KnockOut)
    same = fast == slow
    assert same


@pytest.mark.parametrize(
    ("name", "params"),
    [("round_robin", {}), ("anchored", {}), ("anchored", {"anchors": ["c0002"]})],
)
def test_schedules_that_are_the_same_everywhere_are_those_of_the_real_format(name, params):
    design, fast, slow = both(world(), PromptByPrompt, name, params)

    assert isinstance(design, SameOnEveryPrompt)
    same = fast == slow
    assert same


def test_verdicts_that_are_missing_pass_through():
    shares = np.full((6, 5, 5), np.nan)
    shares[:4, 0, 1:], shares[:4, 1:, 0] = 1.0, 0.0

    _, fast, slow = both(Recorded(shares, 3), WholeTournaments, "adaptive", {})

    same = fast == slow
    assert same
    assert any(share == -1.0 for played in fast for *_, share in played)


@pytest.mark.parametrize("name", ["swiss", "double_elimination", "groups_knockout", "insertion"])
def test_every_other_format_is_played_by_asking_it(name):
    sweep = Sweep(world(trials=2))

    design = design_of(registry.build(name), sweep, SEED)
    design.play_on(sweep, 40)

    assert all(len(played) >= 15 for played in games(sweep))


def test_a_design_stops_at_the_calls_it_was_asked_for():
    sweep = Sweep(world())
    design = design_of(registry.build("single_elimination"), sweep, SEED)

    assert design.play_on(sweep, 12)
    assert sweep.calls.tolist() == [12] * 4
    assert not design.play_on(sweep, 1000)
    assert sweep.calls.tolist() == [54] * 4
