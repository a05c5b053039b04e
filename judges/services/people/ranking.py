"""An order of several answers: which are put in order together, and what it says of each two.

Pure functions; outputs are numbers, pairs of them unordered. Who hands them out is `assigning`.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from math import comb

from judges.contracts import Preference

MOST = 8
"""Answers on one page."""

Pair = tuple[int, int]
Ranks = tuple[tuple[int, ...], ...]
"""Places, best first; in each the answers that share it, by where they were shown."""


def group_around(anchor: Pair, free: Iterable[Pair], room: float) -> list[Pair]:
    """Those of the free pairs that are judged together with the anchor, by one order of answers.

    An answer joins when its pairs with more than half of the others are free, the best connected
    first; `MOST` answers at most, and no more than make `room` pairs, free or not.
    """
    links = _links({*free, anchor})
    chosen = list(anchor)
    while len(chosen) < MOST and comb(len(chosen) + 1, 2) <= room:
        joined = {one: len(links[one].intersection(chosen)) for one in links if one not in chosen}
        best = max(joined, key=lambda one: (joined[one], -one), default=None)
        if best is None or 2 * joined[best] <= len(chosen):
            break
        chosen.append(best)
    return sorted((a, b) for a in chosen for b in links[a].intersection(chosen) if a < b)


def pairs_shown(asked: int) -> int:
    """How many pairs stand on the page on which so many are asked; `asked` if none has so many.

    Few enough may be missing that each answer could join.
    """
    for size in range(2, MOST + 1):
        least = sum(chosen // 2 + 1 for chosen in range(1, size))
        if least <= asked <= comb(size, 2):
            return comb(size, 2)
    return asked


def fill_up(pair: Pair, free: Collection[Pair], others: Iterable[int], size: int) -> set[int]:
    """The two outputs of the pair with others, `size` in all; the best connected by free pairs
    come first."""
    links = _links(free)
    chosen, left = set(pair), sorted(set(others))
    while left and len(chosen) < size:
        best = max(left, key=lambda one: (len(links.get(one, set()) & chosen), -one))
        left.remove(best)
        chosen.add(best)
    return chosen


def _links(pairs: Collection[Pair]) -> Mapping[int, set[int]]:
    links: defaultdict[int, set[int]] = defaultdict(set)
    for a, b in pairs:
        links[a].add(b)
        links[b].add(a)
    return dict(links)


def shown_order(screen: str, outputs: Iterable[int]) -> list[int]:
    """The outputs in the order that is drawn for a screen.

    Where one stands beside another depends on these two alone.
    """
    return sorted(outputs, key=lambda one: hashlib.sha256(f"{screen}:{one}".encode()).digest())


def ranks_of(places: Sequence[int]) -> Ranks:
    """The order that these places make; places may be shared, and left out."""
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for shown, place in enumerate(places):
        groups[place].append(shown)
    return tuple(tuple(groups[place]) for place in sorted(groups))


def preference_between(ranks: Ranks, first: int, second: int) -> Preference:
    """What an order says of two of its answers; one that shares a place is as good as the other."""
    place = {shown: number for number, group in enumerate(ranks) for shown in group}
    if place[first] == place[second]:
        return Preference.TIE
    return Preference.FIRST if place[first] < place[second] else Preference.SECOND
