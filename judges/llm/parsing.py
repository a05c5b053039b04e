"""Reading a judge's own reply.

All statements of a verdict in the reply are found (JSON objects, `Verdict: X` lines, [[X]] marks)
and the last one counts: a judge reasons first and decides last, and what it quotes from an answer
on the way decides nothing. A last verdict that was not offered makes the reply unparsable; it is
never read as a tie, and no earlier one takes its place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from judges.contracts import Preference
from judges.llm.faults import shorten

VERDICT_KEYS = ("verdict", "winner")
REASON_KEYS = ("reason", "reasoning", "explanation")

SPOKEN = {
    "a": Preference.FIRST,
    "b": Preference.SECOND,
    "tie": Preference.TIE,
    "both_bad": Preference.BOTH_BAD,
}
LEADING = re.compile(r"^(?:answer|response|assistant|option|model)_")

THINKING = re.compile(r"\A\s*<(think|thinking|thought|reasoning)>.*?(?:</\1>|\Z)", re.DOTALL)
"""A block of thinking, at the start only: elsewhere the tag may be quoted. Cut off, it is open."""

UNOPENED = re.compile(r"\A(?!\s*\{).*?</think(?:ing)?>", re.DOTALL)
"""Some servers put the opening tag into the prompt, so that only the closing one comes back."""

STATEMENT = re.compile(
    r"""^[^\w\n"'{]{0,20}(?:(?:my|the|final)\ +)*(?:verdict|winner)[^\w\n]{0,8}[:=](?P<line>.*)$
    | ["'](?:verdict|winner)["']\s*:\s*["'](?P<pair>[^"'\n]*)["']
    | \[\[(?P<mark>[a-z_\ ]{1,20})\]\]""",
    re.IGNORECASE | re.MULTILINE | re.VERBOSE,
)
"""A verdict outside well-formed JSON: a line, a pair of a broken JSON object, or a mark."""

OBJECT = re.compile(r'\{\s*"')
DECODER = json.JSONDecoder(strict=False, object_pairs_hook=list)
"""Takes raw line breaks in strings, and keeps duplicate keys so that the last one counts."""


@dataclass(frozen=True)
class Verdict:
    """A reply that decides."""

    preference: Preference
    reason: str


@dataclass(frozen=True)
class Unparsable:
    """A reply that does not, and why."""

    why: str


@dataclass(frozen=True)
class Stated:
    """A statement of a verdict in a text: where it ends, what it says, and why."""

    end: int
    value: object
    reason: str


def parse(
    reply: str, offered: Collection[Preference], cut_off: bool = False
) -> Verdict | Unparsable:
    """The verdict of a reply, when its last one is among `offered`.

    `cut_off`: the reply ran into its token limit. The verdict stands last, so then only one that
    ends the text can be the judge's own; anything else may be a quotation on the way to it.
    """
    text = without_thinking(reply)
    if not text:
        return Unparsable(_nothing(reply, cut_off))
    stated = _last(text)
    if stated is None or (cut_off and text[stated.end :].strip(" \n`*.")):
        return Unparsable(_undecided(text, cut_off))
    preference = _preference(stated.value)
    if preference is None or preference not in offered:
        return Unparsable(f"the verdict {shorten(str(stated.value), 40)!r} was not offered")
    return Verdict(preference, stated.reason.strip())


def without_thinking(reply: str) -> str:
    """The reply after the block of thinking that reasoning models begin with."""
    stripped = THINKING.sub("", reply, count=1)
    if stripped == reply:
        stripped = UNOPENED.sub("", reply, count=1)
    return stripped.strip()


def _nothing(reply: str, cut_off: bool) -> str:
    if cut_off:
        return "the token limit was used up before the verdict; raise max_tokens"
    return "the reply holds only thinking" if reply.strip() else "the reply is empty"


def _undecided(text: str, cut_off: bool) -> str:
    if cut_off:
        return "the reply was cut off before the verdict; raise max_tokens"
    return f"no verdict in the reply: {shorten(text, 80)!r}"


def _last(text: str) -> Stated | None:
    """The last verdict. What stands inside a JSON object that states one is part of its reason."""
    found = max(_objects(text), key=lambda stated: stated.end, default=None)
    after = found.end if found else 0
    for match in STATEMENT.finditer(text, after):
        said = match["line"] or match["pair"] or match["mark"] or ""
        found = Stated(match.end(), said, text[after : match.start()])
    return found


def _objects(text: str) -> Iterator[Stated]:
    """The JSON objects that state a verdict, in order; those inside another are part of it."""
    begun = OBJECT.search(text)
    while begun:
        end = begun.start() + 1
        try:
            pairs, after = DECODER.raw_decode(text, begun.start())
        except RecursionError:
            return  # nested beyond any sense, and trying every level of it would take long
        except ValueError:
            pairs = []
        values = [value for key, value in pairs if key in VERDICT_KEYS]
        if values:
            end = after
            reasons = [value for key, value in pairs if key in REASON_KEYS]
            yield Stated(end, values[-1], _plain(reasons[-1]) if reasons else "")
        begun = OBJECT.search(text, end)


def _preference(value: object) -> Preference | None:
    """What a stated value means: case, brackets and words like "answer" do not matter."""
    word = re.sub(r"\W+", "_", str(value).casefold()).strip("_")
    return SPOKEN.get(LEADING.sub("", word))


def _plain(reason: object) -> str:
    return reason if isinstance(reason, str) else json.dumps(reason, ensure_ascii=False)
