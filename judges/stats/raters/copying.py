"""Do two accounts agree more than the answers make any two raters agree?

What is left of each vote after the strengths of the competitors is multiplied over the items that
two raters share. Honest raters' leftovers agree too, since they saw the same answers: by a common
amount, which is found from all pairs and scaled by how much each rater agrees with the field. A
pair that agrees more often than that, by an exact binomial test, is one person with two accounts,
or two that vote together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.special import expit

from judges.stats.bootstrap import FloatArray, IntArray
from judges.stats.raters.field import Field
from judges.stats.raters.sides import above

LEAST = 10
"""Items two raters must share, both naming a side, to be compared."""

_MIDDLE = 0.15
_LEAST_USUAL, _MOST = 0.05, 0.6


@dataclass(frozen=True)
class Copies:
    """Accounts that vote alike. raters: indices. p: of the clearest pair, corrected for all pairs.
    shared, same: items that this pair shares, and how many of them they decided alike."""

    raters: IntArray
    p: float
    shared: int
    same: int


def copies(field: Field, spread: float, level: float) -> list[Copies]:
    """Groups of accounts linked by pairs significant at `level`, corrected for all pairs.

    spread: of honest tastes; two raters may happen to have the very same ones.
    """
    shared, agreeing, product, doubt = _pairs(field)
    one, two = np.nonzero(np.triu(shared >= LEAST, 1))
    if not len(one):
        return []
    usual = np.minimum(_usual(shared, product)[one, two] + spread**2 / 2, _MOST)
    n, same = shared[one, two], np.round(agreeing[one, two])
    # A binomial of the mean chance has heavier tails than the sum of different ones (Hoeffding).
    chance = 1.0 - 2.0 * (1.0 - usual) * doubt[one, two] / n
    p = np.minimum(1.0, above(same, n, chance) * len(one))
    linked = p <= level
    size = len(shared)
    graph = csr_array((np.ones(int(linked.sum())), (one[linked], two[linked])), shape=(size, size))
    _, part = connected_components(graph, directed=False)
    groups = []
    for label in np.unique(part[one[linked]]):
        inside = linked & (part[one] == label)
        best = int(np.flatnonzero(inside)[p[inside].argmin()])
        counts = int(n[best]), int(same[best])
        groups.append(Copies(np.flatnonzero(part == label), float(p[best]), *counts))
    return sorted(groups, key=lambda group: group.p)


def _pairs(field: Field) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """(R, R) items shared, decided alike, sum of products of leftovers, and sum of p (1 - p)."""
    votes, sided = field.votes, field.sided
    sign = np.where(votes.turned, -1.0, 1.0)
    # Near-certain results would make one surprise outweigh everything.
    chance = np.clip(expit(field.strength), _MIDDLE, 1 - _MIDDLE)
    variance = chance * (1 - chance)
    left = sign * (field.won - chance) / np.sqrt(variance)
    shape = votes.raters, votes.items
    place = votes.rater[sided], votes.item[sided]
    seen, said, rest, open_ = (
        csr_array((column[sided], place), shape=shape)
        for column in (np.ones(len(sign)), sign * (field.won - 0.5) * 2, left, variance)
    )
    shared = (seen @ seen.T).toarray()
    agreeing = (shared + (said @ said.T).toarray()) / 2
    doubt = (open_ @ seen.T).toarray()
    return shared, agreeing, (rest @ rest.T).toarray(), (doubt + doubt.T) / 2


def _usual(shared: FloatArray, product: FloatArray) -> FloatArray:
    """(R, R) the mean product of leftovers of two honest raters.

    That of all pairs, times how much more than usual either agrees with all: at most twice, so
    that an account does not excuse its own copy.
    """
    off = ~np.eye(len(shared), dtype=bool)
    n, total = shared * off, product * off
    common = max(float(total.sum()) / max(float(n.sum()), 1.0), _LEAST_USUAL)
    # As if each rater had shared fifty items more with the usual outcome.
    own = (total.sum(axis=1) + 50 * common) / (n.sum(axis=1) + 50)
    scale = np.clip(own / common, 0.5, 2.0)
    usual: FloatArray = np.minimum(common * scale[:, None] * scale[None, :], _MOST)
    return usual
