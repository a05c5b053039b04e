"""What a tournament format is given and what it answers.

A format is a pure function of the field and all games so far: nothing is kept between calls, so
after a crash it is simply asked again. Competitors and prompts are integer ids.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Protocol

from arena.common.plugins import Params


class Scope(StrEnum):
    """What one history covers: a prompt (each advances on its own) or the whole tournament."""

    PROMPT = "prompt"
    TOURNAMENT = "tournament"


class Result(StrEnum):
    """How a game stands. Undecided: it was judged, and no verdict can be had."""

    PENDING = "pending"
    A = "a"
    B = "b"
    TIE = "tie"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Field:
    """Who plays on what. In scope PROMPT `prompts` has exactly one element.

    `names` are those of the entrants, for formats whose params name some. `answered` says in scope
    TOURNAMENT which entrants have an answer to a prompt; a prompt that is missing there was
    answered by everybody. `board` holds ratings (Elo scale) that entrants have from elsewhere, for
    a format that inserts a newcomer; it may be empty.
    """

    entrants: tuple[int, ...]
    prompts: tuple[int, ...]
    seed: int
    names: Mapping[int, str] = field(default_factory=dict)
    answered: Mapping[int, frozenset[int]] = field(default_factory=dict)
    board: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Pairing:
    """A game to be played. (round, position) is unique within a history, both from 0.

    In scope TOURNAMENT `round` is the number of the wave.
    """

    prompt: int
    a: int
    b: int
    round: int
    position: int


@dataclass(frozen=True)
class Game:
    """A pairing that was scheduled, and how it stands.

    `share` is a's share of the verdict, from 0 to 1, where a judge said more than who wins, and
    `strength` how sure it was; None: only `result` is known.
    """

    pairing: Pairing
    result: Result
    share: float | None = None
    strength: int | None = None


class Format(Protocol):
    """A tournament format, stored as name + params.

    One whose params name competitors has a property `named`, so that unknown names are refused.

    Formats of scope TOURNAMENT work in *waves*: the pairings of wave w are a pure function of the
    field, the params and the games of the waves up to w - 2, which are all settled by then. So two
    waves are under way at once, no judge waits for the last verdict of a wave, and the schedule
    does not depend on the order in which verdicts arrive.
    """

    label: ClassVar[str]
    description: ClassVar[str]
    scope: ClassVar[Scope]
    Params: ClassVar[type[Params]]
    params: Any

    def __init__(self, params: Any) -> None: ...

    def next_pairings(self, field: Field, games: Sequence[Game]) -> list[Pairing]:
        """All pairings that can be played now and are not in `games` yet.

        The history is over when this is empty and no game is pending. In scope TOURNAMENT: what is
        missing of the newest wave, or the next wave when all games but those of the newest are
        settled.
        """
        ...

    def planned_games(self, n_entrants: int, n_prompts: int) -> int:
        """How many games the whole tournament plays (an upper bound where it depends)."""
        ...
