"""Comparisons for tests: written down by name, or drawn from known strengths."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import expit

from tournaments.ratings.base import ELO_SCALE, Comparisons, RatingTable
from tournaments.ratings.counts import Pairs

SHARED_DATA = Path(
    os.environ.get("ARENA_SHARED_DATA", Path(__file__).parents[3] / "../shared/data")
)
"""Published results to check against; not part of the repository."""

CASES = SHARED_DATA / "bt_reference" / "cases"

Row = tuple[str, str, float, int]
"""(a, b, points of a, prompt)"""


def comparisons(rows: Iterable[Row], names: Sequence[str] | None = None) -> Comparisons:
    rows = list(rows)
    names = names or sorted({name for row in rows for name in row[:2]})
    index = {name: i for i, name in enumerate(names)}
    return Comparisons(
        competitors=tuple(names),
        a=np.array([index[row[0]] for row in rows], dtype=np.int64),
        b=np.array([index[row[1]] for row in rows], dtype=np.int64),
        score=np.array([row[2] for row in rows], dtype=np.float64),
        prompt=np.array([row[3] for row in rows], dtype=np.int64),
    )


def drawn_rows(
    theta: Sequence[float], prompts: int, ties: float = 0.2, seed: int = 0, share: float = 1.0
) -> list[Row]:
    """A round robin per prompt (of which `share` was played) between c0, c1, ... ."""
    rng = np.random.default_rng(seed)
    rows: list[Row] = []
    for prompt in range(prompts):
        for i in range(len(theta)):
            for j in range(i):
                if rng.random() > share:
                    continue
                score = float(rng.random() < expit(theta[i] - theta[j]))
                score = 0.5 if rng.random() < ties else score
                rows.append((f"c{i}", f"c{j}", score, prompt))
    return rows


def knock_out(theta: np.ndarray, prompts: int, sigma: float, seed: int) -> list[Row]:
    """A bracket per prompt, whose answers vary by sigma about their competitor."""
    rng, rows = np.random.default_rng(seed), []
    for prompt in range(prompts):
        strength = theta + sigma * rng.standard_normal(len(theta))
        field = rng.permutation(len(theta))
        while len(field) > 1:
            a, b = field[0::2], field[1::2]
            won = rng.random(len(a)) < expit(strength[a] - strength[b])
            rows += [(f"c{i}", f"c{j}", float(w), prompt)
                     for i, j, w in zip(a, b, won, strict=True)]  # fmt: skip
            field = np.where(won, a, b)
    return rows


TREES: list[Row] = [
    ("c0", "c1", 1.0, 0), ("c2", "c3", 0.0, 0), ("c0", "c3", 1.0, 0),
    ("c1", "c0", 0.5, 1), ("c1", "c2", 0.0, 1), ("c1", "c3", 1.0, 1),
]  # fmt: skip
"""Comparisons without a circle, one of them a tie."""


def with_all_columns(data: Comparisons, seed: int = 0) -> Comparisons:
    """The same comparisons with everything that a method may ask for, drawn at random."""
    rng = np.random.default_rng(seed)
    n = len(data.a)
    names = ("length", "headers", "lists", "bold", "characters")
    return replace(
        data,
        first=rng.choice([-1, 1], n),
        judge=rng.integers(0, 2, n),
        judges=("x", "y"),
        surrogate=np.zeros(n, dtype=bool),
        covariates={name: rng.normal(size=n) for name in names},
        rater=rng.integers(-1, 20, n),
    )


def win_matrix(data: Comparisons) -> np.ndarray:
    wins = np.zeros((len(data.competitors),) * 2)
    for a, b, score in zip(data.a, data.b, data.score, strict=True):
        wins[a, b] += score
        wins[b, a] += 1.0 - score
    return wins


def pairs_from(rows: Iterable[tuple[int, int, float, float, float]], n: int) -> Pairs:
    """From (i, j, wins of i, wins of j, ties), pairs in any order and more than once."""
    outcomes: dict[tuple[int, int], np.ndarray] = {}
    for i, j, won, lost, tied in rows:
        key, counts = ((i, j), (won, tied, lost)) if i < j else ((j, i), (lost, tied, won))
        outcomes[key] = outcomes.get(key, np.zeros(3)) + counts
    a, b = (np.array(column) for column in zip(*sorted(outcomes), strict=True))
    return Pairs(n, a, b, np.array([outcomes[key] for key in sorted(outcomes)]))


def on_elo_scale(theta: np.ndarray) -> np.ndarray:
    return 1000.0 + ELO_SCALE * (theta - theta.mean())


def ratings(table: RatingTable, names: Sequence[str]) -> np.ndarray:
    found = {row.competitor: row.rating for row in table.rows}
    return np.array([found[name] for name in names])


def published(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((CASES / f"{name}.json").read_text())
    return found
