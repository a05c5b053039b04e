"""Reading a judge's own reply.

`object_of` gives the last JSON object of a reply that answers in the asked-for form, `score` a
number on a scale, `parse` a verdict in any usual form. All hold to one rule: a judge reasons first
and decides last, so the last statement counts and what is quoted on the way decides nothing; a
last statement that is incomplete, was not offered or is cut off makes the reply unparsable, and no
earlier one takes its place.
"""

from __future__ import annotations

import json
import math
import re
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from judges.contracts import Preference
from judges.llm.faults import shorten

if TYPE_CHECKING:
    from judges.llm.reply import Reply

VERDICT_KEYS = ("verdict", "winner")
REASON_KEYS = ("reason", "reasoning", "explanation")

SPOKEN = {
    "a": (Preference.FIRST, None),
    "b": (Preference.SECOND, None),
    "a_slightly": (Preference.FIRST, 1),
    "b_slightly": (Preference.SECOND, 1),
    "a_much": (Preference.FIRST, 2),
    "b_much": (Preference.SECOND, 2),
    "tie": (Preference.TIE, None),
    "both_bad": (Preference.BOTH_BAD, None),
}
"""What a judge may say, and the preference and strength that it means."""

LEADING = re.compile(r"^(?:answer|response|assistant|option|model)_")
TRAILING = re.compile(r"_better$")

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
WHOLE = re.compile(r"\A\s*(?:```(?:json)?\s*)?(?=\{)", re.IGNORECASE)
AFTER = re.compile(r"\s*(?:```)?\s*")


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object; ValueError when a key comes twice with different values: a quotation that was not
    escaped looks like that."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if found.setdefault(key, value) != value:
            raise ValueError(key)
    return found


def _finite(number: str) -> float:
    """The number; ValueError for NaN and for what is too large: JSON cannot hold them again."""
    if not math.isfinite(value := float(number)):
        raise ValueError(number)
    return value


DECODER = json.JSONDecoder(
    strict=False, object_pairs_hook=_unambiguous, parse_float=_finite, parse_constant=_finite
)
"""Takes raw line breaks in strings; an object that contradicts itself, or holds a number that is
not finite, is none."""

VERDICT_VALUE = re.compile(r'"(?:verdict|winner)"\s*:\s*"?')
NUMBER = re.compile(r"([+-]?\d{1,9}(?:\.\d{1,9})?)(?:\s*(?:/|out of)\s*(\d{1,9}))?")


@dataclass(frozen=True)
class Verdict:
    """A reply that decides. `strength`: 1 slightly, 2 much better, where the judge says.

    `said` is the whole JSON object of the reply, empty where it came in another form; `at` where
    the verdict begins in the reply (an index of characters), None where that is not known.
    """

    preference: Preference
    reason: str
    strength: int | None = None
    said: Mapping[str, Any] = field(default_factory=dict, compare=False)
    at: int | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Unparsable:
    """A reply that does not, and why."""

    why: str


@dataclass(frozen=True)
class Found:
    """A JSON object in a text, and where it begins and ends."""

    start: int
    end: int
    value: dict[str, Any]


@dataclass(frozen=True)
class Stated:
    """A statement of a verdict: where its value begins, where it ends, what it says, and why."""

    at: int
    end: int
    value: object
    reason: str
    said: Mapping[str, Any] = field(default_factory=dict)


def object_of(reply: Reply, keys: Collection[str]) -> dict[str, Any] | Unparsable:
    """The judge's own last JSON object: see `last_object`."""
    return last_object(reply.text, keys, cut_off=reply.finish_reason == "length")


def last_object(
    reply: str, keys: Collection[str], cut_off: bool = False
) -> dict[str, Any] | Unparsable:
    """The last JSON object of a reply that has any of `keys`, when it has all of them.

    Thinking at the start, code fences and words around it do not matter; objects inside it are
    part of it. `cut_off`: the reply ran into its token limit, so an object that something follows
    is a quotation on the way. Values are as the judge gave them: check each.
    """
    text = without_thinking(reply)
    if not text:
        return Unparsable(_nothing(reply, cut_off))
    found = _latest(objects(text, keys))
    if found is None or (cut_off and not _ends(text, found.end)):
        return Unparsable(_missing("answer in the required form", text, cut_off))
    if missing := [key for key in keys if key not in found.value]:
        return Unparsable(f"the reply's last JSON object has no {missing[0]!r}")
    return found.value


def objects(text: str, keys: Collection[str]) -> Iterator[Found]:
    """The JSON objects that have any of `keys`, in order; those inside another are part of it."""
    begun = OBJECT.search(text)
    while begun:
        end = begun.start() + 1
        try:
            value, after = DECODER.raw_decode(text, begun.start())
        except RecursionError:
            return  # nested beyond any sense, and trying every level of it would take long
        except ValueError:
            value, after = {}, end
        if any(key in value for key in keys):
            end = after
            yield Found(begun.start(), after, value)
        begun = OBJECT.search(text, end)


def score(value: object, low: float, high: float) -> float | Unparsable:
    """The number that `value` is or says, when it lies from `low` to `high`.

    Reads 8, 8.5, "8" and, on a scale that ends at 10, "8/10" and "8 out of 10". Anything else is
    unparsable: a number outside the scale is not moved into it.
    """
    number = _number(value, high)
    if number is None:
        return Unparsable(f"the score {shorten(str(value), 40)!r} is no number")
    if not low <= number <= high:
        return Unparsable(f"the score {shorten(str(value), 40)} is not from {low:g} to {high:g}")
    return float(number)


