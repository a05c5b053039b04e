"""How probably each is better than each other, as a table that is shaded like a map."""

from __future__ import annotations

from dataclasses import dataclass

from tournaments.models import RatingRun

SHADES = 9
MOST = 40
"""Competitors that a page shows, the best ones; the API has more."""


@dataclass(frozen=True)
class Chance:
    """That the competitor of the row is better than `opponent`; None for itself."""

    opponent: str
    value: float | None

    @property
    def percent(self) -> str:
        """Whole per cent; never 0 or 100, which nobody knows."""
        assert self.value is not None
        if self.value >= 0.995:
            return ">99"
        return "<1" if self.value < 0.005 else f"{100 * self.value:.0f}"

    @property
    def shade(self) -> int:
        """From 0 (surely worse) over the middle (not known) to SHADES - 1 (surely better)."""
        assert self.value is not None
        return min(int(self.value * SHADES), SHADES - 1)


def chances(run: RatingRun) -> list[tuple[str, list[Chance]]]:
    """(name, chances against all that are shown) of the best, in the order of the board.

    Empty for a field so large that the run keeps none.
    """
    above = run.details.get("above", [])[:MOST]
    names = [row["competitor"] for row in run.rows if row["rank"] is not None][:MOST]
    return [
        (name, [Chance(other, None if other == name else p) for other, p in line])
        for name, values in zip(names, above, strict=False)
        for line in [list(zip(names, values, strict=False))]
    ]
