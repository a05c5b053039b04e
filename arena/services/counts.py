"""The answer of every bulk write."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass
class Counts:
    """How many records were new, changed, or the same as before."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0

    def as_dict(self) -> dict[str, int]:
        return asdict(self)
