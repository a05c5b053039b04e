"""From comparisons to evidence in a canonical form, and the counts that fits need."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from tournaments.ratings.base import Comparisons, FloatArray, IntArray

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class Evidence:
    """Comparisons in a form that does not depend on how they were written down.

    Competitors are sorted by name, `a` is the first of the two by name, and rows are sorted by
    prompt, a, b and score.

    names: the M competitors that were compared; unrated: the others. a, b: (N,) indices into
    `names`. score: (N,) points of a. prompt: (N,) indices from 0 to n_prompts - 1.
    data_hash: SHA-256 of names (compared or not) and rows, the same for any way to write them.
    """

    names: tuple[str, ...]
    unrated: tuple[str, ...]
    a: IntArray
    b: IntArray
    score: FloatArray
    prompt: IntArray
    n_prompts: int
    data_hash: str

    def totals(self, of_a: NDArray[np.generic], of_b: NDArray[np.generic]) -> FloatArray:
        """(M,): what the rows' a (values `of_a`, (N,)) and b (values `of_b`) add up to."""
        n = len(self.names)
        sums = np.bincount(self.a, of_a, n) + np.bincount(self.b, of_b, n)
        return sums.astype(np.float64)

    @cached_property
    def wins(self) -> FloatArray:
        """(M,)"""
        return self.totals(self.score == 1.0, self.score == 0.0)

    @cached_property
    def losses(self) -> FloatArray:
        """(M,)"""
        return self.totals(self.score == 0.0, self.score == 1.0)

    @cached_property
    def ties(self) -> FloatArray:
        """(M,)"""
        return self.totals(self.score == 0.5, self.score == 0.5)

    @property
    def undefeated(self) -> BoolArray:
        """(M,): who won every game."""
        return np.equal(self.losses + self.ties, 0)

    @property
    def winless(self) -> BoolArray:
        """(M,): who lost every game."""
        return np.equal(self.wins + self.ties, 0)

    @cached_property
    def prompt_wins(self) -> csr_array:
        """(P, M * M): row p is the flattened win matrix of prompt p, where a tie is half a win.

        Entry (i, j) of a win matrix says how often i beat j.
        """
        n = len(self.names)
        points = np.concatenate([self.score, 1.0 - self.score])
        cells = np.concatenate([self.a * n + self.b, self.b * n + self.a])
        prompts = np.concatenate([self.prompt, self.prompt])
        return csr_array((points, (prompts, cells)), shape=(self.n_prompts, n * n))

    @cached_property
    def win_matrix(self) -> FloatArray:
        """(M, M): the win matrix over all prompts."""
        n = len(self.names)
        return np.asarray(self.prompt_wins.sum(axis=0), dtype=np.float64).reshape(n, n)

    @cached_property
    def level(self) -> BoolArray:
        """(M,): whether a competitor took the same share of its points on every prompt.

        It won everything, tied everything, or played on one prompt, say. Resampling prompts cannot
        show how uncertain such a result is: it is the same in every resample.
        """
        n = len(self.names)
        points = self.wins + self.ties / 2
        share = points / (self.wins + self.losses + self.ties)
        rows_a, rows_b = self.prompt * n + self.a, self.prompt * n + self.b
        excess = np.bincount(rows_a, self.score - share[self.a], self.n_prompts * n)
        excess += np.bincount(rows_b, 1.0 - self.score - share[self.b], self.n_prompts * n)
        largest: FloatArray = np.abs(excess).reshape(self.n_prompts, n).max(axis=0)
        return largest < 1e-9


def gather(comparisons: Comparisons) -> Evidence:
    """Check the comparisons and bring them into canonical form.

    Raises ValueError for a name given twice and, naming the row, for a self-match, an index
    outside the competitors, a negative prompt and a score other than 0, 0.5 and 1.
    """
    _check(comparisons)
    by_name = sorted(range(len(comparisons.competitors)), key=comparisons.competitors.__getitem__)
    names = [comparisons.competitors[i] for i in by_name]
    rank = np.argsort(np.array(by_name, dtype=np.int64))
    a, b, score, prompt = _canonical_rows(comparisons, rank)
    compared = np.unique(np.concatenate([a, b]))
    prompts, prompt_index = np.unique(prompt, return_inverse=True)
    return Evidence(
        names=tuple(names[i] for i in compared),
        unrated=tuple(names[i] for i in np.setdiff1d(np.arange(len(names)), compared)),
        a=np.searchsorted(compared, a),
        b=np.searchsorted(compared, b),
        score=score,
        prompt=prompt_index,
        n_prompts=len(prompts),
        data_hash=_hash(names, a, b, score, prompt),
    )


def _canonical_rows(
    comparisons: Comparisons, rank: IntArray
) -> tuple[IntArray, IntArray, FloatArray, IntArray]:
    """Columns a, b, score, prompt with a < b in rank, sorted."""
    a, b = rank[comparisons.a], rank[comparisons.b]
    score = np.where(a < b, comparisons.score, 1.0 - comparisons.score)
    a, b = np.minimum(a, b), np.maximum(a, b)
    rows = np.lexsort((score, b, a, comparisons.prompt))
    return a[rows], b[rows], score[rows], comparisons.prompt[rows]


def _hash(names: list[str], a: IntArray, b: IntArray, score: FloatArray, prompt: IntArray) -> str:
    rows = np.column_stack([prompt, a, b, 2.0 * score]).astype("<i8")
    return hashlib.sha256(json.dumps(names).encode() + b"\n" + rows.tobytes()).hexdigest()


def _check(comparisons: Comparisons) -> None:
    names, a, b = comparisons.competitors, comparisons.a, comparisons.b
    if len(set(names)) < len(names):
        raise ValueError("a competitor is listed twice")
    if not len(a) == len(b) == len(comparisons.score) == len(comparisons.prompt):
        raise ValueError("the columns a, b, score and prompt differ in length")
    faults = {
        "a is not the index of a competitor": (a < 0) | (a >= len(names)),
        "b is not the index of a competitor": (b < 0) | (b >= len(names)),
        "a competitor meets itself": a == b,
        "the score is none of 0, 0.5 and 1": ~np.isin(comparisons.score, (0.0, 0.5, 1.0)),
        "the prompt is negative": comparisons.prompt < 0,
    }
    for fault, faulty in faults.items():
        if faulty.any():
            raise ValueError(f"row {int(np.argmax(faulty))}: {fault}")
