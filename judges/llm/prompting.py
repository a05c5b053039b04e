"""From a case to the chat messages that a judge is sent.

Everything that a case holds was written by others and may attack the judge. Each piece is fenced
by lines that carry a mark drawn from the case's seed and content: whoever wrote the content could
not know it, yet a rerun of the same case renders the same prompt to the letter.

Placeholders of a template: `prompt`, `first`, `second` (required), `system`, `reference`,
`rubric`, `contexts` (fenced, empty when the case has none), `criteria` (a list with dashes),
`verdicts` (what may be answered, a line each) and `mark`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from judges.contracts import Case, Preference, Turn
from judges.llm import templating
from judges.llm.templating import Template

REQUIRED = frozenset({"prompt", "first", "second"})
KNOWN = REQUIRED | {"system", "reference", "rubric", "contexts", "criteria", "verdicts", "mark"}

ROLES = ("system", "user", "assistant")

VERDICTS = {
    Preference.FIRST: ("A", "answer A is better"),
    Preference.SECOND: ("B", "answer B is better"),
    Preference.TIE: ("tie", "both are good, and neither is better"),
    Preference.BOTH_BAD: ("both_bad", "both are bad, and neither is of use"),
}
"""What the judge may say, and how that is explained to it."""


@dataclass(frozen=True)
class Style:
    """How prompts are rendered: the settings of a judge, without the case."""

    template: Template
    criteria: tuple[str, ...] = ()
    offered: tuple[Preference, ...] = tuple(Preference)
    max_chars: int = 30_000


@dataclass(frozen=True)
class Prompt:
    """A rendered prompt. `cut` is how many characters of each answer (first, second) are left out
    by the rule that both are held to; `sha256` is that of the messages."""

    messages: list[dict[str, str]]
    sha256: str
    mark: str
    cut: tuple[int, int]


def load_template(template: str) -> Template:
    """The template called so, or the text itself; ValueError says what is wrong with it."""
    return templating.load(template, KNOWN, REQUIRED)


def render(case: Case, style: Style) -> Prompt:
    """The messages for one case. Equal cases render equal prompts, different ones never do."""
    mark = _mark(case)
    # The longer conversation sets the share of a turn, so both answers are cut alike.
    limit = max(1, style.max_chars // max(len(case.first), len(case.second), 1))
    values = {
        "mark": mark,
        "prompt": _task(case.prompt, mark),
        "first": _answer("A", case, case.first, limit, mark),
        "second": _answer("B", case, case.second, limit, mark),
        "system": _optional("SYSTEM MESSAGE", case.system, mark),
        "reference": _optional("REFERENCE ANSWER", case.reference, mark),
        "rubric": _optional("RUBRIC", case.rubric, mark),
        "contexts": "\n\n".join(
            _fence(f"PASSAGE {number}", context.text, mark)
            for number, context in enumerate(case.contexts, start=1)
        ),
        "criteria": "\n".join(f"- {criterion}" for criterion in style.criteria),
        "verdicts": "\n".join('- "{}": {}'.format(*VERDICTS[p]) for p in style.offered),
    }
    messages = style.template.render(values)
    digest = hashlib.sha256(json.dumps(messages, sort_keys=True).encode()).hexdigest()
    return Prompt(messages, digest, mark, (_excess(case.first, limit), _excess(case.second, limit)))


def reply_schema(offered: Sequence[Preference]) -> dict[str, Any]:
    """The JSON schema of a reply: reason first, so that the verdict follows from it."""
    return {
        "type": "object",
        "properties": {
            "reason": {"type": "string"},
            "verdict": {"type": "string", "enum": [VERDICTS[p][0] for p in offered]},
        },
        "required": ["reason", "verdict"],
        "additionalProperties": False,
    }


def _mark(case: Case) -> str:
    """12 hex digits that stand nowhere in the case, from its seed and content."""
    # Without what is empty, so that a field that cases gain later changes no prompt of today.
    filled = {name: value for name, value in vars(case).items() if value}
    content = json.dumps(filled, sort_keys=True, default=vars)
    digest = hashlib.sha256(content.encode())
    while (mark := digest.hexdigest()[:12]) in content:
        digest.update(b"again")
    return mark


def _task(turns: Sequence[Turn], mark: str) -> str:
    """The whole conversation; user turns are numbered, and with them what follows."""
    if len(turns) == 1:
        return _fence("TASK", turns[0].content, mark)
    fenced, number = [], 0
    for turn in turns:
        number += turn.role == "user"
        role = turn.role.upper() if turn.role in ROLES else "OTHER"
        fenced.append(_fence(f"TASK, TURN {number}, {role}", turn.content, mark))
    return "\n\n".join(fenced)


def _answer(name: str, case: Case, turns: tuple[str, ...], limit: int, mark: str) -> str:
    """All turns of an answer, each cut to `limit` characters."""
    if len(turns) < 2:
        return _fence(f"ANSWER {name}", "".join(turns), mark, limit)
    replied = _replied_turns(case.prompt, len(turns))
    return "\n\n".join(
        _fence(f"ANSWER {name}, REPLY TO TURN {number}", turn, mark, limit)
        for number, turn in zip(replied, turns, strict=True)
    )


def _replied_turns(prompt: Sequence[Turn], count: int) -> list[int]:
    """The numbers of the user turns that `count` replies answer: the last that are left open."""
    roles = [turn.role for turn in prompt if turn.role != "system"]
    followed = zip(roles, [*roles[1:], ""], strict=True)
    asked = [after for role, after in followed if role == "user"]
    left_open = [n for n, after in enumerate(asked, start=1) if after != "assistant"]
    return left_open[-count:] if count <= len(left_open) else list(range(1, count + 1))


def _optional(label: str, text: str, mark: str) -> str:
    return _fence(label, text, mark) if text.strip() else ""


def _fence(label: str, text: str, mark: str, limit: int | None = None) -> str:
    shown = text if limit is None else text[:limit]
    left_out = len(text) - len(shown)
    note = f" ({left_out} more characters are not shown)" if left_out else ""
    sendable = shown.encode("utf-8", "replace").decode("utf-8")  # lone surrogates are not
    return f"<<<{label} {mark}>>>\n{sendable}\n<<<END {label} {mark}>>>{note}"


def _excess(turns: Sequence[str], limit: int) -> int:
    return sum(max(0, len(turn) - limit) for turn in turns)
