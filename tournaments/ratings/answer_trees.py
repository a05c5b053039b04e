"""The likelihood of comparisons on prompts whose answers vary, integrated over the answers exactly.

On each prompt the comparisons must form no circle. Then what is known of an answer travels as
messages along the comparisons (belief propagation on a tree; Pearl, 1982), over the points of a
Gauss-Hermite quadrature: one pass up from the leaves gives the likelihood, one pass back down its
derivatives. What a comparison says depends on who met and how it ended alone, so the tables of
chances are made once for each such kind, however many comparisons there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tournaments.ratings.base import BoolArray, FloatArray, IntArray, RatingError
from tournaments.ratings.counts import Evidence

_POINTS = 11
_ROWS_AT_ONCE = 20_000


@dataclass(frozen=True)
class _Level:
    """Comparisons that can send their message at once, from an answer that has all its own.

    kind: (E,) index into the tree's kinds. child, parent: (E,) answers, no parent twice.
    """

    kind: IntArray
    child: IntArray
    parent: IntArray


@dataclass(frozen=True)
class Trees:
    """The comparisons of some prompts: levels, leaves first, and where the trees end.

    child, parent: (K,) the two competitors of each kind of comparison. points: (K,) of the child.
    prompt, competitor: (A,) of each answer. roots: answers.
    """

    child: IntArray
    parent: IntArray
    points: FloatArray
    prompt: IntArray
    competitor: IntArray
    levels: list[_Level]
    roots: IntArray


def trees_of(evidence: Evidence) -> Iterator[Trees]:
    """All prompts, some at a time; RatingError when the comparisons of one form a circle."""
    start, n = 0, len(evidence.a)
    while start < n:
        end = min(start + _ROWS_AT_ONCE, n)
        while end < n and evidence.prompt[end] == evidence.prompt[end - 1]:
            end += 1
        yield _trees(evidence, slice(start, end))
        start = end


def log_likelihood(
    trees: list[Trees], n_prompts: int, alpha: FloatArray, sigma: float, nu: float = 0.0
) -> tuple[float, FloatArray]:
    """The log-likelihood, and (P, M + 2) its derivatives by prompt.

    They are by strengths, log sigma and log nu. alpha: (M,) log-strengths. sigma: the standard
    deviation of an answer about its competitor. nu: Davidson's (1970) tie parameter, 0 where
    there are no ties.
    """
    scores = np.zeros((n_prompts, len(alpha) + 2))
    value = sum(_Messages(part, alpha, sigma, nu).add_to(scores) for part in trees)
    return float(value), scores


def win_tie_loss(lead: FloatArray, nu: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Chances by Davidson's model: as exp(lead / 2) : nu : exp(-lead / 2)."""
    ratio = np.exp(-np.abs(lead) / 2)
    larger = 1.0 / (1.0 + ratio * nu + ratio**2)
    ahead, tied, smaller = lead >= 0.0, ratio * nu * larger, ratio**2 * larger
    return np.where(ahead, larger, smaller), tied, np.where(ahead, smaller, larger)


