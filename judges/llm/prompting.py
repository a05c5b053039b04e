"""From a case to the chat messages that a judge is sent.

Everything that a case holds was written by others and may attack the judge. Each piece is fenced
by lines that carry a mark drawn from the comparison's seed and content: whoever wrote the content
could not know it, and it stands nowhere in the content. A rerun of the same case renders the same
prompt to the letter, and the other order of it differs in the two slots alone.

Any protocol renders its prompts here:

    template = prompting.load_template("yours_v1", required={"prompt", "first"}, own={"reviews"})
    mark = prompting.mark_of(case, *said)              # stands neither in the case nor in `said`
    own = {"reviews": prompting.fence("REVIEW 1", said[0], mark)}
    prompt = prompting.render(case, Style(template), own, mark)

`PLACEHOLDERS` are there in every template; what a model said before is as hostile as an answer, so
fence it too.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from judges.contracts import Case, Preference, Turn
from judges.llm import images, templating
from judges.llm.control_tokens import defused
from judges.llm.images import Sorted
from judges.llm.templating import Template

PLACEHOLDERS = {
    "prompt": "the task: all its turns, fenced",
    "first": "the answer shown first, called A: all its turns, fenced",
    "second": "the answer shown second, called B: all its turns, fenced",
    "system": "the system message that the answers had to respect, fenced",
    "reference": "the prompt's reference answer, fenced",
    "rubric": "the prompt's own rubric, fenced",
    "contexts": "the passages that were retrieved for the task, each fenced",
    "images": "a line for each image of the task; the images themselves head the message",
    "criteria": "the judge's criteria, a line each",
    "instructions": "the judge's own instructions or persona",
    "reason_language": "the language in which the judge is to reason",
    "verdicts": "what may be answered, a line each",
    "mark": "the mark of all fences: drawn for this comparison, unknown to who wrote the content",
}
"""What every template may show. Fenced values were written by others. Values that a case or a
judge does not have are empty, and sections round them disappear."""

REQUIRED = frozenset({"prompt", "first", "second"})

ROLES = ("system", "user", "assistant")

VERDICTS = {
    Preference.FIRST: ("A", "answer A is better"),
    Preference.SECOND: ("B", "answer B is better"),
    Preference.TIE: ("tie", "both are good, and neither is better"),
    Preference.BOTH_BAD: ("both_bad", "both are bad, and neither is of use"),
}
"""What the judge may say, and how that is explained to it."""

GRADED = {
    Preference.FIRST: (
        ("A_much", "answer A is much better"),
        ("A_slightly", "answer A is slightly better"),
    ),
    Preference.SECOND: (
        ("B_slightly", "answer B is slightly better"),
        ("B_much", "answer B is much better"),
    ),
}
"""The same where it is asked how clearly the better one is better."""

NOT_IN_A_LABEL = re.compile(r"[^\w ,.()/'-]+")
LONGEST_LABEL = 60


@dataclass(frozen=True)
class Style:
    """How prompts are rendered: the settings of a judge, without the case."""

    template: Template
    criteria: tuple[str, ...] = ()
    offered: tuple[Preference, ...] = tuple(Preference)
    max_chars: int = 30_000
    graded: bool = False
    numbered: bool = False
    images: bool = True
    instructions: str = ""
    reason_language: str = ""


@dataclass(frozen=True)
class Prompt:
    """A rendered prompt. `cut` is how many characters of each answer (first, second) are left out
    by the rule that both are held to."""

    messages: list[dict[str, Any]]
    mark: str
    cut: tuple[int, int]

    @property
    def sha256(self) -> str:
        """The hash of the messages, by which judgments name them."""
        return hash_of(self.messages)


def load_template(
    template: str, required: Collection[str] = REQUIRED, own: Collection[str] = ()
) -> Template:
    """The template called so, or the text itself; ValueError says what is wrong with it.

    `required` must be shown; `own` are placeholders of the kind's own beside `PLACEHOLDERS`.
    """
    return templating.load(template, PLACEHOLDERS.keys() | set(own), required)


def render(
    case: Case, style: Style, own: Mapping[str, str] | None = None, mark: str = ""
) -> Prompt:
    """The messages for one case. Equal cases render equal prompts, different ones never do.

    `own` are values of the kind's own placeholders; what others wrote in them has to be fenced with
    `mark`, which `mark_of` gives.
    """
    mark = mark or mark_of(case)
    found = shown_images(case, style)
    filled = style.template.render({**values(case, style, mark), **(own or {})})
    return Prompt(_with_images(filled, found, mark), mark, cut_of(case, style))


def values(case: Case, style: Style, mark: str) -> dict[str, str]:
    """All `PLACEHOLDERS` for one case; what others wrote is fenced with `mark`."""
    limit = limit_of(case, style)
    return {
        "mark": mark,
        "prompt": conversation(case.prompt, mark),
        "first": answer("A", case, case.first, limit, mark),
        "second": answer("B", case, case.second, limit, mark),
        "system": _optional("SYSTEM MESSAGE", case.system, mark),
        "reference": _optional("REFERENCE ANSWER", case.reference, mark),
        "rubric": _optional("RUBRIC", case.rubric, mark),
        "contexts": "\n\n".join(
            fence(f"PASSAGE {number}", context.text, mark)
            for number, context in enumerate(case.contexts, start=1)
        ),
        "images": _image_lines(shown_images(case, style)),
        "criteria": listed(style.criteria, style.numbered),
        "instructions": style.instructions,
        "reason_language": style.reason_language,
        "verdicts": "\n".join(f'- "{said}": {means}' for said, means in verdicts(style)),
    }


def mark_of(case: Case, *said: str) -> str:
    """12 hex digits that stand neither in the case nor in `said`, from its seed and content.

    Both orders of a comparison have the same; `said` is what else gets fenced with it.
    """
    # Without what is empty, so that a field that cases gain later changes no prompt of today.
    filled = {name: value for name, value in vars(case).items() if value}
    filled["answers"] = sorted((filled.pop("first", ()), filled.pop("second", ())))
    content = json.dumps([filled, *said], sort_keys=True, default=vars)
    digest = hashlib.sha256(content.encode())
    while (mark := digest.hexdigest()[:12]) in content:
        digest.update(b"again")
    return mark


def fence(label: str, text: str, mark: str, limit: int | None = None) -> str:
    """`text` between two lines that carry the label and the mark, cut to `limit` characters.

    What is left out is said behind the fence. A label holds words and plain signs only.
    """
    label = " ".join(NOT_IN_A_LABEL.sub(" ", label).split())[:LONGEST_LABEL]
    shown = text if limit is None else text[:limit]
    left_out = len(text) - len(shown)
    note = f" ({left_out} more characters are not shown)" if left_out else ""
    return f"<<<{label} {mark}>>>\n{sendable(shown)}\n<<<END {label} {mark}>>>{note}"


def conversation(turns: Sequence[Turn], mark: str, label: str = "TASK") -> str:
    """A whole conversation; user turns are numbered, and with them what follows."""
    if len(turns) == 1:
        return fence(label, turns[0].content, mark)
    fenced, number = [], 0
    for turn in turns:
        number += turn.role == "user"
        role = turn.role.upper() if turn.role in ROLES else "OTHER"
        fenced.append(fence(f"{label}, TURN {number}, {role}", turn.content, mark))
    return "\n\n".join(fenced)


def answer(name: str, case: Case, turns: Sequence[str], limit: int, mark: str) -> str:
    """All turns of the answer called ANSWER `name`, each cut to `limit` characters."""
    label = f"ANSWER {name}".strip()
    if len(turns) < 2:
        return fence(label, "".join(turns), mark, limit)
    replied = replied_turns(case.prompt, len(turns))
    return "\n\n".join(
        fence(f"{label}, REPLY TO TURN {number}", turn, mark, limit)
        for number, turn in zip(replied, turns, strict=True)
    )


def replied_turns(prompt: Sequence[Turn], count: int) -> list[int]:
    """The numbers of the user turns that `count` replies answer: the last that are left open."""
    roles = [turn.role for turn in prompt if turn.role != "system"]
    followed = zip(roles, [*roles[1:], ""], strict=True)
    asked = [after for role, after in followed if role == "user"]
    left_open = [n for n, after in enumerate(asked, start=1) if after != "assistant"]
    return left_open[-count:] if count <= len(left_open) else list(range(1, count + 1))


def limit_of(case: Case, style: Style) -> int:
    """Characters of a turn: the longer conversation sets the share, so both are cut alike."""
    return max(1, style.max_chars // max(len(case.first), len(case.second), 1))


def cut_of(case: Case, style: Style) -> tuple[int, int]:
    """How many characters of first and second are left out."""
    limit = limit_of(case, style)
    return excess(case.first, limit), excess(case.second, limit)


def excess(turns: Sequence[str], limit: int) -> int:
    """Characters beyond `limit`, of all turns together."""
    return sum(max(0, len(turn) - limit) for turn in turns)


def shown(case: Case, style: Style) -> dict[str, Any]:
    """What a record has to say of what was shown: what was cut, and which images were left out."""
    first, second = cut_of(case, style)
    cut = {"max_chars": style.max_chars, "first": first, "second": second}
    said: dict[str, Any] = {"truncated": cut if first or second else None}
    if case.images:
        found = shown_images(case, style)
        left_out = [{"image": number, "why": why} for number, why in found.left_out]
        said["images"] = {"shown": len(found.shown), "left_out": left_out}
    return said


def shown_images(case: Case, style: Style) -> Sorted:
    """The case's images that are sent, and those that are not."""
    if not style.images:
        why = "this judge is shown no images"
        return Sorted((), tuple((number, why) for number in range(1, len(case.images) + 1)))
    return images.sort_out(case.images)


