"""Does a rater always prefer one competitor, or always refuse it?

A pusher names the target with probability h whatever the answers are and votes as others do
otherwise. Against the honest model (`tastes.py`, `ties.py`) this gives a likelihood ratio after
every vote. Its mean over several h is a test martingale: of an honest rater it exceeds x at any
time with probability 1 / x at most (Ville 1939). So one over its highest value is a p-value,
however often and whenever somebody looks. This is the test on the sequence of votes for and against
each competitor; Chiang et al. (2024) combine p-values of votes for the same purpose, Huang et al.
(2025) use the likelihood of a user's votes under honest and malicious behaviour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from judges.stats.bootstrap import BoolArray, FloatArray, IntArray
from judges.stats.raters.field import Field, likely
from judges.stats.raters.tastes import Tastes

FORCED: Final = (0.35, 0.65, 0.95)
"""The shares h of votes that do not look at the answers."""

FOR, AGAINST = 0, 1
LOOK = 1.0
"""Who has a smaller surplus in this direction (standard deviations) is not looked at: ratio 0."""

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(5)
_LOG_WEIGHTS = np.log(_WEIGHTS / _WEIGHTS.sum())


@dataclass(frozen=True)
class Pushing:
    """ratio: (2, R, K, H) likelihood ratio at the end, for and against each competitor, for each
    of FORCED. p: (2, R, K) of the whole sequence, one competitor and direction only."""

    ratio: FloatArray
    p: FloatArray

    def of_raters(self) -> tuple[FloatArray, IntArray, IntArray]:
        """(R,) the p-value, corrected for competitors and ways; which competitor; which way."""
        ways, raters, competitors = self.p.shape
        flat = np.moveaxis(self.p, 1, 0).reshape(raters, -1)
        if not flat.size:
            return np.ones(raters), np.zeros(raters, np.int64), np.zeros(raters, np.int64)
        best = flat.argmin(axis=1)
        p: FloatArray = np.minimum(1.0, flat.min(axis=1) * ways * competitors)
        return p, best % competitors, best // competitors


@dataclass(frozen=True)
class _Rows:
    """Votes (E,) by rater, competitor and time: the cell r K + k, whether the competitor was named,
    whether a side was, and the log odds and the chance of a tie that were expected."""

    cell: IntArray
    named: BoolArray
    sided: BoolArray
    logit: FloatArray
    tie: FloatArray


def pushing(field: Field, tastes: Tastes, tie: FloatArray) -> Pushing:
    """Compare every rater's votes on every competitor with those of a pusher.

    tie: (N,) chances of a tie.
    """
    shape = (2, field.votes.raters, field.votes.competitors)
    ratio, p = np.zeros((*shape, len(FORCED))), np.ones(shape)
    for way, sign in ((FOR, 1.0), (AGAINST, -1.0)):
        rows = _rows(field, tie, sign, sign * tastes.z >= LOOK)
        starts = np.flatnonzero(np.diff(rows.cell, prepend=-1))
        if not len(starts):
            continue
        paths = _paths(rows, starts, tastes.spread)
        highest = np.maximum.reduceat(paths.mean(axis=1), starts)
        places = np.unravel_index(rows.cell[starts], shape[1:])
        ratio[way][places] = paths[np.append(starts[1:], len(rows.cell)) - 1]
        p[way][places] = np.minimum(1.0, 1.0 / np.maximum(highest, 1e-300))
    return Pushing(ratio, p)


def _rows(field: Field, tie: FloatArray, sign: float, looked: BoolArray) -> _Rows:
    """Every vote twice, once for either competitor, where the rater is looked at (R, K)."""
    votes = field.votes
    shown = np.stack([votes.first, votes.second], axis=1)
    row, side = np.nonzero(looked[votes.rater[:, None], shown])
    cell = votes.rater[row] * votes.competitors + shown[row, side]
    order = np.lexsort((row, cell))
    row, side, cell = row[order], side[order], cell[order]
    own = np.where(side == 0, 1.0, -1.0) * sign
    named = (field.won[row] - 0.5) * own > 0
    return _Rows(cell, named, field.sided[row], own * field.logit[row], tie[row])


def _paths(rows: _Rows, starts: IntArray, spread: float) -> FloatArray:
    """(E, H) likelihood ratios after each vote, of runs that begin at `starts`."""
    chance = likely(rows.logit[:, None] + spread * _NODES)
    side = np.where(rows.named[:, None], chance, 1.0 - chance) * (1.0 - rows.tie[:, None])
    said = np.where(rows.sided[:, None], side, rows.tie[:, None])
    honest = _mixed(np.log(said), starts)
    paths = np.empty((len(rows.cell), len(FORCED)))
    for place, share in enumerate(FORCED):
        forced = np.log(share * rows.named[:, None] + (1.0 - share) * said)
        paths[:, place] = np.exp(np.minimum(_mixed(forced, starts) - honest, 600.0))
    return paths


def _mixed(logs: FloatArray, starts: IntArray) -> FloatArray:
    """(E,): log of the mean, over tastes, of the likelihood so far in each run."""
    total = np.cumsum(logs, axis=0)
    before = np.vstack([np.zeros((1, total.shape[1])), total])[starts]
    lengths = np.diff(np.append(starts, len(logs)))
    run = total - np.repeat(before, lengths, axis=0) + _LOG_WEIGHTS
    most = run.max(axis=1)
    mixed: FloatArray = most + np.log(np.exp(run - most[:, None]).sum(axis=1))
    return mixed
