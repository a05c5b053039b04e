"""The bootstrap: the same fit to many resamples, from counts alone.

A resample of prompts, or of single comparisons, changes only how often each outcome of each pair
counts. So what a replicate costs depends on the pairs that met and not on the comparisons.
Half-win replicates are solved together by chord steps: the expected points of i are e_i times the
sum of n_ij / (e_i + e_j) with e = exp(theta), one addition and one division a pair, and the
inverse information of the whole data turns what is missing into a step for all at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.special import expit, pdtr

from tournaments.ratings.base import FloatArray, IntArray
from tournaments.ratings.counts import Evidence, Pairs
from tournaments.ratings.links import HalfWin, Link
from tournaments.ratings.paired import Fit, Prior, Units, fit

AT_ONCE = 256
"""Replicates solved together."""

_CELLS_AT_ONCE = 2**25
_CLOSE = 1e-3
"""The last chord step, in standard errors."""

_CHORDS = 25
_TABLE = 65_536
_LARGE = 4_000

Small = NDArray[np.float32]


def prompt_resamples(
    evidence: Evidence, unit_of_row: IntArray, n_units: int, size: int, rng: np.random.Generator
) -> Iterator[FloatArray]:
    """Yield outcomes (U, 3, up to 256) of `size` resamples of the prompts.

    unit_of_row: (N,) which of the U units each comparison belongs to.
    """
    n_cells = 3 * n_units
    weight = np.ones(len(evidence.a)) if evidence.weight is None else evidence.weight
    place = evidence.prompt, 3 * unit_of_row + evidence.outcome
    cells = csr_array((weight, place), shape=(evidence.n_prompts, n_cells)).T.tocsr()
    share = np.full(evidence.n_prompts, 1.0 / evidence.n_prompts)
    chunk = max(1, min(AT_ONCE, _CELLS_AT_ONCE // (n_cells + evidence.n_prompts)))
    for start in range(0, size, chunk):
        drawn = rng.multinomial(evidence.n_prompts, share, size=min(chunk, size - start))
        resampled: FloatArray = cells @ drawn.T.astype(np.float64)
        yield resampled.reshape(-1, 3, drawn.shape[0])


def row_resamples(pairs: Pairs, size: int, rng: np.random.Generator) -> Iterator[Small]:
    """Yield outcomes (U, 3, up to 256) of `size` resamples of independent comparisons.

    Each comparison counts Poisson(1) times, so each cell of the counts Poisson(count) times.
    """
    counts, cell = np.unique(pairs.outcomes, return_inverse=True)
    order = np.argsort(cell.ravel(), kind="stable")
    ends = np.cumsum(np.bincount(cell.ravel()))
    chunk = max(1, min(AT_ONCE, 4 * _CELLS_AT_ONCE // pairs.outcomes.size))
    for start in range(0, size, chunk):
        width = min(chunk, size - start)
        drawn = np.empty((pairs.outcomes.size, width), dtype=np.float32)
        begin = 0
        for count, end in zip(counts.tolist(), ends.tolist(), strict=True):
            drawn[order[begin:end]] = _poisson(count, (end - begin, width), rng)
            begin = end
        yield drawn.reshape(len(pairs.a), 3, width)


def _poisson(mean: float, shape: tuple[int, int], rng: np.random.Generator) -> Small:
    """Poisson numbers from a table of its quantiles, twenty times faster than one by one.

    A quantile is exact to 1 / 65536; means above 4,000 are drawn as rounded normal numbers.
    """
    if mean == 0:
        return np.zeros(shape, dtype=np.float32)
    if mean > _LARGE:
        drawn: Small = mean + np.sqrt(mean) * rng.standard_normal(shape, dtype=np.float32)
        return np.rint(drawn)
    values = np.arange(int(mean + 12.0 * np.sqrt(mean) + 20.0))
    cuts = np.rint(pdtr(values, mean) * _TABLE).astype(np.int64)
    cuts[-1] = _TABLE
    table = np.repeat(values, np.diff(cuts, prepend=0)).astype(np.float32)
    size = shape[0] * shape[1]
    raw = rng.integers(0, 2**64, -(-size // 4), dtype=np.uint64)  # four places in one number
    picked = raw.view(np.uint16)[:size].reshape(shape)
    return np.take(table, picked, mode="clip")  # all are in range: "clip" spares the check


def refits(
    resamples: Iterator[NDArray[np.floating]], whole: Fit, units: Units, link: Link, prior: Prior
) -> FloatArray:
    """(B, M): log-strengths fitted to each of B resamples, prior included.

    RatingError when a replicate does not converge.
    """
    found = [np.empty((0, units.pairs.n))]
    for outcomes in resamples:
        if isinstance(link, HalfWin) and units.slope is None and not units.x.shape[1]:
            found.append(_chords(outcomes, whole, units, prior))
        else:
            every = range(outcomes.shape[2])
            refitted = [_newton(outcomes[:, :, i], whole, units, link, prior) for i in every]
            found.append(np.stack(refitted))
    return np.concatenate(found)


def _newton(
    outcomes: NDArray[np.floating], whole: Fit, units: Units, link: Link, prior: Prior
) -> FloatArray:
    resampled = replace(units.pairs, outcomes=outcomes.astype(np.float64))
    return fit(replace(units, pairs=resampled), link, prior, whole.theta).theta


def _chords(outcomes: NDArray[np.floating], whole: Fit, units: Units, prior: Prior) -> FloatArray:
    """(B, M) half-win fits to outcomes (U, 3, B); Newton's method for what chords do not reach."""
    pairs = units.pairs
    tied = bool(pairs.outcomes[:, 1].any())
    met = (outcomes[:, 0] + outcomes[:, 2]).astype(np.float32, copy=False)
    if tied:
        met += outcomes[:, 1]
    points = _points(outcomes, pairs, tied)
    covariance = whole.covariance
    error = np.sqrt(np.diag(_centred(covariance)))[:, None]
    theta = np.repeat(whole.theta[:, None], met.shape[1], axis=1)
    last = np.full(met.shape[1], np.inf)
    for _ in range(_CHORDS):
        missing = points - _expected(theta, met, pairs) + prior.games * (0.5 - expit(theta))
        step = np.clip(covariance @ missing, -2.0, 2.0)
        theta += step
        # The common level rests on the prior alone, and no reader sees it.
        last = np.abs((step - step.mean(axis=0)) / error).max(axis=0)
        if (last <= _CLOSE).all():
            break
    for i in np.flatnonzero(~(last <= _CLOSE)):
        theta[:, i] = _newton(outcomes[:, :, i], whole, units, HalfWin(), prior)
    return theta.T


