"""Strengths of many tournaments at once, with what is known beside the verdicts.

Published ratings come from `tournaments.ratings`, one table at a time; here hundreds of trials are
fitted together at every look, by the same model and likelihood.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from tournaments.formats.beliefs import FloatArray, IntArray
from tournaments.ratings.base import BoolArray
from tournaments.simulation.sweeps import Block, Sweep

_TOLERANCE = 1e-6
_ROUNDS = 50
_LONGEST = 1.5
_COEFFICIENT_PRECISION = 1e-2


@dataclass(frozen=True)
class Guess:
    """What is thought of the strengths before any game: normal, mean (R, M) and one precision."""

    mean: FloatArray
    precision: float


class Adjusted:
    """Bradley-Terry with covariates of single games, with a prior, or with both.

        logit E[share of i] = theta_i - theta_j + x' beta

    covariates: (K, C) of a block's K games, signed by who is i. Each is a linear term, so its
    sign changes with the order of i and j. The fit is Newton's method on M + C unknowns. A graded
    verdict varies less than a win or a loss: each trial's games count 1 / dispersion (Pearson's,
    of the fit before), as a quasi-likelihood (Wedderburn, 1974), so `information` allows for it.
    """

    def __init__(
        self, covariates: Callable[[Block], FloatArray] | None = None, guess: Guess | None = None
    ) -> None:
        self._covariates, self._guess = covariates, guess
        self._seen: list[tuple[Block, FloatArray]] = []
        self._beta: FloatArray | None = None
        self.information: FloatArray = np.empty((0, 0, 0))

    def __call__(self, sweep: Sweep, start: FloatArray | None) -> FloatArray:
        games, x = self._rows(sweep)
        r, m = sweep.points.shape[:2]
        theta = np.zeros((r, m)) if start is None else start
        beta = np.zeros((r, x.shape[1])) if self._beta is None else self._beta
        found = self._newton(games, x, np.concatenate([theta, beta], axis=1), m)
        self._beta = found[:, m:]
        return found[:, :m]

    def scores(self, sweep: Sweep, theta: FloatArray) -> FloatArray:
        """(R, P, M + C): each prompt's part of the gradient at the last fit, for a sandwich."""
        if self._beta is None:
            raise ValueError("fit first")
        (games, x), (r, m) = self._rows(sweep), theta.shape
        point = np.concatenate([theta, self._beta], axis=1)
        left = games.share - expit(_leads(games, x, point, m))
        left /= _dispersion(games, x, point, m)[games.trial]
        prompts = sweep.world.prompts
        cluster = games.trial * prompts + games.prompt
        own = _by_player(cluster, games.i, games.j, left, r * prompts, m)
        others = [np.bincount(cluster, left * column, r * prompts) for column in x.T]
        return np.column_stack([own, *others]).reshape(r, prompts, -1)

    def _rows(self, sweep: Sweep) -> tuple[Block, FloatArray]:
        """All decided games and their covariates; those of earlier looks are kept."""
        for block in sweep.blocks[len(self._seen) :]:
            self._seen.append((block, self._columns(block)))
        games = _joined([block for block, _ in self._seen])
        x = np.concatenate([columns for _, columns in self._seen])
        known = ~np.isnan(games.share)
        return _only(games, known), x[known]

    def _columns(self, block: Block) -> FloatArray:
        return np.empty((len(block.trial), 0)) if not self._covariates else self._covariates(block)

    def _newton(self, games: Block, x: FloatArray, point: FloatArray, m: int) -> FloatArray:
        varies = _dispersion(games, x, point, m)
        for _ in range(_ROUNDS):
            gradient, information = _local(games, x, point, m)
            gradient /= varies[:, None]
            information /= varies[:, None, None]
            self._add_prior(point, gradient, information, m)
            step = np.linalg.solve(information, gradient[:, :, None])[:, :, 0]
            size = np.abs(step).max(axis=1, initial=0.0)
            point = point + step * (_LONGEST / np.maximum(_LONGEST, size))[:, None]
            if size.max(initial=0.0) < _TOLERANCE:
                break
        self.information = information
        return point

    def _add_prior(
        self, point: FloatArray, gradient: FloatArray, information: FloatArray, m: int
    ) -> None:
        index, also = np.arange(m), np.arange(m, point.shape[1])
        gradient[:, m:] -= _COEFFICIENT_PRECISION * point[:, m:]
        information[:, also, also] += _COEFFICIENT_PRECISION
        if self._guess is None:
            ghost = expit(point[:, :m])
            gradient[:, :m] += 0.5 - ghost
            information[:, index, index] += ghost * (1.0 - ghost)
        else:
            gradient[:, :m] -= self._guess.precision * (point[:, :m] - self._guess.mean)
            information[:, index, index] += self._guess.precision


