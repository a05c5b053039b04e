"""The bootstrap: the same fit to many resamples, from counts alone.

Half-win replicates are solved together by chord steps: the expected points of i are e_i times the
sum of n_ij / (e_i + e_j) with e = exp(theta), one addition and one division a pair, and the
inverse information of the whole data turns what is missing into a step for all at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tournaments.ratings.base import FloatArray
from tournaments.ratings.counts import Pairs
from tournaments.ratings.links import HalfWin, Link
from tournaments.ratings.paired import Fit, Prior, Units, fit
from tournaments.ratings.resamples import Resamples

_CLOSE = 1e-3
"""How near a replicate must come to its solution, in standard errors."""

_SLOWEST = 0.9
"""Chord steps that shrink by less are not trusted to arrive."""

_CHORDS = 25
_FEW = 0.5
"""A smaller share of replicates that are on their way goes on without the others."""

_TINY = 1e-300

Small = NDArray[np.float32]


def refits(
    resamples: Iterator[Resamples], whole: Fit, units: Units, link: Link, prior: Prior
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


def _newton(outcomes: Resamples, whole: Fit, units: Units, link: Link, prior: Prior) -> FloatArray:
    resampled = replace(units.pairs, outcomes=outcomes.astype(np.float64))
    return fit(replace(units, pairs=resampled), link, prior, whole.theta).theta


def _chords(outcomes: Resamples, whole: Fit, units: Units, prior: Prior) -> FloatArray:
    """(B, M) half-win fits to outcomes (U, 3, B); Newton's method for what chords do not reach."""
    pairs = units.pairs
    met, points = _met_and_points(outcomes, pairs)
    covariance = whole.covariance.astype(np.float32)  # a step need not be exact, its end is
    error = np.sqrt(np.diag(_centred(whole.covariance)))[:, None]
    found = np.empty(points.shape)
    column, last = np.arange(points.shape[1]), np.inf
    theta = whole.theta[:, None]  # all begin at the same point
    for _ in range(_CHORDS):
        strength = np.exp(theta)
        ghost = prior.games * (0.5 - strength / (1.0 + strength))
        missing = points - _expected(strength, met, pairs) + ghost
        step = np.clip(covariance @ missing.astype(np.float32), -2.0, 2.0)
        found[:, column] = theta = theta + step
        # The common level rests on the prior alone, and no reader sees it.
        length = np.abs((step - step.mean(axis=0)) / error).max(axis=0)
        left, last = _left(length, last), length
        going = ~(left <= _CLOSE)
        if not going.any():
            return found.T
        if going.mean() < _FEW:  # the others need no further step
            column, met, points = column[going], met[:, going], points[:, going]
            theta, last, going = theta[:, going], last[going], going[going]
    for i in column[going]:
        found[:, i] = _newton(outcomes[:, :, i], whole, units, HalfWin(), prior)
    return found.T


def _left(length: FloatArray, before: FloatArray | float) -> FloatArray:
    """(B,): how far a replicate is from its solution after a step, by the ratio of its last two.

    Steps shrink by the same factor each, and a geometric series adds up what is still to come.
    """
    factor = np.minimum(length / np.maximum(before, _TINY), _SLOWEST)
    left: FloatArray = np.where(factor > 0, length * factor / (1.0 - factor), length)
    return left


def _centred(covariance: FloatArray) -> FloatArray:
    rows = covariance - covariance.mean(axis=0)
    centred: FloatArray = rows - rows.mean(axis=1, keepdims=True)
    return centred


def _met_and_points(outcomes: Resamples, pairs: Pairs) -> tuple[Small, Small]:
    """(U, B): how often each pair met, and (M, B): the points of each competitor."""
    tied = bool(pairs.outcomes[:, 1].any())
    met = np.empty((len(pairs.a), outcomes.shape[2]), dtype=np.float32)
    points = np.zeros((pairs.n, outcomes.shape[2]), dtype=np.float32)
    ones = np.ones(pairs.n, dtype=np.float32)  # a product with it is a faster sum
    for i, rows, others in _blocks(pairs):
        ours, theirs = (outcomes[rows, end].astype(np.float32) for end in (0, 2))
        np.add(ours, theirs, out=met[rows])
        if tied:
            ties = outcomes[rows, 1].astype(np.float32)
            met[rows] += ties
            ours += ties / 2
            theirs += ties / 2
        points[i] += ones[: len(ours)] @ ours
        points[others] += theirs
    return met, points


def _expected(strength: FloatArray, met: Small, pairs: Pairs) -> FloatArray:
    """(M, B): expected points of strengths (M, B) or (M, 1), by blocks that stay in the cache."""
    small = strength.astype(np.float32)
    per_strength = np.zeros((pairs.n, met.shape[1]), dtype=np.float32)
    ones, space = np.ones(pairs.n, dtype=np.float32), np.empty_like(per_strength)
    for i, rows, others in _blocks(pairs):
        ratio = space[: rows.stop - rows.start]
        np.add(small[others], small[i], out=ratio)
        np.divide(met[rows], ratio, out=ratio)
        per_strength[others] += ratio
        per_strength[i] += ones[: len(ratio)] @ ratio
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
