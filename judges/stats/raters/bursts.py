"""Do wins of a competitor come in a burst, from several raters in the same hours?

A scan statistic (Kulldorff 1997 in time): the surplus of a competitor over what was expected, in
every window of some lengths, in standard deviations; the highest of all is compared with that after
the votes of each rater have been moved in time by a common random amount (round the end of the
campaign). That keeps each rater's sittings and tastes and undoes what several raters do together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from judges.stats.bootstrap import BoolArray, FloatArray, IntArray
from judges.stats.raters.field import Field
from judges.stats.raters.votes import Votes, summed

BINS = 256
WINDOWS = (1, 2, 4, 8, 16, 32)
"""In bins of the campaign's time."""

SHIFTS = 199
ENOUGH = 10
"""So many higher ones end the count early: the burst is none (Besag & Clifford 1991)."""


@dataclass(frozen=True)
class Burst:
    """competitor: index. start, end: epoch seconds. votes: on it in the window. wins, expected.
    p: of the highest burst, over all competitors and windows. raters: (R,) who named it there."""

    competitor: int
    start: float
    end: float
    votes: int
    wins: int
    expected: float
    p: float
    raters: BoolArray


@dataclass(frozen=True)
class _Rows:
    """Sided votes twice, once for either competitor: rater, competitor, bin, surplus, variance."""

    rater: IntArray
    competitor: IntArray
    place: IntArray
    left: FloatArray
    weight: FloatArray


def burst(field: Field, seed: int = 0) -> Burst | None:
    """The highest burst with its p-value; None where nobody voted or all at one time."""
    votes = field.votes
    if not field.sided.any() or float(np.ptp(votes.at)) <= 0:
        return None
    begin, length = float(votes.at.min()), float(np.ptp(votes.at)) / BINS
    rows = _rows(field, begin, length)
    highest, window, competitor, end = _scan(rows, votes.competitors)
    inside = (rows.competitor == competitor) & (rows.place > end - window) & (rows.place <= end)
    named = inside & (rows.left > 0)
    wins = int(named.sum())
    return Burst(
        competitor=competitor,
        start=begin + (end - window + 1) * length,
        end=begin + (end + 1) * length,
        votes=int(inside.sum()),
        wins=wins,
        expected=wins - float(rows.left[inside].sum()),
        p=_p(rows, votes, highest, np.random.default_rng(seed)),
        raters=np.bincount(rows.rater[named], minlength=votes.raters) > 0,
    )


def _rows(field: Field, begin: float, length: float) -> _Rows:
    votes, sided = field.votes, field.sided
    bins = np.minimum(((votes.at[sided] - begin) / length).astype(np.int64), BINS - 1)
    left = (field.won - field.chance)[sided]
    weight = (field.chance * (1 - field.chance))[sided]
    return _Rows(
        rater=np.tile(votes.rater[sided], 2),
        competitor=np.concatenate([votes.first[sided], votes.second[sided]]),
        place=np.tile(bins, 2),
        left=np.concatenate([left, -left]),
        weight=np.tile(weight, 2),
    )


def _p(rows: _Rows, votes: Votes, highest: float, rng: np.random.Generator) -> float:
    """The share of random moves of the raters' times with as high a burst."""
    beaten = drawn = 0
    while drawn < SHIFTS and beaten < ENOUGH:
        drawn += 1
        moved = (rows.place + rng.integers(0, BINS, votes.raters)[rows.rater]) % BINS
        beaten += _scan(replace(rows, place=moved), votes.competitors)[0] >= highest
    return beaten / drawn if beaten == ENOUGH else (1 + beaten) / (1 + drawn)


def _scan(rows: _Rows, competitors: int) -> tuple[float, int, int, int]:
    """The highest surplus in standard deviations: its value, window, competitor and last bin."""
    cell = rows.competitor * BINS + rows.place
    size = competitors * BINS
    left = summed(cell, rows.left, size).reshape(-1, BINS).cumsum(axis=1)
    weight = summed(cell, rows.weight, size).reshape(-1, BINS)
    weight = weight.cumsum(axis=1)
    best = (-np.inf, 0, 0, 0)
    for window in WINDOWS:
        # One vote's worth of variance keeps a lone surprise from being a burst.
        z = _within(left, window) / np.sqrt(_within(weight, window) + 1.0)
        place = int(z.argmax())
        if z.flat[place] > best[0]:
            best = (float(z.flat[place]), window, place // BINS, place % BINS)
    return best


def _within(total: FloatArray, window: int) -> FloatArray:
    """Sums of the last `window` bins, from cumulative sums (K, BINS)."""
    found = total.copy()
    found[:, window:] -= total[:, :-window]
    return found