def verdicts(style: Style) -> list[tuple[str, str]]:
    """What the judge may say and what that means, from A to B where it is graded."""
    if not style.graded:
        return [VERDICTS[preference] for preference in style.offered]
    ladder = (Preference.FIRST, Preference.TIE, Preference.SECOND, Preference.BOTH_BAD)
    offered = (preference for preference in ladder if preference in style.offered)
    return [said for one in offered for said in GRADED.get(one, (VERDICTS[one],))]


def listed(items: Sequence[str], numbered: bool = False) -> str:
    """A line each, with dashes or numbers."""
    marks = (f"{number}." for number in range(1, len(items) + 1)) if numbered else "-" * len(items)
    return "\n".join(f"{mark} {item}" for mark, item in zip(marks, items, strict=True))


def object_schema(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON schema of an object with exactly these keys, in this order."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def hash_of(messages: Sequence[Mapping[str, Any]]) -> str:
    """SHA-256 of chat messages: the prompt hash of a judgment."""
    return hashlib.sha256(json.dumps(messages, sort_keys=True).encode()).hexdigest()


def sendable(text: str) -> str:
    """`text` without lone surrogates, which no request can hold, and without control tokens."""
    return defused(text.encode("utf-8", "replace").decode("utf-8"))


def _optional(label: str, text: str, mark: str) -> str:
    return fence(label, text, mark) if text.strip() else ""


def _image_lines(found: Sorted) -> str:
    lines = [(number, f"- IMAGE {number}") for number, _ in found.shown]
    lines += [(number, f"- IMAGE {number} cannot be shown") for number, _ in found.left_out]
    return "\n".join(line for _, line in sorted(lines))


def _with_images(messages: list[dict[str, str]], found: Sorted, mark: str) -> list[dict[str, Any]]:
    """The messages with the images, each between its own fence, at the head of the last one."""
    if not found.shown or not messages:
        return list(messages)
    parts: list[dict[str, Any]] = []
    for number, image in found.shown:
        parts += [
            {"type": "text", "text": f"<<<IMAGE {number} {mark}>>>"},
            {"type": "image_url", "image_url": {"url": image}},
            {"type": "text", "text": f"<<<END IMAGE {number} {mark}>>>"},
        ]
    *before, last = messages
    text = {"type": "text", "text": last["content"]}
    return [*before, {**last, "content": [*parts, text]}]