def parse(
    reply: str, offered: Collection[Preference], cut_off: bool = False, bare: bool = False
) -> Verdict | Unparsable:
    """The verdict of a reply, when its last one is among `offered`.

    All statements of one are found: JSON objects, `Verdict: X` lines, [[X]] marks and, with `bare`,
    a reply that is nothing but a verdict. `cut_off`: the reply ran into its token limit. The
    verdict stands last, so then only one that ends the text can be the judge's own; anything else
    may be a quotation on the way to it.
    """
    text = without_thinking(reply)
    if not text:
        return Unparsable(_nothing(reply, cut_off))
    stated = (_whole(text) if bare else None) or _last(text)
    if isinstance(stated, Unparsable):
        return stated
    if stated is None or (cut_off and not _ends(text, stated.end)):
        return Unparsable(_missing("verdict", text, cut_off))
    meant = _meaning(stated.value)
    if meant is None or meant[0] not in offered:
        return Unparsable(f"the verdict {shorten(str(stated.value), 40)!r} was not offered")
    before = len(reply.rstrip()) - len(text)
    return Verdict(meant[0], stated.reason.strip(), meant[1], stated.said, before + stated.at)


def preference(value: object) -> Preference | None:
    """What a stated value means: case, brackets and words like "answer" do not matter."""
    meant = _meaning(value)
    return meant[0] if meant else None


def without_thinking(reply: str) -> str:
    """The reply after the block of thinking that reasoning models begin with."""
    stripped = THINKING.sub("", reply, count=1)
    if stripped == reply:
        stripped = UNOPENED.sub("", reply, count=1)
    return stripped.strip()


def plain(reason: object) -> str:
    """A reason as text, whatever JSON it came as."""
    return reason if isinstance(reason, str) else json.dumps(reason, ensure_ascii=False)


def is_one_object(reply: str) -> bool:
    """Whether a reply is nothing but one JSON object, in a code fence or not."""
    begun = WHOLE.match(reply)
    if begun is None:
        return False
    try:
        _, end = DECODER.raw_decode(reply, begun.end())
    except (ValueError, RecursionError):
        return False
    return AFTER.fullmatch(reply, end) is not None


def _latest(found: Iterator[Found]) -> Found | None:
    return next(iter(deque(found, maxlen=1)), None)


def _number(value: object, high: float) -> float | None:
    if isinstance(value, str):
        said = NUMBER.fullmatch(value.strip())
        if said is None or (said[2] and float(said[2]) != high):
            return None
        return float(said[1])
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if isinstance(value, int) or math.isfinite(value) else None


def _nothing(reply: str, cut_off: bool) -> str:
    if cut_off:
        return "the token limit was used up before the verdict; raise max_tokens"
    return "the reply holds only thinking" if reply.strip() else "the reply is empty"


def _missing(what: str, text: str, cut_off: bool) -> str:
    if cut_off:
        return f"the reply was cut off before the {what}; raise max_tokens"
    return f"no {what} in the reply: {shorten(text, 80)!r}"


def _ends(text: str, end: int) -> bool:
    """Whether nothing of substance follows."""
    return not text[end:].strip(" \n`*.")


def _whole(text: str) -> Stated | None:
    """The verdict that the reply is, when it is nothing else."""
    word = re.fullmatch(r"\W*(\w+)\W*", text[:40]) if len(text) <= 40 else None
    if word is None or _meaning(word[1]) is None:
        return None
    return Stated(word.start(1), word.end(), word[1], "")


def _last(text: str) -> Stated | Unparsable | None:
    """The last verdict. What stands inside a JSON object that states one is part of its reason."""
    last = _latest(objects(text, VERDICT_KEYS))
    if last is None and is_one_object(text):
        return None  # whatever it says of verdicts, it says in a text
    after = last.end if last else 0
    statements = list(STATEMENT.finditer(text, after))
    if not statements:
        return _stated(text, last) if last else None
    match = statements[-1]
    group = match.lastgroup or "line"
    if group == "line" and match["line"].strip() == "b" and match.end() == len(text):
        return Unparsable("the reply ends on 'b', which may be the beginning of another verdict")
    pairs = {m["pair"] for m in statements if m.lastgroup == "pair"}
    if group == "pair" and len(pairs) > 1:
        # Of a broken object nobody can tell which pair is its own and which one it quotes.
        return Unparsable("the reply is broken JSON with several verdicts")
    return Stated(match.start(group), match.end(), match[group], text[after : match.start()])


def _stated(text: str, found: Found) -> Stated:
    key = [key for key in found.value if key in VERDICT_KEYS][-1]
    reasons = [value for key, value in found.value.items() if key in REASON_KEYS]
    at = found.start
    for pair in VERDICT_VALUE.finditer(text, found.start, found.end):
        at = pair.end()
    reason = plain(reasons[-1]) if reasons else ""
    return Stated(at, found.end, found.value[key], reason, found.value)


def _meaning(value: object) -> tuple[Preference, int | None] | None:
    if not isinstance(value, str):
        return None
    word = re.sub(r"\W+", "_", value.casefold()).strip("_")
    return SPOKEN.get(TRAILING.sub("", LEADING.sub("", word)))
