"""Which pairs to ask about next: those that would settle most of the order that is wanted.

With V the covariance of the strengths, D the lead of k over l and s^2 its variance, the chance
that the two are in the wrong order falls, per unit of variance removed, by

    g = E[phi(X / s) |X|] / (2 s^3),  X ~ N(D, s^2).

With G the Laplacian of the weights g, asking about (i, j) is worth w q / (1 + w s^2), where
w = p (1 - p) is the information of a verdict and q = (e_i - e_j)' V G V (e_i - e_j).
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtr

from tournaments.formats.beliefs import Belief, FloatArray, IntArray

_TOGETHER = 4
"""Large waves are chosen in so many parts; each expects the information of those before."""


def best_pairs(
    belief: Belief, size: int, top: int | None = None, only: int | None = None
) -> tuple[IntArray, IntArray]:
    """The `size` most useful pairs of each of R tournaments, (R, size) i and j, i < j.

    top: only the border between the best `top` and the rest counts; None: the whole order.
    only: just pairs with this competitor are asked and count. Parts of half the field (or a
    quarter of the wave) are chosen together, then the information they will bring is added.
    """
    m = belief.theta.shape[1]
    i, j = np.triu_indices(m, 1)
    if only is not None:
        kept = (i == only) | (j == only)
        i, j = i[kept], j[kept]
    part = min(max(m // 2, math.ceil(size / _TOGETHER)), len(i))
    information, chosen = belief.information.copy(), []
    lead = belief.theta[:, i] - belief.theta[:, j]
    weight = 0.25 / np.cosh(lead / 2) ** 2
    counts = _counts(belief.theta, i, j, top)
    while size > 0:
        worth = _worth(information, lead, weight, counts, i, j)
        # Rounded, so that the last digits of a machine's arithmetic decide nothing.
        worth = np.round(worth / np.maximum(worth.max(axis=1, keepdims=True), 1e-300), 9)
        picked = np.argsort(-worth, axis=1, kind="stable")[:, : min(part, size)]
        chosen.append(picked)
        size -= picked.shape[1]
        if size > 0:
            _expect(information, np.take_along_axis(weight, picked, axis=1), i[picked], j[picked])
    place = np.concatenate(chosen, axis=1)
    return i[place], j[place]


def _counts(theta: FloatArray, i: IntArray, j: IntArray, top: int | None) -> FloatArray:
    """(R, pairs) 1 where the order of a pair is of interest, else 0."""
    if top is None:
        return np.ones((len(theta), len(i)))
    leading = np.zeros(theta.shape, dtype=bool)
    np.put_along_axis(leading, np.argsort(-theta, axis=1, kind="stable")[:, :top], True, axis=1)
    return np.not_equal(leading[:, i], leading[:, j]).astype(np.float64)


def _worth(
    information: FloatArray,
    lead: FloatArray,
    weight: FloatArray,
    counts: FloatArray,
    i: IntArray,
    j: IntArray,
) -> FloatArray:
    covariance = np.linalg.inv(information).astype(np.float64, copy=False)
    variance = _differences(covariance, i, j)
    gain = counts * order_gain(lead, variance)
    laplacian = np.zeros(covariance.shape)
    laplacian[:, i, j] = laplacian[:, j, i] = -gain
    index = np.arange(covariance.shape[1])
    laplacian[:, index, index] = -laplacian.sum(axis=2)
    spread = covariance @ laplacian @ covariance
    worth: FloatArray = weight * _differences(spread, i, j) / (1.0 + weight * variance)
    return worth


def _differences(form: FloatArray, i: IntArray, j: IntArray) -> FloatArray:
    """(R, pairs): (e_i - e_j)' form (e_i - e_j)."""
    own = np.diagonal(form, axis1=1, axis2=2)
    found: FloatArray = own[:, i] + own[:, j] - 2.0 * form[:, i, j]
    return found


def order_gain(lead: FloatArray, variance: FloatArray) -> FloatArray:
    """g of the module's text, up to a constant factor, which no choice depends on."""
    half, spread = np.abs(lead) / 2.0, np.sqrt(variance / 2.0)
    x = half / spread
    density = np.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)
    mean_size = spread * 2.0 * density + half * (1.0 - 2.0 * ndtr(-x))
    gain: FloatArray = np.exp(-lead * lead / (4.0 * variance)) * mean_size / variance**1.5
    return gain


def _expect(information: FloatArray, weight: FloatArray, i: IntArray, j: IntArray) -> None:
    """Add the information that verdicts on the pairs (R, K) will bring."""
    rows = np.arange(len(information))[:, None]
    np.add.at(information, (rows, i, i), weight)
    np.add.at(information, (rows, j, j), weight)
    np.add.at(information, (rows, i, j), -weight)
    np.add.at(information, (rows, j, i), -weight)
