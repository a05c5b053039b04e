"""What the prompts of a tournament still offer: answers, how often each was used, pairs played."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tournaments.formats.beliefs import FloatArray, IntArray

Spot = tuple[int, int, int]
"""A game by indices: prompt (in the order of visits), i, j with i < j."""

_TIMES = 1 << 15
"""An answer used once more weighs more than the games on a prompt, of which so many count."""

_NEVER = 1 << 29


@dataclass
class Pool:
    """The prompts in the order in which they are visited, and what was played on them.

    answered: (P, M) who has an answer. games: (P,) games on each prompt. scheduled: in all.
    """

    answered: NDArray[np.bool_]
    games: NDArray[np.int32] = field(init=False)
    scheduled: int = field(init=False, default=0)
    _cost: NDArray[np.int32] = field(init=False)
    _met: defaultdict[tuple[int, int], list[int]] = field(init=False)

    def __post_init__(self) -> None:
        self.games = np.zeros(len(self.answered), dtype=np.int32)
        # (M, P): how often each answer was used; narrow, since every pair looks at all prompts
        self._cost = np.where(self.answered.T, 0, _NEVER).astype(np.int32)
        self._met = defaultdict(list)

    @property
    def competitors(self) -> int:
        return int(self.answered.shape[1])

    @cached_property
    def present(self) -> IntArray:
        """(P,): how many have an answer."""
        present: IntArray = self.answered.sum(axis=1)
        return present

    @property
    def capacity(self) -> IntArray:
        """(P,): how many pairs each prompt has."""
        return self.present * (self.present - 1) // 2

    def add(self, spots: Sequence[Spot]) -> None:
        """Note games as scheduled."""
        for prompt, i, j in spots:
            self._cost[i, prompt] += _TIMES
            self._cost[j, prompt] += _TIMES
            self._met[i, j].append(prompt)
            self.games[prompt] += 1
        self.scheduled += len(spots)

    def place(self, i: int, j: int) -> Spot | None:
        """Schedule the pair where its answers were used least; None where nothing is left.

        Among equals the prompt with the fewest games, then the order of visits, decides.
        """
        pair = (min(i, j), max(i, j))
        cost = self._cost[i] + self._cost[j]
        cost += self.games
        if met := self._met[pair]:
            cost[met] = _NEVER
        prompt = int(cost.argmin()) if len(cost) else 0
        if not len(cost) or cost[prompt] >= _NEVER:
            return None
        spot = (prompt, *pair)
        self.add([spot])
        return spot

    def chain(self, prompt: int, order: Sequence[int]) -> list[Spot]:
        """Schedule neighbours of `order` on a prompt: n - 1 games, each answer in two at most.

        Where neighbours have met there already, the next but one meet, and so on.
        """
        there = self.answered[prompt].tolist()
        order = [who for who in order if there[who]]
        fresh = not self.games[prompt]
        times: defaultdict[int, int] = defaultdict(int)
        found: list[Spot] = []
        for a, b in _by_distance(order):
            if len(found) >= len(order) - 1:
                break
            i, j = min(a, b), max(a, b)
            if times[i] < 2 and times[j] < 2 and (fresh or prompt not in self._met[i, j]):
                times[i] += 1
                times[j] += 1
                found.append((prompt, i, j))
        self.add(found)
        return found


def _by_distance(order: Sequence[int]) -> Iterator[tuple[int, int]]:
    """All pairs: neighbours first, then those two apart, and so on."""
    for gap in range(1, len(order)):
        yield from zip(order, order[gap:], strict=False)


def visiting_order(prompts: Iterable[int], seed: int) -> list[int]:
    """The prompts in random order. Each has a number of its own, so that others may be added."""
    luck = {prompt: random.Random(f"{seed}:{prompt}").random() for prompt in prompts}
    return sorted(luck, key=lambda prompt: (luck[prompt], prompt))


def answered_table(
    prompts: Sequence[int], entrants: Sequence[int], answered: Mapping[int, frozenset[int]]
) -> NDArray[np.bool_]:
    """(P, M): who answered what; a prompt that `answered` does not name was answered by all."""
    table = np.ones((len(prompts), len(entrants)), dtype=bool)
    for row, prompt in enumerate(prompts):
        if (there := answered.get(prompt)) is not None:
            table[row] = [entrant in there for entrant in entrants]
    return table


def wave_rng(seed: int, wave: int) -> np.random.Generator:
    """The luck of one wave of one tournament."""
    return np.random.default_rng(random.Random(f"{seed}:wave:{wave}").getrandbits(64))


def matchings(rng: np.random.Generator, size: int, m: int) -> list[tuple[int, int]]:
    """`size` random pairs of m competitors, drawn as perfect matchings, so that all play alike."""
    pairs: list[tuple[int, int]] = []
    while len(pairs) < size:
        order = rng.permutation(m).tolist()
        pairs += zip(order[0::2], order[1::2], strict=False)
    return pairs[:size]


def in_order(draw: FloatArray) -> list[int]:
    """Competitors by strength, the strongest first."""
    order: list[int] = np.argsort(-draw, kind="stable").tolist()
    return order
