"""One board beside another: by category, by language, by tag."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from arena.models import Project
from arena.views.access import project_page
from tournaments.ratings.base import RatingRow, RatingTable
from tournaments.services import rating
from tournaments.views.shared import (
    Filter,
    asked,
    asked_tournament,
    filter_bar,
    scale_of,
    tournament_filter,
)

MOST = 8
"""Slices that fit beside each other, the best-known ones; the API has all."""


@require_safe
@project_page(tells_names=True)
def slices(request: HttpRequest, project: Project) -> HttpResponse:
    """The strengths on each kind of prompt, beside those on all."""
    tournament = asked_tournament(request, project)
    by = asked(request, ["by"])["by"] or rating.SLICED_BY[0]
    tables = rating.rate_slices(project=project, tournament=tournament, by=by)
    whole = rating.rate(project=project, tournament=tournament)
    shown = dict(list(tables.items())[:MOST])
    low, high = scale_of([*whole.rows, *(vars(row) for t in shown.values() for row in t.rows)])
    options = [(name, name) for name in rating.SLICED_BY]
    context = {
        "project": project,
        "tournament": tournament,
        "by": by,
        "filters": filter_bar(
            [tournament_filter(project, tournament), Filter("by", "Side by side", by, options)]
        ),
        "whole": whole,
        "slices": [Column.of(name, by, table) for name, table in shown.items()],
        "left_out": len(tables) - len(shown),
        "rows": _lines(whole.rows, shown.values()),
        "low": low,
        "high": high,
    }
    return render(request, "tournaments/slices.html", context)


@dataclass(frozen=True)
class Column:
    """A slice: what the board of it alone is asked for, and how far slices lie from the whole."""

    name: str
    filter: str
    n_comparisons: int
    n_prompts: int
    spread: float

    @classmethod
    def of(cls, name: str, by: str, table: RatingTable) -> Column:
        spread = table.settings["spread_of_slices"]
        return cls(name, by if name else "", table.n_comparisons, table.n_prompts, spread)


@dataclass(frozen=True)
class Line:
    """A competitor on all prompts and on each slice; None where it did not play."""

    whole: Mapping[str, Any]
    cells: list[RatingRow | None]


def _lines(rows: Sequence[Mapping[str, Any]], tables: Iterable[RatingTable]) -> list[Line]:
    by_name = [{row.competitor: row for row in table.rows} for table in tables]
    return [
        Line(row, [_rated(found.get(row["competitor"])) for found in by_name])
        for row in rows
        if row["rank"] is not None
    ]


def _rated(row: RatingRow | None) -> RatingRow | None:
    return row if row and row.rating is not None else None
