"""Comparisons for tests: written down by name, or drawn from known strengths."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from scipy.special import expit

from tournaments.ratings.base import Comparisons

SHARED_DATA = Path(
    os.environ.get("ARENA_SHARED_DATA", Path(__file__).parents[3] / "../shared/data")
)
"""Published results to check against; not part of the repository."""

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