def _centred(covariance: FloatArray) -> FloatArray:
    rows = covariance - covariance.mean(axis=0)
    centred: FloatArray = rows - rows.mean(axis=1, keepdims=True)
    return centred


def _points(outcomes: NDArray[np.floating], pairs: Pairs, tied: bool) -> FloatArray:
    """(M, B)"""
    points = np.zeros((pairs.n, outcomes.shape[2]))
    for i, rows, others in _blocks(pairs):
        ours, theirs = outcomes[rows, 0], outcomes[rows, 2]
        if tied:
            half = outcomes[rows, 1] * 0.5
            ours, theirs = ours + half, theirs + half
        points[i] += ours.sum(axis=0, dtype=np.float64)
        points[others] += theirs
    return points


def _expected(theta: FloatArray, met: Small, pairs: Pairs) -> FloatArray:
    """(M, B): expected points. Works block by block, which stays in the cache."""
    strength = np.exp(theta)
    small = strength.astype(np.float32)
    per_strength = np.zeros(theta.shape)
    for i, rows, others in _blocks(pairs):
        both = small[others] + small[i]
        np.divide(met[rows], both, out=both)
        per_strength[others] += both
        per_strength[i] += both.sum(axis=0)
    return strength * per_strength


Block = tuple[int, slice, NDArray[np.int64] | slice]


def _blocks(pairs: Pairs) -> Iterator[Block]:
    """For each i: the pairs whose first it is, and their seconds; a slice where all are met."""
    ends = np.searchsorted(pairs.a, np.arange(pairs.n + 1))
    for i, (start, end) in enumerate(zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)):
        if start < end:
            full = end - start == pairs.n - 1 - i
            others = slice(i + 1, pairs.n) if full else pairs.b[start:end]
            yield i, slice(start, end), others
