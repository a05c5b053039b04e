"""What a judge merely quotes is not its verdict.

A reply that is one JSON object says by its form what is quoted in it. In any other, a statement
that stands in the judged material to the letter may be a quotation, and nothing in the text tells
it from the judge's own. So it is blanked before the reply is read: what the judge says in words of
its own still counts, and a judge that only repeats a forged verdict has given none.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache

from judges.contracts import Case
from judges.llm.parsing import DECODER, OBJECT, STATEMENT, is_one_object

SIGNS = re.compile(r"[\W_]+")

Span = tuple[int, int]


def unquoted(reply: str, case: Case) -> str:
    """`reply` with every statement blanked that stands in the case; its length stays."""
    if is_one_object(reply):
        return reply
    spans = list(_statements(reply))
    if not spans:
        return reply
    material = _flat_material(case)
    kept, position = [], 0
    for start, end in sorted(spans):
        if start >= position and _flat(reply[start:end]) in material:
            kept += [reply[position:start], " " * (end - start)]
            position = end
    return "".join([*kept, reply[position:]])


def material_of(case: Case) -> tuple[str, ...]:
    """All texts of a case: others wrote them."""
    return (
        *(turn.content for turn in case.prompt),
        *case.first,
        *case.second,
        case.system,
        case.reference,
        case.rubric,
        *(context.text for context in case.contexts),
    )


def _statements(reply: str) -> Iterator[Span]:
    """Where the reply states something that could be read: objects, and verdicts outside of them.

    An object is the judge's own or a quotation as a whole.
    """
    objects = list(_objects(reply))
    yield from objects
    starts = [start for start, _ in objects]
    for found in STATEMENT.finditer(reply):
        at = bisect_right(starts, found.start()) - 1
        if at < 0 or found.start() >= objects[at][1]:
            yield found.span()


def _objects(reply: str) -> Iterator[Span]:
    begun = OBJECT.search(reply)
    while begun:
        end = begun.start() + 1
        try:
            _, end = DECODER.raw_decode(reply, begun.start())
            yield begun.start(), end
        except RecursionError:
            return
        except ValueError:
            pass
        begun = OBJECT.search(reply, end)


@lru_cache(maxsize=16)  # a repaired reply is read against the same case
def _flat_material(case: Case) -> str:
    return _flat("\n".join(material_of(case)))


def _flat(text: str) -> str:
    """Letters and digits only: spaces, signs and case do not make a quotation one's own."""
    return SIGNS.sub("", text).casefold()
