"""Faults of comparisons that no fit may pass over, found row by row."""

from __future__ import annotations

import numpy as np

from tournaments.ratings.base import OPTIONAL, BoolArray, Comparisons

HEAVIEST = 1e9
"""A weight counts games; with more the digits of a fit run out."""


def check(comparisons: Comparisons) -> None:
    """Raise ValueError, naming the row, for what cannot be a comparison.

    Names given twice, columns of different length, an index outside its names, a self-match, a
    negative prompt, a score other than 0, 0.5 and 1, a weight that is not a positive number, an
    order other than -1, 0 and 1, a rater below -1, a share outside 0 to 1, a
    clarity that is not above 0 and up to 1 (NaN is none), a covariate that is not a finite number.
    """
    if len(set(comparisons.competitors)) < len(comparisons.competitors):
        raise ValueError("a competitor is listed twice")
    _check_lengths(comparisons)
    faults = {**_faults(comparisons), **_optional_faults(comparisons)}
    for fault, faulty in faults.items():
        if faulty.any():
            raise ValueError(f"row {int(np.argmax(faulty))}: {fault}")


def _check_lengths(comparisons: Comparisons) -> None:
    if (
        not len(comparisons.a)
        == len(comparisons.b)
        == len(comparisons.score)
        == len(comparisons.prompt)
    ):
        raise ValueError("the columns a, b, score and prompt differ in length")
    optional = {name: getattr(comparisons, name) for name in OPTIONAL} | dict(
        comparisons.covariates
    )
    for name, column in optional.items():
        if column is not None and len(column) != len(comparisons.a):
            raise ValueError(f"the column {name} differs in length from a")


def _faults(comparisons: Comparisons) -> dict[str, BoolArray]:
    n, a, b, score = (
        len(comparisons.competitors),
        comparisons.a,
        comparisons.b,
        comparisons.score,
    )
    return {
        "a is not the index of a competitor": (a < 0) | (a >= n),
        "b is not the index of a competitor": (b < 0) | (b >= n),
        "a competitor meets itself": a == b,
        "the score is none of 0, 0.5 and 1": ~((score == 0.0) | (score == 0.5) | (score == 1.0)),
        "the prompt is negative": comparisons.prompt < 0,
    }


def _optional_faults(comparisons: Comparisons) -> dict[str, BoolArray]:
    found: dict[str, BoolArray] = {}
    if (weight := comparisons.weight) is not None:
        found["the weight is not a positive number"] = ~((weight > 0) & np.isfinite(weight))
        found[f"the weight is above {HEAVIEST:,.0f}"] = weight > HEAVIEST
    if (first := comparisons.first) is not None:
        found["the order is none of -1, 0 and 1"] = np.abs(first) > 1
    if (rater := comparisons.rater) is not None:
        found["the rater is below -1"] = rater < -1
    if (share := comparisons.share) is not None:
        found["the share is not between 0 and 1"] = (share < 0) | (share > 1)
    if (clarity := comparisons.clarity) is not None:
        found["the clarity is not above 0 and up to 1"] = (clarity <= 0) | (clarity > 1)
    for name, known in (("judge", comparisons.judges), ("slice", comparisons.slices)):
        if (column := getattr(comparisons, name)) is not None:
            found[f"{name} is not the index of a {name}"] = (column < 0) | (column >= len(known))
    for name, values in comparisons.covariates.items():
        found[f"the covariate {name} is not a finite number"] = ~np.isfinite(values)
    return found
