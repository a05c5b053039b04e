"""Choosing rows of comparisons."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tournaments.ratings.base import OPTIONAL, BoolArray, Comparisons, RatingError


def rows_of(comparisons: Comparisons, rows: BoolArray) -> Comparisons:
    """Some of the rows (N,), with all columns."""
    columns = {
        name: getattr(comparisons, name) for name in ("a", "b", "score", "prompt", *OPTIONAL)
    }
    chosen: dict[str, Any] = {
        name: None if column is None else column[rows] for name, column in columns.items()
    }
    covariates = {name: column[rows] for name, column in comparisons.covariates.items()}
    return replace(comparisons, **chosen, covariates=covariates)


def against(comparisons: Comparisons, anchor: str) -> Comparisons:
    """Only the comparisons with the anchor; all when it is empty.

    RatingError when the anchor is unknown, or has no comparison though there are some.
    """
    if not anchor:
        return comparisons
    if anchor not in comparisons.competitors:
        raise RatingError(f"the anchor {anchor!r} is not among the competitors")
    place = comparisons.competitors.index(anchor)
    rows = (comparisons.a == place) | (comparisons.b == place)
    if len(rows) and not rows.any():
        raise RatingError(f"the anchor {anchor!r} has no comparison here")
    return rows_of(comparisons, rows)
