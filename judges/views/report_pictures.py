"""What the reports on judges draw: bars with intervals, a calibration curve, a heat map.

Bars are drawn in per cent of their width and their words are set beside them as text, so that they
can be read on a phone. The calibration curve is a small square drawing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from judges.stats.bootstrap import Estimate
from judges.stats.calibration import Calibration

SIZE = 300
LEFT = 44
BOTTOM = 40
TOP = 12
RIGHT = 16
FEW = 5
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
LEVELS = (0.0, 0.2, 0.4, 0.6, 0.8)
"""Where the shades of the heat map change: the customary bands of Landis & Koch (1977)."""


@dataclass(frozen=True)
class Bar:
    """One figure on a common scale: text, and places in per cent of the width.

    `apart`: the interval does not hold the reference line. `sentence` says it in words, `note` why
    there is no figure.
    """

    label: str
    text: str = ""
    interval: str = ""
    at: str = ""
    start: str = ""
    end: str = ""
    apart: bool = False
    sentence: str = ""
    note: str = ""
    link: str = ""


@dataclass(frozen=True)
class Scale:
    """Maps values to per cent of a bar's width; `line` is the place of the reference."""

    low: float
    high: float
    reference: float

    def percent(self, value: float) -> str:
        share = (value - self.low) / (self.high - self.low)
        return f"{100 * min(max(share, 0.0), 1.0):.2f}%"

    @property
    def line(self) -> str:
        return self.percent(self.reference)


def bar(
    label: str,
    found: Estimate | None,
    scale: Scale,
    *,
    text: str = "",
    interval: str = "",
    sentence: str = "",
    note: str = "",
    link: str = "",
) -> Bar:
    """A bar for an estimate; without one it is its label and the note."""
    if found is None:
        return Bar(label, note=note, link=link)
    low, high = ends(found)
    return Bar(
        label=label,
        text=text,
        interval=interval,
        at=scale.percent(found.value),
        start=scale.percent(low),
        end=scale.percent(high),
        apart=found.low is not None and not low <= scale.reference <= high,
        sentence=sentence,
        link=link,
    )


def ends(found: Estimate) -> tuple[float, float]:
    """The ends of the interval; where there is none, the value itself."""
    low = found.value if found.low is None else found.low
    high = found.value if found.high is None else found.high
    return low, high


@dataclass(frozen=True)
class Point:
    """A bin of the calibration curve, in pixels."""

    x: float
    y: float
    low: float
    high: float
    radius: float
    text: str


@dataclass(frozen=True)
class Curve:
    """All that `judges/report_calibration.html` draws."""

    size: int
    left: int
    right: int
    top: int
    bottom: int
    points: tuple[Point, ...]
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    ideal: tuple[float, float]

    @property
    def path(self) -> str:
        return " ".join(f"{point.x},{point.y}" for point in self.points)


def curve(found: Calibration) -> Curve:
    """Confidence from 50 to 100 % to the right, how often it was right from 0 to 100 % upwards.

    Bins of fewer than `FEW` comparisons are left out: a single one would be a peak of the curve.
    """
    drawn = [item for item in found.bins if item.right.n >= FEW]
    largest = max((item.right.n for item in drawn), default=1)
    points = []
    for item in drawn:
        low, high = ends(item.right)
        said, came = f"{100 * item.confidence:.0f}", f"{100 * item.right.value:.0f}"
        points.append(
            Point(
                _x(item.confidence), _y(item.right.value), _y(low), _y(high),
                radius=round(3.0 + 5.0 * (item.right.n / largest) ** 0.5, 1),
                text=f"{said} % sure, right in {came} % of {item.right.n}",
            )
        )  # fmt: skip
    return Curve(
        size=SIZE,
        left=LEFT,
        right=SIZE - RIGHT,
        top=TOP,
        bottom=SIZE - BOTTOM,
        points=tuple(points),
        x_ticks=tuple((_x(tick), f"{100 * tick:.0f}") for tick in (0.5, 0.75, 1.0)),
        y_ticks=tuple((_y(tick), f"{100 * tick:.0f}") for tick in TICKS),
        ideal=(_y(0.5), _y(1.0)),
    )


def _x(confidence: float) -> float:
    share = (confidence - 0.5) / 0.5
    return round(LEFT + share * (SIZE - LEFT - RIGHT), 1)


def _y(share: float) -> float:
    return round(SIZE - BOTTOM - share * (SIZE - TOP - BOTTOM), 1)


def shade(value: float) -> int:
    """The shade of a cell of the heat map, from 0 (no more than chance) to 5 (nearly the same)."""
    return sum(value >= level + 1e-12 for level in LEVELS)


def widest(found: Iterable[Estimate | None], least: float) -> float:
    """How far the intervals reach from zero, at least `least`; rounded up to a tenth."""
    reach = [abs(end) for item in found if item for end in ends(item)]
    return min(1.0, max([least, *(int(10 * value + 0.999) / 10 for value in reach)]))
