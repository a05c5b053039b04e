"""What an aggregation is given and what it answers. Knows no Django."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from pydantic import JsonValue

from arena.common.plugins import Params
from judges.contracts import Silence, Winner

State = Mapping[str, JsonValue]
"""What a fit has learnt, as JSON: a past ruling can be made again from it."""


@dataclass(frozen=True)
class Vote:
    """What one voter said on a comparison: a winner, or why there is none. Exactly one is set.

    `margin` is how far a is ahead of b in the voter's own units (scores, or probabilities).
    `consistent` says whether both orders named the same winner; None where only one was asked.
    `shown` is 1 where a was shown first, -1 where b was, the mean where the voter saw several
    orders, and 0 where they are balanced or not known.
    """

    voter: str
    winner: Winner | None = None
    silence: Silence | None = None
    margin: float | None = None
    consistent: bool | None = None
    shown: float = 0.0


@dataclass(frozen=True)
class Ballot:
    """All votes on one comparison, with what a fit may use beside them.

    `prompt` is the unit of dependence; `a` and `b` are who is compared. `label` is the verdict of
    people, where they gave one.
    """

    prompt: int | str
    a: int | str
    b: int | str
    votes: tuple[Vote, ...]
    label: Winner | None = None


@dataclass(frozen=True)
class Ruling:
    """The verdict on a comparison, or why there is none, with a note in words.

    `probabilities` has one number for each outcome that the rule thinks possible, and sums to 1;
    plurality puts the shares of the votes there. Empty where there is no verdict.
    """

    winner: Winner | None
    silence: Silence | None
    note: str = ""
    probabilities: Mapping[Winner, float] = field(default_factory=dict)

    @property
    def share(self) -> float | None:
        """a's expected share of the verdict: P(a) plus half of what is neither a nor b."""
        if self.winner is None:
            return None
        if not self.probabilities:
            return {Winner.A: 1.0, Winner.B: 0.0}.get(self.winner, 0.5)
        of_a, of_b = (self.probabilities.get(side, 0.0) for side in (Winner.A, Winner.B))
        return (1.0 + of_a - of_b) / 2


class Unfit(Exception):
    """There is too little to learn from; the text says what is missing."""


class Aggregation(Protocol):
    """A rule that combines votes, stored as name + params.

    A rule that `learns` is fitted on past ballots. Until there is a fit (and for voters that the
    fit has not met) it says so in its note and rules by a documented fallback.
    """

    label: ClassVar[str]
    description: ClassVar[str]
    learns: ClassVar[bool]
    needs_labels: ClassVar[bool]
    Params: ClassVar[type[Params]]

    def __init__(self, params: Any) -> None: ...

    def fit(self, ballots: Sequence[Ballot]) -> State:
        """Learn from past ballots. Raises Unfit, with the reason, where that is not possible."""
        ...

    def combine(self, votes: Sequence[Vote], quorum: int, state: State | None = None) -> Ruling:
        """Rule on one comparison; undecided when fewer than `quorum` voters named a winner.

        Silent votes count for nothing, the order of votes does not matter, and a unanimous verdict
        stands whatever the fit thinks of the voters.
        """
        ...
