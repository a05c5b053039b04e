"""Many tournaments at once: what was played, what it cost, and how good the order is by then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tournaments.formats.beliefs import FloatArray, IntArray, believe
from tournaments.ratings.base import Comparisons
from tournaments.ratings.grades import graded_of
from tournaments.simulation.worlds import World

_AT_ONCE = 1 << 19
"""Verdicts that are asked for together; more would only take memory."""


@dataclass(frozen=True)
class Block:
    """Games as columns (K,): trial, prompt, i, j and i's share of the point."""

    trial: IntArray
    prompt: IntArray
    i: IntArray
    j: IntArray
    share: FloatArray


class Sweep:
    """R tournaments in one world. points: (R, M, M) of i against j. calls: (R,) asked for.

    keep: whether single games stay in `blocks`; without them memory does not grow with calls.
    """

    def __init__(self, world: World, *, keep: bool = True) -> None:
        self.world, self.keep = world, keep
        m, r = world.competitors, world.trials
        self.points = np.zeros((r, m, m))
        self.calls = np.zeros(r, dtype=np.int64)
        self.blocks: list[Block] = []

    def play(self, trial: IntArray, prompt: IntArray, i: IntArray, j: IntArray) -> FloatArray:
        """Ask for verdicts and note them; (K,) shares of i, NaN where there is none."""
        share = np.empty(len(trial))
        for start in range(0, len(trial), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            columns = trial[part], prompt[part], i[part], j[part]
            share[part] = self.world.verdicts(*columns)
            self.points += points_of(Block(*columns, share[part]), self.points.shape)
        self.calls += np.bincount(trial, minlength=len(self.calls))
        if self.keep:
            self.blocks.append(Block(trial, prompt, i, j, share))
        return share

    def rows(self) -> list[Block]:
        """What each trial played, in the order of play."""
        if not self.blocks:
            nothing, number = np.empty(0), np.empty(0, dtype=np.int64)
            return [Block(number, number, number, number, nothing)] * len(self.calls)
        trial, prompt, i, j, share = (
            np.concatenate([getattr(block, name) for block in self.blocks])
            for name in ("trial", "prompt", "i", "j", "share")
        )
        order = np.argsort(trial, kind="stable")
        ends = np.cumsum(np.bincount(trial, minlength=len(self.calls)))[:-1]
        parts = [np.split(column[order], ends) for column in (trial, prompt, i, j, share)]
        return [Block(*columns) for columns in zip(*parts, strict=True)]

    def comparisons(self) -> list[Comparisons]:
        """What each trial played, for a rating method."""
        return [comparisons_of(block, self.world.competitors) for block in self.rows()]


def comparisons_of(block: Block, competitors: int) -> Comparisons:
    """A share of the point that is neither all, half nor nothing is a win that is less clear."""
    known = ~np.isnan(block.share)
    score, clarity = graded_of(block.share[known])
    return Comparisons(
        competitors=names_of(competitors),
        a=block.i[known],
        b=block.j[known],
        score=score,
        prompt=block.prompt[known],
        clarity=clarity if (clarity < 1.0).any() else None,
    )


def names_of(competitors: int) -> tuple[str, ...]:
    """Names in the order of the indices."""
    return tuple(f"c{index:04d}" for index in range(competitors))


def points_of(block: Block, shape: tuple[int, int, int]) -> FloatArray:
    """(R, M, M) points that a block adds."""
    r, m, _ = shape
    known = ~np.isnan(block.share)
    trial, i, j, share = (column[known] for column in (block.trial, block.i, block.j, block.share))
    size = r * m * m
    points: FloatArray = np.bincount((trial * m + i) * m + j, share, size).astype(np.float64)
    points += np.bincount((trial * m + j) * m + i, 1.0 - share, size)
    return points.reshape(shape)


@dataclass(frozen=True)
class Curve:
    """How good the order was as calls went by: calls (L,), tau and best (L, R) at each look.

    tau: Kendall's with the true order. best: 1 where the best was ranked first.
    """

    calls: FloatArray
    tau: FloatArray
    best: FloatArray


def agreement(theta: FloatArray, order: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(R,) Kendall's tau of two (R, M) and whether both have the same best."""
    m = theta.shape[1]
    i, j = np.triu_indices(m, 1)
    same = np.sign(theta[:, i] - theta[:, j]) * np.sign(order[:, i] - order[:, j])
    best = theta.argmax(axis=1) == order.argmax(axis=1)
    return same.mean(axis=1), best.astype(np.float64)


class Estimator(Protocol):
    """(R, M) strengths of a sweep's trials. start: (R, M) where to begin."""

    def __call__(self, sweep: Sweep, start: FloatArray | None) -> FloatArray: ...


def plain(sweep: Sweep, start: FloatArray | None = None) -> FloatArray:
    """Bradley-Terry with the weak prior of one game."""
    return believe(sweep.points, start).theta


class Recorder:
    """Looks at a sweep: fits strengths to what was played so far."""

    def __init__(self, estimate: Estimator = plain) -> None:
        self._estimate = estimate
        self._theta: FloatArray | None = None
        self._looks: list[tuple[float, FloatArray, FloatArray]] = []

    def look(self, sweep: Sweep) -> tuple[float, float]:
        """Mean tau and share of right bests by now."""
        self._theta = self._estimate(sweep, self._theta)
        tau, best = agreement(self._theta, sweep.world.order)
        self._looks.append((float(sweep.calls.mean()), tau, best))
        return float(tau.mean()), float(best.mean())

    def curve(self) -> Curve:
        calls, tau, best = zip(*self._looks, strict=True)
        return Curve(np.array(calls), np.array(tau), np.array(best))


def crossing(calls: FloatArray, level: FloatArray, goal: float) -> float:
    """Calls at which the level (L,) reaches the goal for good, between looks by logarithm; NaN."""
    below = np.flatnonzero(level < goal)
    if not len(below):
        return float(calls[0])
    last = below[-1]
    if last + 1 >= len(calls):
        return float("nan")
    part = (goal - level[last]) / (level[last + 1] - level[last])
    return float(np.exp(np.interp(part, [0, 1], np.log(calls[last : last + 2]))))


def smoothed(curve: FloatArray, width: int = 3) -> FloatArray:
    """Means of `width` (odd) looks, (L, ...): takes the luck of single looks out of a crossing."""
    reach = width // 2
    if len(curve) < width:
        return curve
    middle = sum(curve[k : len(curve) - 2 * reach + k] for k in range(width)) / width
    joined: FloatArray = np.concatenate([curve[:reach], middle, curve[-reach:]])
    return joined
