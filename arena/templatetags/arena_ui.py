"""Template filters and tags: how Arena writes numbers and draws intervals.

What is not known (None) is an en dash everywhere. Signs and spaces are typographic: a true minus,
and narrow no-break spaces between thousands and before units.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django import template
from django.utils.safestring import SafeString

from arena.common.markdown import render

register = template.Library()

UNKNOWN = "–"
MINUS = "−"
THIN = "\u202f"


@register.filter
def markdown(text: str | None) -> SafeString:
    """Untrusted Markdown as safe HTML; belongs inside `<div class="prose">`."""
    return render(text or "")


@register.filter
def number(value: float | None, decimals: int = 0) -> str:
    """12345.6 as "12 346"; with an argument, that many decimals."""
    if value is None:
        return UNKNOWN
    return f"{value:,.{decimals}f}".replace(",", THIN).replace("-", MINUS)


@register.filter
def usd(value: float | None) -> str:
    """Dollars: cents from one dollar on, below that up to four decimals; None is not free."""
    if value is None:
        return UNKNOWN
    if 0 < value < 0.0001:
        return "<$0.0001"
    decimals = 2 if value == 0 or abs(value) >= 1 else 4
    sign = MINUS if value < 0 else ""
    return f"{sign}${number(abs(value), decimals)}"


@register.filter
def duration(value: timedelta | float | None) -> str:
    """A timedelta, or seconds: "850 ms", "3.2 s", "2 min 5 s", "1 h 3 min", "2 d 4 h"."""
    if value is None:
        return UNKNOWN
    seconds = value.total_seconds() if isinstance(value, timedelta) else float(value)
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f}{THIN}ms"
    if seconds < 59.95:
        return f"{seconds:.1f}{THIN}s"
    return _two_units(round(seconds))


def _two_units(seconds: int) -> str:
    units = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
    first = next(index for index, (_, size) in enumerate(units) if seconds >= size)
    parts = []
    for name, size in units[first : first + 2]:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{THIN}{name}")
    return " ".join(parts)


@register.filter
def in_words(name: str) -> str:
    """A name of ours as words: "member.role_changed" as "member role changed"."""
    return name.replace(".", " ").replace("_", " ")


@register.filter
def elo(value: float | None) -> str:
    """A rating, rounded to a whole number, without a thousands mark."""
    return UNKNOWN if value is None else f"{value:.0f}".replace("-", MINUS)


@register.simple_tag
def interval(low: float | None, high: float | None) -> str:
    """The bounds of a rating's confidence interval: "987–1043"; empty when not known."""
    return "" if low is None or high is None else f"{elo(low)}–{elo(high)}"


@dataclass(frozen=True)
class Scale:
    """Maps ratings to per cent of a drawing's width."""

    low: float
    high: float

    def percent(self, value: float) -> str:
        span = self.high - self.low
        share = (value - self.low) / span if span > 0 else 0.5
        return f"{100 * min(max(share, 0.0), 1.0):.2f}%"


@register.inclusion_tag("includes/whisker.html")
def whisker(
    rating: float | None,
    low: float | None,
    high: float | None,
    scale_low: float,
    scale_high: float,
) -> dict[str, str]:
    """A rating and its interval as a small drawing; one scale for all rows of a table."""
    if rating is None:
        return {}
    # Air on both sides, so that the outermost dots are not cut.
    margin = 0.03 * (scale_high - scale_low)
    scale = Scale(scale_low - margin, scale_high + margin)
    start, end = (rating if low is None else low), (rating if high is None else high)
    return {
        "at": scale.percent(rating),
        "start": scale.percent(start),
        "end": scale.percent(end),
        "text": f"{elo(rating)} ({elo(low)}–{elo(high)})",
    }
