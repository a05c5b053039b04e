"""Formats and ratings side by side: what they reach at equal calls, and what a goal costs them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from tournaments.formats import registry as formats
from tournaments.formats.base import Format, Scope
from tournaments.formats.beliefs import FloatArray
from tournaments.ratings import registry as ratings
from tournaments.ratings.base import CENTRE, ELO_SCALE, RatingTable
from tournaments.simulation.designs import design_of
from tournaments.simulation.sweeps import (
    Curve,
    Estimator,
    Recorder,
    Sweep,
    agreement,
    crossing,
    names_of,
    plain,
    smoothed,
)
from tournaments.simulation.worlds import World

STRENGTHS = ("bradley_terry", "elo")
"""Methods whose ratings are on the scale of the true strengths, so that coverage has a meaning."""

_GROWTH = 1.06
_RESAMPLES = 100
_BEST_WIDTH = 7
"""Looks that are averaged for the best found, which is yes or no and so varies most."""


@dataclass(frozen=True)
class Contender:
    """A format with its params."""

    format: str
    params: Mapping[str, object] = field(default_factory=dict)

    @property
    def label(self) -> str:
        shown = " ".join(f"{key}={value}" for key, value in self.params.items())
        return f"{self.format} {shown}".strip()

    def build(self, games: int | None) -> Format:
        """The format; `games` bounds those that plan the whole tournament."""
        params = dict(self.params)
        cls = formats.get(self.format)
        if games and cls.scope is Scope.TOURNAMENT and "games" in cls.Params.model_fields:
            params.setdefault("games", games)
        return formats.build(self.format, params)


@dataclass(frozen=True)
class Mean:
    """A mean over trials and its standard error."""

    value: float
    error: float

    @classmethod
    def of(cls, values: FloatArray) -> Mean:
        size = len(values)
        error = float(values.std(ddof=1) / np.sqrt(size)) if size > 1 else float("nan")
        return cls(float(values.mean()), error)


@dataclass(frozen=True)
class Outcome:
    """What a format and a rating reached. coverage: of the intervals; None without known truth."""

    contender: Contender
    rating: str
    calls: Mean
    tau: Mean
    best: Mean
    coverage: Mean | None


def compare(
    world: World, contenders: Sequence[Contender], methods: Sequence[str], calls: int, seed: int
) -> list[Outcome]:
    """Play each format up to `calls` (or its own end) and rate what was played by each method."""
    return [
        _outcome(contender, method, sweep)
        for contender in contenders
        for sweep in [_played(world, contender, calls, seed)]
        for method in methods
    ]


def _played(world: World, contender: Contender, calls: int, seed: int) -> Sweep:
    sweep = Sweep(world)
    design_of(contender.build(calls), sweep, seed).play_on(sweep, calls)
    return sweep


def _outcome(contender: Contender, method: str, sweep: Sweep) -> Outcome:
    world, rule = sweep.world, ratings.build(method)
    tables = [rule.rate(comparisons) for comparisons in sweep.comparisons()]
    theta = np.array([_column(table, world.competitors, "rating") for table in tables])
    tau, best = agreement(theta, world.order)
    covered = None
    if world.strengths is not None and method in STRENGTHS:
        covered = Mean.of(coverage(tables, world.strengths))
    return Outcome(
        contender, method, Mean.of(sweep.calls.astype(np.float64)), Mean.of(tau), Mean.of(best),
        covered,
    )  # fmt: skip


def coverage(tables: Sequence[RatingTable], strengths: FloatArray) -> FloatArray:
    """(R,): the share of each table's intervals that hold the truth (R, M)."""
    m = strengths.shape[1]
    truth = CENTRE + ELO_SCALE * strengths
    low = np.array([_column(table, m, "ci_low") for table in tables])
    high = np.array([_column(table, m, "ci_high") for table in tables])
    held = np.where(np.isnan(low), np.nan, (low <= truth) & (truth <= high))
    share: FloatArray = np.nanmean(held, axis=1)
    return share


def _column(table: RatingTable, competitors: int, name: str) -> list[float]:
    """A number of each competitor by index; NaN where nothing can be said of it."""
    found = {row.competitor: getattr(row, name) for row in table.rows}
    values = [found.get(competitor) for competitor in names_of(competitors)]
    return [float("nan") if value is None else float(value) for value in values]


def follow(
    world: World,
    contender: Contender,
    seed: int,
    *,
    most: int,
    tau: float = 1.0,
    best: float = 1.0,
    estimate: Estimator = plain,
) -> Curve:
    """Play until both goals are passed (or `most` calls, or the end), looking every 6 %."""
    sweep, recorder = Sweep(world, keep=estimate is not plain), Recorder(estimate)
    design = design_of(contender.build(most), sweep, seed)
    calls = 2.0 * world.competitors
    more = True
    while more and calls < most * _GROWTH:
        more = design.play_on(sweep, int(min(calls, most)))
        reached = recorder.look(sweep)
        if reached[0] > tau and reached[1] > best:
            break
        calls = max(float(sweep.calls.mean()) * _GROWTH, calls * _GROWTH)
    return recorder.curve()


@dataclass(frozen=True)
class Cost:
    """Calls until the mean over trials reaches a goal, its error, and how the trials resampled."""

    calls: float
    resampled: FloatArray

    @property
    def error(self) -> float:
        known = self.resampled[~np.isnan(self.resampled)]
        return float(known.std()) if len(known) > 1 else float("nan")

    def over(self, other: Cost) -> Mean:
        """This cost as a multiple of another one of the same worlds."""
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = self.resampled / other.resampled
        known = ratio[~np.isnan(ratio)]
        error = float(known.std()) if len(known) > 1 else float("nan")
        return Mean(self.calls / other.calls, error)


def cost(curve: Curve, what: str, goal: float) -> Cost:
    """What the goal costs. what: "tau" or "best". Trials are resampled alike for every curve."""
    level = smoothed(curve.tau) if what == "tau" else smoothed(curve.best, _BEST_WIDTH)
    trials = level.shape[1]
    rng = np.random.default_rng(0)
    drawn = [rng.integers(0, trials, trials) for _ in range(_RESAMPLES)]
    return Cost(
        crossing(curve.calls, level.mean(axis=1), goal),
        np.array([crossing(curve.calls, level[:, rows].mean(axis=1), goal) for rows in drawn]),
    )
