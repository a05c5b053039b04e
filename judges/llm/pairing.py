"""What protocols share that take several calls: scores, orders, silences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from judges.contracts import Case, Preference, Silence
from judges.llm import parsing
from judges.llm.params import PromptParams
from judges.llm.parsing import Unparsable
from judges.llm.prompting import Style, object_schema
from judges.llm.reply import Reply
from judges.llm.templating import Template
from judges.llm.transcript import Silenced


@dataclass(frozen=True)
class Scored:
    """What one reply gives the answers that it calls A and B, and why."""

    first: float
    second: float
    reason: str


def scores_schema(low: float, high: float) -> dict[str, Any]:
    """The JSON schema of `Scored`: the reason first, so that the scores follow from it."""
    number = scale(low, high)
    return object_schema({"reason": {"type": "string"}, "score_a": number, "score_b": number})


def scale(low: float, high: float) -> dict[str, Any]:
    """The JSON schema of a score in halves. Listed, as fewer servers understand bounds."""
    halves = (low + step / 2 for step in range(round(2 * (high - low)) + 1))
    return {"type": "number", "enum": [int(one) if one == int(one) else one for one in halves]}


def read_scores(reply: Reply, low: float, high: float) -> Scored | Unparsable:
    """Both scores of a reply, each from `low` to `high`; one alone is worth nothing."""
    said = parsing.object_of(reply, ("reason", "score_a", "score_b"))
    if isinstance(said, Unparsable):
        return said
    first = parsing.score(said["score_a"], low, high)
    second = parsing.score(said["score_b"], low, high)
    if isinstance(first, Unparsable):
        return first
    if isinstance(second, Unparsable):
        return second
    return Scored(first, second, parsing.plain(said["reason"]))


def preference_of(first: float, second: float, margin: float) -> Preference:
    """The higher score wins; a difference of at most `margin` is a tie."""
    if abs(first - second) <= margin:
        return Preference.TIE
    return Preference.FIRST if first > second else Preference.SECOND


def canonical(case: Case) -> tuple[Case, bool]:
    """The case with its answers in an order that belongs to their texts, and whether they were
    swapped for it. A protocol that starts here cannot depend on which was given as first."""
    if case.first <= case.second:
        return case, False
    return swapped(case), True


def swapped(case: Case) -> Case:
    """The same case in the other order."""
    return replace(case, first=case.second, second=case.first)


def mean(numbers: Iterable[float]) -> float:
    """The arithmetic mean of at least one number."""
    listed = list(numbers)
    return sum(listed) / len(listed)


def prevailing(silent: Sequence[Silenced], words: str) -> Silenced:
    """One silence for several of them: the most frequent, with the words of its first."""
    counted = Counter(one.silence for one in silent).most_common(1)
    why = counted[0][0] if counted else Silence.UNPARSABLE
    first = next((f": {one}" for one in silent if one.silence is why), "")
    return Silenced(why, words + first)


def style_of(template: Template, params: PromptParams, max_chars: int) -> Style:
    """How a template is rendered with what a judge is told beside the case."""
    return Style(
        template=template,
        criteria=tuple(params.criteria),
        max_chars=max_chars,
        images=params.images,
        instructions=params.instructions,
        reason_language=params.reason_language,
    )


def hashes(*templates: Template) -> dict[str, Any]:
    """What reproduces prompts of several templates: their names and hashes."""
    return {
        "template": ", ".join(template.name for template in templates),
        "template_hash": ", ".join(template.sha256 for template in templates),
    }
