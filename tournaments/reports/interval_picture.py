"""The same chart as a static SVG, for documents that run no script (mail, print)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

WIDTH = 720
ROW_HEIGHT = 30
LABELS = 210
RIGHT = 24
AXIS = 34
MAX_LABEL = 30
TICKS = 5


@dataclass(frozen=True)
class Mark:
    """One row of the picture, in pixels."""

    label: str
    y: float
    low: float
    dot: float
    high: float
    rating: str


@dataclass(frozen=True)
class Picture:
    """All that the template `tournaments/interval_picture.svg` draws."""

    width: int
    height: int
    plot_left: int
    plot_bottom: int
    marks: tuple[Mark, ...]
    ticks: tuple[tuple[float, str], ...]


def picture(rows: list[Mapping[str, Any]]) -> Picture:
    """Lay out the rated rows, best on top."""
    rated = [row for row in rows if row["rating"] is not None]
    lows = [row["ci_low"] for row in rated] or [950.0]
    highs = [row["ci_high"] for row in rated] or [1050.0]
    span = max(max(highs) - min(lows), 1.0)
    left, right = min(lows) - 0.04 * span, max(highs) + 0.04 * span

    def x(value: float) -> float:
        share = (value - left) / (right - left)
        return round(float(LABELS + share * (WIDTH - LABELS - RIGHT)), 1)

    marks = tuple(
        Mark(
            label=_shorten(row["competitor"]),
            y=ROW_HEIGHT * (index + 0.5),
            low=x(row["ci_low"]),
            dot=x(row["rating"]),
            high=x(row["ci_high"]),
            rating=f"{row['rating']:.0f}",
        )
        for index, row in enumerate(rated)
    )
    values = _round_values(left, right)
    bottom = ROW_HEIGHT * len(rated)
    ticks = tuple((x(value), f"{value:.0f}") for value in values)
    return Picture(WIDTH, bottom + AXIS, LABELS, bottom, marks, ticks)


def _round_values(left: float, right: float) -> list[float]:
    """Up to `TICKS` round values between the ends."""
    step = next(
        number * 10**power
        for power in range(12)
        for number in (1, 2, 5)
        if (right - left) / (number * 10**power) <= TICKS
    )
    return [float(n * step) for n in range(math.ceil(left / step), math.floor(right / step) + 1)]


def _shorten(name: str) -> str:
    return name if len(name) <= MAX_LABEL else name[: MAX_LABEL - 1] + "…"
