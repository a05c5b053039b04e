"""An order of several answers by their labels, as a judge gives it."""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from judges.contracts import Preference
from judges.llm import parsing
from judges.llm.parsing import Unparsable
from judges.llm.prompting import object_schema
from judges.llm.reply import Reply

Ranks = tuple[tuple[int, ...], ...]
"""Places, best first; in each the indices of the answers that share it."""


@dataclass(frozen=True)
class Ranked:
    """A whole order, and why."""

    ranks: Ranks
    reason: str


def labels(count: int) -> list[str]:
    """A, B, C and so on, in the order in which the answers are shown."""
    return list(string.ascii_uppercase[:count])


def schema(count: int, ties: bool, checklist: bool) -> dict[str, Any]:
    """The JSON schema of a ranking: the checklist first, the reason next, the order last."""
    label = {"type": "string", "enum": labels(count)}
    place = {"type": "array", "items": label} if ties else label
    properties: dict[str, Any] = {"reason": {"type": "string"}}
    if checklist:
        properties = {"checklist": {"type": "array", "items": {"type": "string"}}, **properties}
    return object_schema({**properties, "ranking": {"type": "array", "items": place}})


def read(reply: Reply, count: int, ties: bool) -> Ranked | Unparsable:
    """The order of `count` answers, each of which it must name once.

    A place is a label, or a list of labels that share it where `ties` are allowed.
    """
    said = parsing.object_of(reply, ("reason", "ranking"))
    if isinstance(said, Unparsable):
        return said
    if not isinstance(said["ranking"], list):
        return Unparsable("the ranking is no list of labels")
    places = [place if isinstance(place, list) else [place] for place in said["ranking"]]
    if not ties and any(len(place) > 1 for place in places):
        return Unparsable("two labels share a place, and ties were not allowed")
    ranks = _indices([place for place in places if place], count)
    if isinstance(ranks, Unparsable):
        return ranks
    return Ranked(ranks, parsing.plain(said["reason"]))


def preference_of(ranks: Ranks) -> Preference:
    """How the two answers stand that are shown first; of an order of two, the verdict."""
    place = {index: number for number, group in enumerate(ranks) for index in group}
    if place[0] == place[1]:
        return Preference.TIE
    return Preference.FIRST if place[0] < place[1] else Preference.SECOND


def words(ranks: Ranks) -> str:
    """Like "B > A = C"."""
    named = labels(sum(len(place) for place in ranks))
    return " > ".join(" = ".join(named[index] for index in sorted(place)) for place in ranks)


def _indices(places: Sequence[Sequence[object]], count: int) -> Ranks | Unparsable:
    known = {label: index for index, label in enumerate(labels(count))}
    named = [str(label).strip().upper() for place in places for label in place]
    if unknown := [label for label in named if label not in known]:
        return Unparsable(f"the ranking names {unknown[0][:40]!r}, which is no label")
    if repeated := [label for label in known if named.count(label) > 1]:
        return Unparsable(f"the ranking names {repeated[0]} twice")
    if missing := [label for label in known if label not in named]:
        return Unparsable(f"the ranking leaves out {', '.join(missing)}")
    return tuple(tuple(known[str(label).strip().upper()] for label in place) for place in places)
