"""What a rating method is given and what it answers: `rate(comparisons) -> RatingTable`.

Ratings are refitted from all judgments, never incremented in place. Numpy and scipy, no Django.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from arena.common.plugins import Params

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

ELO_SCALE = 400.0 / np.log(10.0)
"""Elo points per unit of the natural-log Bradley-Terry coefficient."""

CENTRE = 1000.0
"""Mean rating of the field."""


@dataclass(frozen=True)
class Comparisons:
    """Decided comparisons as columns of length N, in any order.

    competitors: names, index = id used in `a` and `b`; those without a comparison are listed too.
    a, b: indices of the two competitors. score: 1.0 a wins, 0.5 tie (or both bad), 0.0 b wins.
    prompt: cluster index; comparisons on one prompt are dependent.

    What only some methods read may be None:
    weight: how often the row counts (default 1). first: 1 where a was shown first, -1 where b was,
    0 where both orders were judged or the order is not known. judge: index into `judges`. rater:
    a number for the person whose verdict it is, -1 where it is no single person's; verdicts of one
    person are dependent. share: the judge's probability that a is better, from 0 to 1, NaN where
    it gave none. surrogate: the verdict is a statistical model's prediction. slice: index into
    `slices`. covariates: named differences, a's value minus b's.
    """

    competitors: tuple[str, ...]
    a: IntArray
    b: IntArray
    score: FloatArray
    prompt: IntArray
    weight: FloatArray | None = None
    first: IntArray | None = None
    judge: IntArray | None = None
    judges: tuple[str, ...] = ()
    rater: IntArray | None = None
    share: FloatArray | None = None
    clarity: FloatArray | None = None
    surrogate: BoolArray | None = None
    slice: IntArray | None = None
    slices: tuple[str, ...] = ()
    covariates: Mapping[str, FloatArray] = field(default_factory=dict)


OPTIONAL = ("weight", "first", "judge", "rater", "share", "clarity", "surrogate", "slice")
"""The columns of `Comparisons` that may be None."""


@dataclass(frozen=True)
class RatingRow:
    """One competitor, on the scale of its method; None where nothing can be said.

    tier: competitors of one tier cannot be told apart from its best one, at the table's
    confidence for all pairs at once.
    """

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
    tier: int | None = None


@dataclass(frozen=True)
class Effect:
    """Something estimated beside the strengths: of style, order, a judge, ties.

    value: in natural-log odds unless `meaning` says otherwise; ci None where it has no interval.
    """

    name: str
    value: float
    ci_low: float | None
    ci_high: float | None
    meaning: str


@dataclass(frozen=True)
class RatingTable:
    """An immutable fit: rows best first, with the settings and the data that made it.

    data_hash: SHA-256 of the comparisons. components: groups of competitors that met, directly or
    through others; more than one means that the order across groups rests on the prior alone.
    variances: (R, R) of the difference of the ratings of two of the R rated rows, in their order;
    with the ratings it gives P(above). rounds: iterations of the fit, 0 where there are none.
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
    effects: tuple[Effect, ...] = ()
    rounds: int = 0
    variances: FloatArray = field(
        default_factory=lambda: np.empty((0, 0)), compare=False, repr=False
    )


class RatingMethod(Protocol):
    """A rating method, stored as name + params.

    columns: the optional columns of `Comparisons` that it reads with these params, covariates as
    "covariates.NAME".
    """

    label: ClassVar[str]
    description: ClassVar[str]
    Params: ClassVar[type[Params]]

    params: Any

    def __init__(self, params: Any) -> None: ...

    @property
    def columns(self) -> frozenset[str]: ...

    def rate(self, comparisons: Comparisons) -> RatingTable:
        """Fit all competitors. Raises RatingError when the data do not allow it."""
        ...


class RatingError(Exception):
    """A fit that did not converge or cannot be had; says what is missing."""