def quadrature(n: int) -> tuple[FloatArray, FloatArray]:
    """Points and weights for the mean over a standard normal variable."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(n)
    return nodes, weights / weights.sum()


def _trees(evidence: Evidence, rows: slice) -> Trees:
    """Take off leaves, level by level, until nothing is left."""
    m = len(evidence.names)
    prompt, n = evidence.prompt[rows], len(evidence.a[rows])
    both = np.concatenate([prompt * m + evidence.a[rows], prompt * m + evidence.b[rows]])
    answers, place = np.unique(both, return_inverse=True)
    ends = np.stack([place[:n], place[n:]])
    points_of_a = evidence.score[rows]
    degree, left = np.bincount(place), np.arange(n)
    found: list[tuple[IntArray, IntArray, FloatArray]] = []
    while len(left):
        a, b = ends[:, left]
        from_a = degree[a] == 1
        chosen = _one_a_parent(np.where(from_a, b, a), from_a | (degree[b] == 1))
        if not chosen.any():
            raise RatingError(
                "with effects of answers, the comparisons of a prompt must form no circle"
                " (as in a knock-out or a chain)"
            )
        up = from_a[chosen]
        child = np.where(up, a[chosen], b[chosen])
        parent = np.where(up, b[chosen], a[chosen])
        points = points_of_a[left[chosen]]
        found.append((child, parent, np.where(up, points, 1.0 - points)))
        degree[child] -= 1
        degree[parent] -= 1
        left = left[~chosen]
    return _with_kinds(answers // m, answers % m, found, m)


def _with_kinds(
    prompt: IntArray,
    competitor: IntArray,
    found: list[tuple[IntArray, IntArray, FloatArray]],
    m: int,
) -> Trees:
    """Number the kinds of comparisons: who met, and how it ended."""
    child, parent, points = (np.concatenate(column) for column in zip(*found, strict=True))
    key = (competitor[child] * m + competitor[parent]) * 3 + np.rint(2.0 * points).astype(np.int64)
    kinds, kind = np.unique(key, return_inverse=True)
    ends = np.cumsum([len(level[0]) for level in found])[:-1]
    pair, twice = np.divmod(kinds, 3)
    return Trees(
        child=pair // m,
        parent=pair % m,
        points=twice / 2.0,
        prompt=prompt,
        competitor=competitor,
        levels=[
            _Level(its, *level[:2]) for its, level in zip(np.split(kind, ends), found, strict=True)
        ],
        roots=np.setdiff1d(parent, child),
    )


def _one_a_parent(parent: IntArray, leaf: BoolArray) -> BoolArray:
    """Of the comparisons with a leaf, the first for each parent."""
    places = np.flatnonzero(leaf)
    _, first = np.unique(parent[places], return_index=True)
    chosen = np.zeros(len(leaf), dtype=bool)
    chosen[places[first]] = True
    return chosen


class _Messages:
    """Messages up to the roots and back, as logarithms at the points of the quadrature."""

    def __init__(self, trees: Trees, alpha: FloatArray, sigma: float, nu: float) -> None:
        self.trees, self.sigma = trees, sigma
        self.nodes, self.weights = quadrature(_POINTS)
        lead = alpha[trees.child] - alpha[trees.parent]
        apart = sigma * (self.nodes[:, None] - self.nodes[None, :])
        won, tied, lost = win_tie_loss(lead[:, None, None] + apart, nu)
        points = trees.points[:, None, None]
        # (K, child's points, parent's points): of the result, and its derivatives
        self.likelihood = np.where(points == 1.0, won, np.where(points == 0.0, lost, tied))
        self.slope = self.likelihood * (points - won - tied / 2)
        self.by_tie = self.likelihood * ((points == 0.5) - tied)
        self.said = np.zeros((len(trees.prompt), _POINTS))

    def add_to(self, scores: FloatArray) -> float:
        """Add the derivatives of each prompt to `scores`; the log-likelihood."""
        sent = []
        for level in self.trees.levels:
            known = self.said[level.child]
            message = np.log(_through(self._belief(known), self.likelihood[level.kind]))
            message += known.max(axis=1, keepdims=True)
            self.said[level.parent] += message
            sent.append(message)
        ends = self.said[self.trees.roots]
        top = ends.max(axis=1, keepdims=True)
        value = float((np.log(np.exp(ends - top) @ self.weights) + top[:, 0]).sum())
        for level, message in zip(self.trees.levels[::-1], sent[::-1], strict=True):
            self._back(level, message, scores)
        return value

    def _back(self, level: _Level, message: FloatArray, scores: FloatArray) -> None:
        """From what is known of the parent without this comparison, to the child."""
        above = self._belief(self.said[level.parent] - message)
        below = self._belief(self.said[level.child])
        down = _through(above, self.likelihood[level.kind].transpose(0, 2, 1))
        slope = self.slope[level.kind].transpose(0, 2, 1)
        by_child, by_parent = _through(above, slope), _through(above * self.nodes, slope)
        chance = (below * down).sum(axis=1)
        by_lead = (below * by_child).sum(axis=1) / chance
        apart = (below * (self.nodes * by_child - by_parent)).sum(axis=1) / chance
        prompt, competitor = self.trees.prompt[level.child], self.trees.competitor
        np.add.at(scores, (prompt, competitor[level.child]), by_lead)
        np.add.at(scores, (prompt, competitor[level.parent]), -by_lead)
        np.add.at(scores[:, -2], prompt, self.sigma * apart)
        by_tie = _through(above, self.by_tie[level.kind].transpose(0, 2, 1))
        np.add.at(scores[:, -1], prompt, (below * by_tie).sum(axis=1) / chance)
        self.said[level.child] += np.log(down)

    def _belief(self, logs: FloatArray) -> FloatArray:
        belief: FloatArray = np.exp(logs - logs.max(axis=1, keepdims=True)) * self.weights
        return belief


def _through(belief: FloatArray, tables: FloatArray) -> FloatArray:
    """(E, to): beliefs (E, from) through tables (E, from, to)."""
    sent: FloatArray = np.einsum("ef,eft->et", belief, tables)
    return sent
