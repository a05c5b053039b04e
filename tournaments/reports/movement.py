"""What moved between two rankings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Move:
    """places: up is positive; None where one of the two has no rank. points: of the rating."""

    before: int | None
    places: int | None
    points: float | None

    @property
    def distance(self) -> int:
        return abs(self.places or 0)

    @property
    def shift(self) -> str:
        """The points with their sign; empty where there are none."""
        return "" if self.points is None else f"{self.points:+.0f}".replace("-", "−")

    @property
    def text(self) -> str:
        if self.before is None:
            return "new"
        if self.places is None:
            return "not rated now"
        if not self.places:
            return "same place"
        return f"{'up' if self.places > 0 else 'down'} {self.distance}, was {self.before}"


def moves(now: Sequence[Mapping[str, Any]], before: Sequence[Mapping[str, Any]]) -> dict[str, Move]:
    """{competitor: its move} for the rows of the later ranking."""
    old = {row["competitor"]: row for row in before}
    return {row["competitor"]: _move(row, old.get(row["competitor"])) for row in now}


def _move(row: Mapping[str, Any], old: Mapping[str, Any] | None) -> Move:
    if old is None or old["rank"] is None:
        return Move(None, None, None)
    if row["rank"] is None:
        return Move(old["rank"], None, None)
    return Move(old["rank"], old["rank"] - row["rank"], row["rating"] - old["rating"])
