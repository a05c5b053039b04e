"""From comparisons to evidence in a canonical form, and the counts that fits need."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tournaments.ratings.base import (
    BoolArray,
    Comparisons,
    FloatArray,
    IntArray,
    RatingError,
)
from tournaments.ratings.canonical import Columns, canonical_rows, hash_of, renumbered
from tournaments.ratings.checking import check

CHUNK = 2**18
"""Rows counted at once: their keys stay in the cache."""


def totals(index: IntArray, values: FloatArray, size: int) -> FloatArray:
    """(size,): what the values with each index add up to."""
    return np.bincount(index, values, size).astype(np.float64, copy=False)


@dataclass(frozen=True)
class Pairs:
    """The outcomes of each of U pairs that met, of `n` competitors: all that a fit needs.

    a, b: (U,) indices. outcomes: (U, 3) weights of wins of a, ties, wins of b.
    """

    n: int
    a: IntArray
    b: IntArray
    outcomes: FloatArray

    @cached_property
    def met(self) -> FloatArray:
        """(U,): how often each pair met."""
        met: FloatArray = self.outcomes.sum(axis=1)
        return met

    @cached_property
    def cell(self) -> IntArray:
        """(U,): the place of each pair in a table (M, M) that is read row by row."""
        return self.a * self.n + self.b

    def net(self, values: FloatArray) -> FloatArray:
        """(M,): what values (U,) add up to, for the first of a pair plus, for the second minus."""
        if len(self.a) < self.n**2:
            return totals(self.a, values, self.n) - totals(self.b, values, self.n)
        table = totals(self.cell, values, self.n**2).reshape(self.n, self.n)
        difference: FloatArray = table.sum(axis=1) - table.sum(axis=0)
        return difference

    def lead(self, theta: FloatArray) -> FloatArray:
        """(U,): theta (M,) of the first minus that of the second."""
        if len(self.a) < self.n**2:
            return theta[self.a] - theta[self.b]
        return (theta[:, None] - theta[None, :]).ravel()[self.cell]

    @cached_property
    def points(self) -> FloatArray:
        """(U,): points of a; a tie is half a point."""
        points: FloatArray = self.outcomes[:, 0] + self.outcomes[:, 1] / 2
        return points

    @cached_property
    def win_matrix(self) -> FloatArray:
        """(M, M): how often i beat j; a tie is half a win for each."""
        wins = np.zeros((self.n, self.n))
        wins[self.a, self.b] = self.outcomes[:, 0] + self.outcomes[:, 1] / 2
        wins[self.b, self.a] = self.outcomes[:, 2] + self.outcomes[:, 1] / 2
        return wins


def count_outcomes(
    a: NDArray[np.integer],
    b: NDArray[np.integer],
    outcome: NDArray[np.integer],
    n: int,
    weight: FloatArray | None = None,
) -> FloatArray:
    """(M, M, 3): how often (a, b) ended with outcome 0 (a wins), 1 (tie), 2 (b wins).

    Works through the rows in chunks, so memory does not grow with them.
    """
    size = 3 * n * n
    total = np.zeros(size, dtype=np.int64 if weight is None else np.float64)
    for start in range(0, len(a), CHUNK):
        rows = slice(start, start + CHUNK)
        key = a[rows].astype(np.int64)
        key *= n
        key += b[rows]
        key *= 3
        key += outcome[rows]
        total += np.bincount(key, None if weight is None else weight[rows], minlength=size)
    return total.astype(np.float64).reshape(n, n, 3)


def pairs_of(counts: FloatArray) -> Pairs:
    """The pairs that met, a < b, from counts (M, M, 3) in both presentations."""
    met = counts.any(axis=2)
    a, b = np.nonzero(np.triu(met | met.T, 1))
    return Pairs(len(counts), a, b, counts[a, b] + counts[b, a, ::-1])


@dataclass(frozen=True)
class Evidence:
    """Comparisons in a form that does not depend on how they were written down.

    Competitors are sorted by name, `a` is the first of the two by name, and rows are sorted by
    prompt, a, b, outcome and the other columns.

    names: the M competitors that were compared; unrated: the others. a, b: (N,) indices into
    `names`. outcome: (N,) 0 a wins, 1 tie, 2 b wins. prompt: (N,) from 0 to n_prompts - 1. The
    other columns are those of `Comparisons`, turned with a and b.
    data_hash: SHA-256 of names (compared or not) and rows, the same for any way to write them.
    """

    names: tuple[str, ...]
    unrated: tuple[str, ...]
    a: IntArray
    b: IntArray
    outcome: IntArray
    prompt: IntArray
    n_prompts: int
    data_hash: str
    judges: tuple[str, ...] = ()
    slices: tuple[str, ...] = ()
    columns: Columns = field(default_factory=dict)

    @property
    def score(self) -> FloatArray:
        """(N,) points of a."""
        return 1.0 - self.outcome / 2.0

    @property
    def weight(self) -> FloatArray | None:
        return self.floats("weight") if "weight" in self.columns else None

    def floats(self, name: str) -> FloatArray:
        """(N,) an optional column; RatingError when the comparisons came without it."""
        if name not in self.columns:
            raise RatingError(f"the comparisons came without the column {name!r}")
        return self.columns[name].astype(np.float64)

    def ints(self, name: str) -> IntArray:
        return self.floats(name).astype(np.int64)

    @cached_property
    def rater(self) -> IntArray | None:
        """(N,): people numbered from 0, -1 for nobody's; None with fewer than two of them."""
        if "rater" not in self.columns:
            return None
        people, index = np.unique(self.ints("rater"), return_inverse=True)
        nobody = int(people[:1].sum() < 0)
        return index - nobody if len(people) - nobody > 1 else None

    @cached_property
    def pairs(self) -> Pairs:
        n = len(self.names)
        return pairs_of(count_outcomes(self.a, self.b, self.outcome, n, self.weight))

    @cached_property
    def pair_of_row(self) -> IntArray:
        """(N,): which of `pairs` each row belongs to."""
        n = len(self.names)
        place = np.zeros(n * n, dtype=np.int64)
        place[self.pairs.a * n + self.pairs.b] = np.arange(len(self.pairs.a))
        found: IntArray = place[self.a * n + self.b]
        return found

    @cached_property
    def _tally(self) -> FloatArray:
        """(M, M, 3): unweighted counts."""
        return count_outcomes(self.a, self.b, self.outcome, len(self.names))

    def _ended(self, outcome: int, *, of_b: bool = False) -> FloatArray:
        rows: FloatArray = self._tally[:, :, outcome].sum(axis=0 if of_b else 1)
        return rows

    @property
    def wins(self) -> FloatArray:
        """(M,) rows won"""
        return self._ended(0) + self._ended(2, of_b=True)

    @property
    def losses(self) -> FloatArray:
        """(M,) rows lost"""
        return self._ended(2) + self._ended(0, of_b=True)

    @property
    def ties(self) -> FloatArray:
        """(M,) rows tied"""
        return self._ended(1) + self._ended(1, of_b=True)

    @property
    def undefeated(self) -> BoolArray:
        """(M,): who won every game."""
        return np.equal(self.losses + self.ties, 0)

    @property
    def winless(self) -> BoolArray:
        """(M,): who lost every game."""
        return np.equal(self.wins + self.ties, 0)

    def by_prompt(self, of_a: FloatArray, of_b: FloatArray) -> FloatArray:
        """(P, M): what the rows' a (values `of_a`, (N,)) and b (`of_b`) add up to by prompt."""
        n, size = len(self.names), self.n_prompts * len(self.names)
        sums = totals(self.prompt * n + self.a, of_a, size)
        sums += totals(self.prompt * n + self.b, of_b, size)
        return sums.reshape(self.n_prompts, n)

    @cached_property
    def level(self) -> BoolArray:
        """(M,): whether a competitor took the same share of its points on every prompt.

        It won everything, tied everything, or played on one prompt, say. Resampling prompts cannot
        show how uncertain such a result is: it is the same in every resample.
        """
        points = self.wins + self.ties / 2
        share = points / (self.wins + self.losses + self.ties)
        score = self.score
        excess = self.by_prompt(score - share[self.a], 1.0 - score - share[self.b])
        largest: FloatArray = np.abs(excess).max(axis=0)
        return largest < 1e-9


def gather(comparisons: Comparisons) -> Evidence:
    """Check the comparisons and bring them into canonical form.

    Raises ValueError for what `check` finds, naming the row.
    """
    check(comparisons)
    by_name = sorted(range(len(comparisons.competitors)), key=comparisons.competitors.__getitem__)
    names = [comparisons.competitors[i] for i in by_name]
    rank = np.argsort(np.array(by_name, dtype=np.int64))
    a, b, outcome, prompt, columns = canonical_rows(comparisons, rank)
    compared = np.flatnonzero(
        np.bincount(a, minlength=len(names)) + np.bincount(b, minlength=len(names))
    )
    place = np.zeros(len(names), dtype=np.int64)
    place[compared] = np.arange(len(compared))
    prompt_index, n_prompts = renumbered(prompt)
    met = set(compared.tolist())
    return Evidence(
        names=tuple(names[i] for i in compared),
        unrated=tuple(name for i, name in enumerate(names) if i not in met),
        a=place[a],
        b=place[b],
        outcome=outcome,
        prompt=prompt_index,
        n_prompts=n_prompts,
        data_hash=hash_of(comparisons, names, (prompt, a, b, outcome), columns),
        judges=comparisons.judges,
        slices=comparisons.slices,
        columns=columns,
    )
