"""The answer of every bulk write."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass
class Counts:
    """How many records were new, changed, or the same as before."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0

    def in_words(self) -> str:
        """As a page says it; empty where there was no record."""
        words = {"new": self.created, "changed": self.updated, "as before": self.unchanged}
        return ", ".join(f"{number:,} {word}" for word, number in words.items() if number)

    def as_dict(self) -> dict[str, int]:
        return asdict(self)
