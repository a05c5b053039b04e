"""Votes of people as columns of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from judges.stats.bootstrap import BoolArray, FloatArray, IntArray
from judges.stats.verdicts import BOTH_BAD, EXCHANGED, NONE, TIE, Verdicts

Choice = Literal["first", "second", "tie", "both_bad"]

FIRST: Final = 0
SECOND: Final = 2
_CODES: dict[str | None, int] = {
    "first": FIRST,
    "tie": TIE,
    "second": SECOND,
    "both_bad": BOTH_BAD,
    None: NONE,
}


@dataclass(frozen=True)
class Vote:
    """What one rater said of one comparison.

    rater, item: keys of the rater and the comparison; a rater votes on an item once.
    first, second: the competitors as shown, two different integers, the same in every vote.
    choice: in terms of what was shown. seconds: from showing to voting. at: epoch seconds.
    gold: the known answer, in terms of what was shown, where this is a gold question.
    prompt: key of the prompt; the item where not given. first_length, second_length: characters.
    """

    rater: str
    item: str
    first: int
    second: int
    choice: Choice
    seconds: float
    at: float
    gold: Choice | None = None
    prompt: str | None = None
    first_length: int | None = None
    second_length: int | None = None


@dataclass(frozen=True)
class Votes:
    """The same as columns (N,), of `raters` R, `items` I and `competitors` K, by rater and time.

    rater, item, prompt, first, second: indices. choice, gold: codes of what was shown, gold NONE
    where it is no gold question. lengths: (N, 2) characters, nan where unknown. keys: the raters'
    (R,). labels: the competitors' (K,).
    """

    keys: tuple[str, ...]
    labels: tuple[int, ...]
    items: int
    prompts: int
    rater: IntArray
    item: IntArray
    prompt: IntArray
    first: IntArray
    second: IntArray
    choice: Verdicts
    seconds: FloatArray
    at: FloatArray
    gold: Verdicts
    lengths: FloatArray

    @property
    def raters(self) -> int:
        return len(self.keys)

    @property
    def competitors(self) -> int:
        return len(self.labels)

    @property
    def sided(self) -> BoolArray:
        """(N,) whether one side was preferred."""
        found: BoolArray = (self.choice == FIRST) | (self.choice == SECOND)
        return found

    @property
    def turned(self) -> BoolArray:
        """(N,) whether the competitor with the higher index was shown first."""
        found: BoolArray = self.first > self.second
        return found

    @property
    def verdict(self) -> Verdicts:
        """(N,) the choices in terms of the item: its a is the competitor with the lower index."""
        found: Verdicts = np.where(self.turned, EXCHANGED[self.choice], self.choice).astype(np.int8)
        return found

    def per_rater(self, values: NDArray[np.generic], rows: BoolArray | None = None) -> FloatArray:
        """(R,) sums of values (N,) over each rater's votes, or over some `rows` (N,) of them."""
        kept = np.asarray(values, dtype=float)
        if rows is not None:
            kept = np.where(rows, kept, 0.0)
        return summed(self.rater, kept, self.raters)


def summed(cell: IntArray, values: FloatArray, size: int) -> FloatArray:
    """(size,) sums of the values (N,) that belong to each cell (N,)."""
    return np.asarray(np.bincount(cell, weights=values, minlength=size), dtype=np.float64)


def columns(votes: Sequence[Vote]) -> Votes:
    """Votes as columns; ValueError names the vote that makes no sense."""
    for vote in votes:
        if vote.first == vote.second:
            raise ValueError(f"item {vote.item}: first and second are the same competitor")
        if vote.choice not in _CODES or vote.choice is None:
            raise ValueError(f"item {vote.item}: choice {vote.choice!r} is not known")
    votes = sorted(votes, key=lambda vote: (vote.rater, vote.at))
    keys, rater = _indexed([vote.rater for vote in votes])
    items, item = _indexed([vote.item for vote in votes])
    prompts, prompt = _indexed([vote.prompt or vote.item for vote in votes])
    shown = np.array([(vote.first, vote.second) for vote in votes], dtype=np.int64).reshape(-1, 2)
    labels, place = np.unique(shown, return_inverse=True)
    first, second = place.reshape(-1, 2).T
    sizes = [(vote.first_length, vote.second_length) for vote in votes]
    return Votes(
        keys=tuple(keys),
        labels=tuple(int(label) for label in labels),
        items=len(items),
        prompts=len(prompts),
        rater=rater,
        item=item,
        prompt=prompt,
        first=first.astype(np.int64),
        second=second.astype(np.int64),
        choice=np.array([_CODES[vote.choice] for vote in votes], dtype=np.int8),
        seconds=np.array([vote.seconds for vote in votes], dtype=float),
        at=np.array([vote.at for vote in votes], dtype=float),
        gold=np.array([_CODES[vote.gold] for vote in votes], dtype=np.int8),
        lengths=np.array(sizes, dtype=float).reshape(-1, 2),
    )


def _indexed(names: Sequence[str]) -> tuple[list[str], IntArray]:
    places = {name: place for place, name in enumerate(dict.fromkeys(names))}
    return list(places), np.array([places[name] for name in names], dtype=np.int64)
