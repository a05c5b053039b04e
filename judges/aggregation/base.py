"""What an aggregation is given and what it answers. Knows no Django."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from arena.common.plugins import Params
from judges.contracts import Silence, Winner


@dataclass(frozen=True)
class Vote:
    """What one voter said on a comparison: a winner, or why there is none. Exactly one is set."""

    voter: str
    winner: Winner | None = None
    silence: Silence | None = None


@dataclass(frozen=True)
class Ruling:
    """The verdict on a comparison, or why there is none, with a note in words."""

    winner: Winner | None
    silence: Silence | None
    note: str = ""


class Aggregation(Protocol):
    """A rule that combines votes, stored as name + params."""

    label: ClassVar[str]
    description: ClassVar[str]
    Params: ClassVar[type[Params]]

    def __init__(self, params: Any) -> None: ...

    def combine(self, votes: Sequence[Vote], quorum: int) -> Ruling:
        """Rule on one comparison; undecided when fewer than `quorum` voters named a winner."""
        ...
