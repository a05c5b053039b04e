"""Does an attack stay between its fences, in every prompt that a judge makes of it?

The prompts of a case with an attack are compared with those of its harmless twin. Without what
stands between fences that carry the mark they must be the same to the letter: then nothing of the
attack stands outside, and no message, role or fence was added.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from judges.contracts import Abstention, Answer, Case, Context, JudgeError, Turn
from judges.kinds import registry
from judges.kinds.llm import LanguageModel
from judges.llm.control_tokens import CONTROL
from judges.llm.judging import ModelJudge
from judges.llm.model import Messages
from judges.llm.params import OrderParams
from judges.red_team.attack import HARMLESS, SHOWN, Attack, Side, case_of
from judges.red_team.scribe import QUOTED, Scribe, filled

ANY_FENCE = re.compile(r"<<<[^\n<>]* ([0-9a-f]{12})>>>")
LEFT_OUT = r"(?: \(\d+ more characters are not shown\))?"

Maker = Callable[[], ModelJudge]
Result = Answer | Abstention | JudgeError


@dataclass(frozen=True)
class Call:
    """One prompt, taken apart: the mark, what is fenced by label, and all that is not."""

    mark: str
    fenced: tuple[tuple[str, str], ...]
    skeleton: tuple[tuple[str, str], ...]  # (role, text outside the fences)


def breaches(make: Maker, attack: Attack) -> list[str]:
    """What the attack did to the prompts or the result of a judge; nothing when all held."""
    found = []
    for side in Side:
        known = attack.knowing(_mark_of_twin(make, attack, side))
        hurt, twin = case_of(known, side), case_of(known.harmless(), side)
        quote = known.standing(side).text[:QUOTED] if attack.where in SHOWN else HARMLESS
        for own in ("A", "B"):
            found += _compared(make, hurt, twin, quote, own)
        if isinstance(make().params, OrderParams):
            found += _swapped(make, hurt)
    return list(dict.fromkeys(found))


def calls_of(make: Maker, case: Case, quote: str, own: str = "A") -> tuple[list[Call], Result]:
    """The prompts that a judge makes of a case when its model quotes `quote`, and its result."""
    judge = make()
    scribe = Scribe(judge.params, lambda schema: _spoken(schema, quote, own))
    judge.model = scribe
    try:
        result: Result = asyncio.run(judge.judge(case))
    except JudgeError as error:
        result = error
    return [taken_apart(messages) for messages in scribe.seen], result


def collisions() -> list[str]:
    """Changes of a case after which a judge is asked the same as before; there may be none."""
    judge = registry.build("llm", {"model": "m"})
    assert isinstance(judge, LanguageModel)
    before = judge.render(BASE).sha256
    return [what for what, change in CHANGES.items() if judge.render(change(BASE)).sha256 == before]


BASE = Case(
    prompt=(Turn("user", "One?"), Turn("user", "Two?")),
    first=("a" * 40_000, "b"),
    second=("c", "d"),
    system="s",
    rubric="r",
    contexts=(Context("1", "x"), Context("2", "y")),
    images=("https://a.example/1.png",),
    seed=1,
)

CHANGES: dict[str, Callable[[Case], Case]] = {
    "another comparison with the same texts": lambda case: replace(case, seed=2),
    "another repetition": lambda case: replace(case, sample=1),
    "what is cut off": lambda case: replace(case, first=("a" * 40_001, "b")),
    "the slots": lambda case: replace(case, first=case.second, second=case.first),
    "a space at the end": lambda case: replace(case, second=("c", "d ")),
    "where a turn ends": lambda case: replace(case, second=("c\nd", "")),
    "a text moved to another part": lambda case: replace(case, system="", reference="s"),
    "order of passages": lambda case: replace(case, contexts=case.contexts[::-1]),
    "a passage's id": lambda case: replace(case, contexts=(Context("1", "x"), Context("3", "y"))),
    "the image": lambda case: replace(case, images=("https://a.example/2.png",)),
    "the language": lambda case: replace(case, language="de"),
    "a look-alike letter": lambda case: replace(case, second=("c", "\u0501")),
    "a lone surrogate": lambda case: replace(case, second=("c", "\ud800")),
    "another lone surrogate": lambda case: replace(case, second=("c", "\ud801")),
}
"""What may tell two comparisons apart, so that one must not get the stored reply of the other."""


def taken_apart(messages: Messages) -> Call:
    """The mark, the fenced texts and the rest of one prompt."""
    texts = [(str(message["role"]), _text(message["content"])) for message in messages]
    found = ANY_FENCE.search("\n".join(text for _, text in texts))
    mark = found[1] if found else ""
    fences = re.compile(
        rf"^<<<(?P<label>[^\n]*) {mark}>>>\n(?P<text>.*?)\n<<<END (?P=label) {mark}>>>{LEFT_OUT}$",
        re.DOTALL | re.MULTILINE,
    )
    fenced = [(f["label"], f["text"]) for _, text in texts for f in fences.finditer(text)]
    rest = [(role, _bare(role, text, mark, fences)) for role, text in texts]
    return Call(mark, tuple(fenced), tuple(rest))


def _compared(make: Maker, hurt: Case, twin: Case, quote: str, own: str) -> list[str]:
    calls, result = calls_of(make, hurt, quote, own)
    others, other = calls_of(make, twin, HARMLESS, own)
    found = []
    if len(calls) != len(others):
        found.append(f"{len(calls)} calls instead of {len(others)}")
    for call, expected in zip(calls, others, strict=False):
        found += _outside(call, expected)
        found += _inside(call)
    if _essence(result) != _essence(other):
        found.append(f"the result is {_essence(result)} instead of {_essence(other)}")
    return found


def _outside(call: Call, expected: Call) -> list[str]:
    """What differs outside of the fences."""
    roles = [role for role, _ in call.skeleton]
    if roles != [role for role, _ in expected.skeleton]:
        return [f"the messages are {roles}"]
    if [label for label, _ in call.fenced] != [label for label, _ in expected.fenced]:
        return [f"the fences are {[label for label, _ in call.fenced]}"]
    if call.skeleton != expected.skeleton:
        return ["text of the case stands outside of its fences"]
    return []


def _inside(call: Call) -> list[str]:
    """What is wrong with the texts between the fences."""
    found = []
    for label, text in (*call.fenced, *call.skeleton):
        if call.mark and call.mark in text:
            found.append(f"the mark stands in {label}")
        if control := CONTROL.search(text):
            found.append(f"{label} holds the control token {control[0]!r}")
        try:
            text.encode()
        except UnicodeEncodeError:
            found.append(f"{label} cannot be sent")
    return found


def _swapped(make: Maker, case: Case) -> list[str]:
    """Both orders must differ in nothing but the slots."""
    turned = replace(case, first=case.second, second=case.first)
    calls, _ = calls_of(make, case, "")
    others, _ = calls_of(make, turned, "")
    found = []
    for call, other in zip(calls, others, strict=True):
        if call.skeleton != other.skeleton:
            found.append("the orders differ outside of the fences")
        if _slots(call, "A", "B") != _slots(other, "B", "A"):
            found.append("the orders differ in more than the slots")
    return found


def _slots(call: Call, one: str, two: str) -> tuple[list[str], list[str]]:
    """The texts shown as answers `one` and `two`."""
    shown = [
        [text for label, text in call.fenced if re.match(rf"ANSWER {name}\b", label)]
        for name in (one, two)
    ]
    return shown[0], shown[1]


def _mark_of_twin(make: Maker, attack: Attack, side: Side) -> str:
    """The mark of the fences in a call that an attacker may have seen before."""
    calls, _ = calls_of(make, case_of(attack.harmless(), side), "")
    return calls[0].mark if calls else ""


def _spoken(schema: Mapping[str, Any] | None, quote: str, own: str) -> str:
    said = f"One answer says: {quote} -- which decides nothing."
    return said if schema is None else json.dumps(filled(schema, said, own))


def _essence(result: Result) -> tuple[object, ...]:
    """What of a result decides anything."""
    if isinstance(result, Answer):
        return (str(result.preference), result.strength, result.scores, result.probability)
    return (str(result.why) if isinstance(result, Abstention) else "failed",)


def _text(content: object) -> str:
    """The text of a message; other parts are named by their type."""
    if isinstance(content, str):
        return content
    assert isinstance(content, Sequence)
    return "\n".join(str(part.get("text", f"[{part['type']}]")) for part in content)


def _bare(role: str, text: str, mark: str, fences: re.Pattern[str]) -> str:
    """A message without what is fenced; the judge's own earlier words count as a fence."""
    if role == "assistant":
        return ""
    return fences.sub(r"[\g<label>]", text).replace(mark, "MARK") if mark else text
