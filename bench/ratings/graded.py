"""Graded verdicts: are ratings that use them unbiased, do intervals hold, and what do they save?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tournaments.ratings import registry
from tournaments.ratings.base import (
    CENTRE,
    ELO_SCALE,
    BoolArray,
    Comparisons,
    FloatArray,
    IntArray,
    RatingTable,
)
from tournaments.simulation import trials as lab
from tournaments.simulation.designs import design_of
from tournaments.simulation.sweeps import Sweep, names_of
from tournaments.simulation.trials import Contender, Mean
from tournaments.simulation.worlds import Setting, Synthetic

SEED = 5
GOAL = (0.93, 0.975)
STRAIGHT = 0.03
"""By so much ratings may be stretched more, or less, than those that know no grades."""


@dataclass(frozen=True)
class Played:
    """A format in a world, with so many calls. guessed: how clear a win is means nothing.

    second: below which lead a second judge calls a win slight, who decides all pairs of a quarter
    of the field; 0 where one judge decides all.
    """

    name: str
    setting: Setting
    contender: Contender
    calls: int
    guessed: bool = False
    second: float = 0.0


class TwoScales(Synthetic):
    """A world in which two judges name the same winners, but mean different things by "much"."""

    def __init__(self, setting: Setting, trials: int, seed: int, second: float) -> None:
        super().__init__(setting, trials, seed)
        self._other = Synthetic(replace(setting, slight=second), trials, seed)

    def verdicts(self, trial: IntArray, prompt: IntArray, i: IntArray, j: IntArray) -> FloatArray:
        question = (trial, prompt, i, j)
        mine, other = super().verdicts(*question), self._other.verdicts(*question)
        return np.where(of_second(i, j, self.competitors), other, mine)


def of_second(i: IntArray, j: IntArray, competitors: int) -> BoolArray:
    """(K,): the pairs that a second judge decides."""
    decided: BoolArray = np.minimum(i, j) < competitors // 4
    return decided


FIVE: dict[str, Any] = {"ties": 0.6, "slight": 2.0}
FOUR: dict[str, Any] = {"slight": 1.5}
RANDOM, KNOCK_OUT = Contender("random_pairs"), Contender("single_elimination")
ROBIN = Contender("round_robin")
CHAIN = Contender("adaptive", {"schedule": "chain"})
PAIRS = Contender("adaptive", {"schedule": "pairs"})
ROWS = (
    Played("20, 2,000 random, 5 levels", Setting(20, 2000, **FIVE), RANDOM, 2000),
    Played("20, 2,000 random, 4, rho 0", Setting(20, 2000, rho=0.0, **FOUR), RANDOM, 2000),
    Played("20, 150 random, 5", Setting(20, 150, **FIVE), RANDOM, 150),
    Played("knock-out 16, 5 prompts, 4", Setting(16, 5, **FOUR), KNOCK_OUT, 75),
    Played("knock-out 16, 10 prompts, 5", Setting(16, 10, **FIVE), KNOCK_OUT, 150),
    Played("round robin 10, 5 prompts, 5", Setting(10, 5, **FIVE), ROBIN, 225),
    Played("round robin 10, 100 prompts, 4", Setting(10, 100, **FOUR), ROBIN, 4500),
    Played("chain, half random, 16, 5", Setting(16, 100, **FIVE), CHAIN, 1500),
    Played("pairs, half random, 16, 5", Setting(16, 100, **FIVE), PAIRS, 1500),
    Played("16 equals, 1,500 random, 5", Setting(16, 1500, spread=0.0, lead=0.0, **FIVE), RANDOM,
           1500),
    Played("10 far apart, 1,000 random, 5", Setting(10, 1000, spread=2.5, rho=0.2, **FIVE), RANDOM,
           1000),
    Played("3, 60 random, 5", Setting(3, 60, **FIVE), RANDOM, 60),
    Played("20, 2,000 random, grades guessed", Setting(20, 2000, ties=0.6), RANDOM, 2000,
           guessed=True),
    Played("10, 3,000 random, two judges", Setting(10, 3000, ties=0.6, slight=3.0), RANDOM, 3000,
           second=0.8),
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """Of many tables: coverage, squared error, and by how much ratings are stretched."""

    covered: Mean
    error: float
    width: float
    stretched: Mean | None


def graded(times: int) -> bool:
    """The same verdicts with grades and without, against the strengths that wins show."""
    print(f"{times} tournaments a row; +- is one standard error; plain / graded")
    print(f"{'':<34}{'covered':>24}{'stretched':>24}{'width':>12}{'squared error':>15}")
    passed = True
    for played in ROWS:
        plain, found = (_row(played, way, times) for way in ("never", "auto"))
        cells = f"{plain.covered.value:>9.3f} /{_shown(found.covered)}"
        if plain.stretched and found.stretched:
            cells += f"{plain.stretched.value:>9.3f} /{_shown(found.stretched)}"
            apart = abs(found.stretched.value - plain.stretched.value)
            passed &= apart <= STRAIGHT
        else:
            cells += f"{'':>24}"
        cells += f"{found.width / plain.width:>12.2f}{found.error / plain.error:>15.2f}"
        print(f"{played.name:<34}{cells}", flush=True)
        slack = 2.0 * found.covered.error
        passed &= GOAL[0] - slack <= found.covered.value <= GOAL[1] + slack
    print(f"goal {GOAL[0]} to {GOAL[1]}, stretched as plain ones are to {STRAIGHT}: "
          f"{'ok' if passed else 'FAILED'} within two errors")  # fmt: skip
    return passed


def _shown(mean: Mean) -> str:
    return f"{mean.value:>6.3f} +- {mean.error:.3f}"


def _row(played: Played, way: str, times: int) -> Row:
    world = _world(played, times)
    by_wins = Synthetic(replace(played.setting, slight=0.0), times, SEED).strengths
    sweep = Sweep(world)
    design_of(played.contender.build(played.calls), sweep, SEED).play_on(sweep, played.calls)
    rule = registry.build("bradley_terry", {"graded": way, "response_effects": "never"})
    tables = [rule.rate(_said(played, rows)) for rows in sweep.comparisons()]
    truth = ELO_SCALE * by_wins
    rating, low, high = np.moveaxis(_numbers(tables, world.competitors), 2, 0)
    apart = (truth**2).sum(axis=1)
    slope = None
    if apart.min() > 0.0:
        slope = Mean.of(((rating - CENTRE) * truth).sum(axis=1) / apart)
    error = float(((rating - CENTRE - truth) ** 2).mean())
    covered = Mean.of(lab.coverage(tables, by_wins))
    return Row(covered, error, float((high - low).mean()), slope)


def _world(played: Played, times: int) -> Synthetic:
    if played.second:
        return TwoScales(played.setting, times, SEED, played.second)
    return Synthetic(played.setting, times, SEED)


def _said(played: Played, rows: Comparisons) -> Comparisons:
    """What a rating is given; judges who guess throw a coin for how clear a win is."""
    if played.second:
        judge = of_second(rows.a, rows.b, len(rows.competitors)).astype(np.int64)
        return replace(rows, judge=judge, judges=("first", "second"))
    if not played.guessed:
        return rows
    rng = np.random.default_rng(SEED)
    coin = rng.choice([0.5, 1.0], len(rows.a))
    return replace(rows, clarity=np.where(rows.score == 0.5, np.nan, coin))


def _numbers(tables: Sequence[RatingTable], competitors: int) -> np.ndarray:
    """(R, M, 3): rating and both ends of the interval."""
    found = []
    for table in tables:
        by = {row.competitor: (row.rating, row.ci_low, row.ci_high) for row in table.rows}
        found.append([by[name] for name in names_of(competitors)])
    return np.array(found, dtype=np.float64)
