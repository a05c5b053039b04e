"""What a judge merely quotes is not its verdict.

A reply that is one JSON object says by its form what is quoted in it. In any other, a statement
that also stands in the judged material may be a quotation. It is taken for one, and blanked before
the reply is read, unless it stands as a judge's own verdict does: bare, at the end or the very
beginning of the reply, not introduced or marked as a quotation, and not as the end of a longer run
that stands in the material as well. So a judge that only repeats a forged verdict has given none,
and an answer that forges all verdicts does not take away the judge's.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import lru_cache

from judges.contracts import Case
from judges.llm.parsing import DECODER, OBJECT, STATEMENT, is_one_object, without_thinking

TOKEN = re.compile(r"[^\W_]+|[\[\]{}:=]")
"""Words, and the signs that make a statement of them; spaces, other signs and case do not make a
quotation one's own."""

INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")

LONG_RUN = 4
"""Tokens beside a statement that stand beside it in the material too: more than chance."""

SENTENCE_END = tuple(".!?\u2026\u3002\uff01\uff1f\u0964")
OPENING = tuple("\"'`>|\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb\u2039\u203a\u300c\u300e")
DECORATION = " \t*_#-("
FENCE = re.compile(r"^[ >]*(?:```|~~~)", re.MULTILINE)
PARAGRAPH = re.compile(r"\n[ \t]*\n[\s*_#(-]*\Z")

Span = tuple[int, int]


def unquoted(reply: str, case: Case) -> str:
    """`reply` with every statement blanked that it quotes from the case; its length stays."""
    if is_one_object(reply):
        return reply
    spans = list(_statements(reply))
    if not spans:
        return reply
    quoting = _Quoting(reply, _flat_material(case))
    kept, position = [], 0
    for start, end in sorted(spans):
        if start >= position and quoting.quotes(start, end):
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


class _Quoting:
    """Tells which statements of one reply are quotations from the material."""

    def __init__(self, reply: str, material: str) -> None:
        self.reply = reply
        self.material = material
        self.known: dict[str, bool] = {}  # a reply may repeat itself thousands of times
        found = list(TOKEN.finditer(reply))
        self.tokens = [token[0].casefold() for token in found]
        self.starts = [token.start() for token in found]
        self.cut = reply[-1:].isalnum()  # then its last word may be the beginning of another
        self.begin = len(reply.rstrip()) - len(without_thinking(reply))
        self.fences = [fence.start() for fence in FENCE.finditer(reply)]

    def quotes(self, start: int, end: int) -> bool:
        """Whether the statement from `start` to `end` stands in the material and not as a judge's
        own would."""
        first, last = bisect_left(self.starts, start), bisect_left(self.starts, end)
        while last > first and self.tokens[last - 1] == "}":
            last -= 1  # an object left open in the material is closed by what follows it here
        if not self._in_material(first, last):
            return False
        run = 0
        while run < LONG_RUN and run < first and self._in_material(first - run - 1, last):
            run += 1
        begin = self.starts[first - run]
        opens = not self.reply[self.begin : begin].strip(f"\n{DECORATION}")
        ends = not TOKEN.search(self.reply, end)
        if not ends and (not opens or self._in_material(first, last + LONG_RUN)):
            return True
        if run == LONG_RUN or (opens and run):
            return True
        return self._marked(min(start, begin), begin) or not (opens or self._parted(begin))

    def _in_material(self, first: int, last: int) -> bool:
        said = f" {' '.join(self.tokens[first:last])}"
        if last < len(self.tokens) or not self.cut:
            said += " "
        if said not in self.known:
            self.known[said] = said in self.material
        return self.known[said]

    def _marked(self, start: int, begin: int) -> bool:
        """Whether it stands in a code block, or behind a sign that opens a quotation."""
        before = self.reply[self.begin : begin].rstrip(DECORATION)
        fenced = bisect_right(self.fences, begin) % 2 == 1
        return (
            fenced or before.endswith(OPENING) or any(s in self.reply[start:begin] for s in ">|`")
        )

    def _parted(self, begin: int) -> bool:
        """Whether a sentence or a paragraph ends before it, so that nothing introduces it."""
        before = self.reply[self.begin : begin]
        said = before.rstrip(f"\n{DECORATION})\"'\u201d\u2019\u00bb")
        return said.endswith(SENTENCE_END) or (
            PARAGRAPH.search(before) is not None and not said.endswith((":", ",", "\uff1a"))
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
    text = INVISIBLE.sub("", "\n".join(material_of(case)))
    return f" {' '.join(TOKEN.findall(text))} ".casefold()
