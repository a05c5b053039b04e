"""What a rating method is given and what it answers: `rate(comparisons) -> RatingTable`.

Ratings are refitted from all judgments, never incremented in place. Numpy and scipy, no Django.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from arena.common.plugins import Params

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

ELO_SCALE = 400.0 / np.log(10.0)
"""Elo points per unit of the natural-log Bradley-Terry coefficient."""

CENTRE = 1000.0
"""Mean rating of the field."""


@dataclass(frozen=True)
class Comparisons:
    """Decided comparisons as columns of length N.

    competitors: names, index = id used in `a` and `b`; those without a comparison are listed too.
    a, b: indices of the two competitors. score: 1.0 a wins, 0.5 tie (or both bad), 0.0 b wins.
    prompt: cluster index; comparisons on one prompt are dependent. Rows are in a fixed order.
    """

    competitors: tuple[str, ...]
    a: IntArray
    b: IntArray
    score: FloatArray
    prompt: IntArray


@dataclass(frozen=True)
class RatingRow:
    """One competitor. Ratings are on the Elo scale; None where nothing can be said."""

    competitor: str
    rank: int | None
    rank_low: int | None
    rank_high: int | None
    rating: float | None
    ci_low: float | None
    ci_high: float | None
    wins: int
    losses: int
    ties: int
    comparisons: int
    note: str = ""


@dataclass(frozen=True)
class RatingTable:
    """An immutable fit: rows best first, with the settings and the data that made it.

    data_hash: SHA-256 of the comparisons. components: groups of competitors that met, directly or
    through others; more than one means that the order across groups rests on the prior alone.
    """

    method: str
    settings: Mapping[str, Any]
    rows: tuple[RatingRow, ...]
    n_comparisons: int
    n_prompts: int
    components: tuple[tuple[str, ...], ...]
    warnings: tuple[str, ...]
    data_hash: str
    converged: bool


class RatingMethod(Protocol):
    """A rating method, stored as name + params."""

    label: ClassVar[str]
    description: ClassVar[str]
    Params: ClassVar[type[Params]]

    params: Any

    def __init__(self, params: Any) -> None: ...

    def rate(self, comparisons: Comparisons) -> RatingTable:
        """Fit all competitors. Raises RatingError when the fit does not converge."""
        ...


class RatingError(Exception):
    """A fit that did not converge; never returned as if it had."""