def _dispersion(games: Block, x: FloatArray, point: FloatArray, m: int) -> FloatArray:
    """(R,): by how much verdicts vary, compared with wins and losses; at most 1."""
    trial, r = games.trial, len(point)
    chance = expit(_leads(games, x, point, m))
    seen = np.bincount(trial, (games.share - chance) ** 2, r)
    expected = np.bincount(trial, chance * (1.0 - chance), r)
    found: FloatArray = np.clip(seen / np.maximum(expected, 1e-9), 0.1, 1.0)
    return found


def _leads(games: Block, x: FloatArray, point: FloatArray, m: int) -> FloatArray:
    """(K,) of i over j, with the covariates."""
    trial = games.trial
    lead: FloatArray = point[trial, games.i] - point[trial, games.j]
    lead += (x * point[trial, m:]).sum(axis=1)
    return lead


def _local(games: Block, x: FloatArray, point: FloatArray, m: int) -> tuple[FloatArray, FloatArray]:
    """Gradient (R, M + C) of the log-likelihood and minus its Hessian (R, M + C, M + C)."""
    r, d = point.shape
    trial, i, j = games.trial, games.i, games.j
    chance = expit(_leads(games, x, point, m))
    left, weight = games.share - chance, chance * (1.0 - chance)
    gradient, information = np.zeros((r, d)), np.zeros((r, d, d))
    gradient[:, :m] = _by_player(trial, i, j, left, r, m)
    own = np.bincount((trial * m + i) * m + j, weight, r * m * m).reshape(r, m, m)
    own = own + own.transpose(0, 2, 1)
    information[:, :m, :m] = -own
    information[:, np.arange(m), np.arange(m)] = own.sum(axis=2)
    for c in range(d - m):
        gradient[:, m + c] = np.bincount(trial, left * x[:, c], r)
        cross = _by_player(trial, i, j, weight * x[:, c], r, m)
        information[:, :m, m + c] = information[:, m + c, :m] = cross
        for e in range(d - m):
            information[:, m + c, m + e] = np.bincount(trial, weight * x[:, c] * x[:, e], r)
    return gradient, information


def _by_player(
    trial: IntArray, i: IntArray, j: IntArray, values: FloatArray, r: int, m: int
) -> FloatArray:
    """(R, M): the values of a competitor's games, minus those in which it is j."""
    total: FloatArray = np.bincount(trial * m + i, values, r * m).astype(np.float64)
    total -= np.bincount(trial * m + j, values, r * m)
    return total.reshape(r, m)


def _only(games: Block, kept: BoolArray) -> Block:
    share = games.share[kept]
    return Block(games.trial[kept], games.prompt[kept], games.i[kept], games.j[kept], share)


def _joined(blocks: list[Block]) -> Block:
    return Block(
        np.concatenate([block.trial for block in blocks]),
        np.concatenate([block.prompt for block in blocks]),
        np.concatenate([block.i for block in blocks]),
        np.concatenate([block.j for block in blocks]),
        np.concatenate([block.share for block in blocks]),
    )
