"""Comparisons in a form that does not depend on how they were written down.

Of two competitors the first by name is `a`; rows are sorted by prompt, a, b, outcome and the other
columns, and hashed.
"""

from __future__ import annotations

import hashlib
import json

import numpy as np
from numpy.typing import NDArray

from tournaments.ratings.base import OPTIONAL, BoolArray, Comparisons, IntArray

Columns = dict[str, NDArray[np.generic]]

_DENSE_PROMPTS = 8
"""Prompt numbers up to this many times the rows are renumbered by a table, others by sorting."""


def canonical_rows(
    comparisons: Comparisons, rank: IntArray
) -> tuple[IntArray, IntArray, IntArray, IntArray, Columns]:
    """Columns a, b, outcome, prompt and the optional ones, with a < b in rank, sorted."""
    a, b = rank[comparisons.a], rank[comparisons.b]
    turned = a > b
    won = np.rint(2.0 * comparisons.score).astype(np.int64)
    outcome = np.where(turned, won, 2 - won)
    a, b = np.minimum(a, b), np.maximum(a, b)
    n = max(len(rank), 1)
    columns = _turned(comparisons, turned)
    if comparisons.prompt.max(initial=0) >= 2**62 // (3 * n * n):
        rest = tuple(columns[name] for name in sorted(columns, reverse=True))
        rows = np.lexsort((*rest, outcome, b, a, comparisons.prompt))
        return a[rows], b[rows], outcome[rows], comparisons.prompt[rows], _at(columns, rows)
    # All that counts in a row is one number, and sorting numbers is ten times faster.
    key = ((comparisons.prompt * n + a) * n + b) * 3 + outcome
    if columns:
        rows = np.argsort(key)
        key, columns = key[rows], _at(columns, _settled(key[rows], rows, columns))
    else:
        key = np.sort(key)
    key, outcome = np.divmod(key, 3)
    key, b = np.divmod(key, n)
    prompt, a = np.divmod(key, n)
    return a, b, outcome, prompt, columns


def _settled(key: IntArray, rows: IntArray, columns: Columns) -> IntArray:
    """`rows`, which sort the keys, with those of one key in the order of their other columns."""
    same = key[1:] == key[:-1]
    if not same.any():
        return rows
    repeated = np.flatnonzero(np.append(same, False) | np.append(False, same))
    which = rows[repeated]
    rest = tuple(columns[name][which] for name in sorted(columns, reverse=True))
    rows[repeated] = which[np.lexsort((*rest, key[repeated]))]
    return rows


def _at(columns: Columns, rows: IntArray) -> Columns:
    return {name: column[rows] for name, column in columns.items()}


def _optional(comparisons: Comparisons) -> Columns:
    """The optional columns that are there."""
    columns: Columns = {
        name: column for name in OPTIONAL if (column := getattr(comparisons, name)) is not None
    }
    return columns | {f"covariates.{k}": v for k, v in comparisons.covariates.items()}


def _turned(comparisons: Comparisons, turned: BoolArray) -> Columns:
    """The optional columns as they read after a and b changed places in the rows `turned`."""
    columns = _optional(comparisons)
    sign = np.where(turned, -1, 1)
    for name, column in columns.items():
        if name == "first" or name.startswith("covariates."):
            columns[name] = column * sign + 0  # + 0 makes -0.0 the 0.0 that hashes the same
        elif name == "share":
            columns[name] = np.where(turned, 1.0 - column.astype(np.float64), column)
    return columns


def renumbered(prompt: IntArray) -> tuple[IntArray, int]:
    """Prompts numbered from 0 without gaps, in their order, and how many there are."""
    if prompt.max(initial=0) < _DENSE_PROMPTS * len(prompt):
        place = np.cumsum(np.bincount(prompt) > 0) - 1
        return place[prompt], int(place[-1]) + 1
    prompts, index = np.unique(prompt, return_inverse=True)
    return index, len(prompts)


def hash_of(
    comparisons: Comparisons, names: list[str], rows: tuple[IntArray, ...], columns: Columns
) -> str:
    """SHA-256 of the names, and of canonical rows with their columns."""
    head = {"names": names, "judges": comparisons.judges, "slices": comparisons.slices}
    digest = hashlib.sha256(json.dumps(head).encode() + b"\n")
    for column in rows:
        digest.update(column.astype("<i8").tobytes())
    for name in sorted(columns):
        digest.update(name.encode() + b"\n" + columns[name].astype("<f8").tobytes())
    return digest.hexdigest()
