"""From rows to what a judge may see, and from its answer to a row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from arena.models import Comparison, Output, Prompt
from judges.contracts import (
    Abstention,
    Answer,
    Case,
    Context,
    GroupAnswer,
    GroupCase,
    Order,
    Preference,
    Presentation,
    Turn,
    Usage,
)
from judges.models import Judgment
from judges.services.replies import dumped, storable


class _Shown(TypedDict):
    """What a case shows of a prompt."""

    prompt: tuple[Turn, ...]
    system: str
    reference: str
    rubric: str
    contexts: tuple[Context, ...]
    images: tuple[str, ...]
    language: str


def seed_of(comparison: Comparison) -> int:
    """A number that belongs to the comparison and survives a new import of the same data."""
    return _number(
        comparison.prompt.key,
        comparison.output_a.competitor.name,
        comparison.output_b.competitor.name,
    )


def seed_of_prompt(prompt: Prompt) -> int:
    """The same for all comparisons of a prompt."""
    return _number(prompt.key)


def place_in_group(prompt: Prompt, output: Output, sample: int) -> tuple[int, int]:
    """Where an output stands in the order that is drawn for a prompt and sample.

    It depends on no other output, so that any part of them is shown in the same order.
    """
    drawn = _number(prompt.key, output.competitor.name, str(output.sample), str(sample))
    return drawn, output.pk


def _number(*parts: str) -> int:
    return int.from_bytes(hashlib.sha256("\0".join(parts).encode()).digest()[:6], "big")


def case_of(comparison: Comparison, shown: Presentation) -> Case:
    """The case that shows the comparison's outputs in this order. Names stay behind."""
    answers = (tuple(comparison.output_a.turns), tuple(comparison.output_b.turns))
    first, second = answers if shown.order is not Order.BA else answers[::-1]
    return Case(
        first=first,
        second=second,
        seed=seed_of(comparison),
        sample=shown.sample,
        **_shown(comparison.prompt),
    )


def group_case_of(prompt: Prompt, outputs: Sequence[Output], sample: int) -> GroupCase:
    """The case that shows these outputs in this order."""
    return GroupCase(
        answers=tuple(tuple(output.turns) for output in outputs),
        seed=seed_of_prompt(prompt),
        sample=sample,
        **_shown(prompt),
    )


def _shown(prompt: Prompt) -> _Shown:
    return {
        "prompt": tuple(Turn(turn["role"], turn["content"]) for turn in prompt.messages),
        "system": prompt.system,
        "reference": prompt.reference,
        "rubric": prompt.rubric,
        "contexts": tuple(Context(str(c.get("id", "")), c["text"]) for c in prompt.contexts),
        "images": tuple(prompt.images),
        "language": prompt.language,
    }


def pair_answer(
    answer: GroupAnswer | Abstention, first: int, second: int, group: str, usage: Usage
) -> Answer | Abstention:
    """What a group's answer says of two of its members, by their places in the order shown.

    `group` ties together the judgments that rest on one call; `usage` is this one's share of it.
    """
    details = {**answer.details, "group": group, "places": [first, second]}
    if isinstance(answer, Abstention):
        return Abstention(answer.why, answer.reason, answer.raw, details, usage)
    rank = {index: place for place, tied in enumerate(answer.ranks) for index in tied}
    preference = Preference.TIE
    if rank[first] != rank[second]:
        better = rank[first] < rank[second]
        preference = Preference.FIRST if better else Preference.SECOND
    details["ranks"] = [list(tied) for tied in answer.ranks]
    return Answer(preference, answer.reason, raw=answer.raw, details=details, usage=usage)


def judgment_of(
    judge_id: int, comparison_id: int, shown: Presentation, reply: Answer | Abstention
) -> Judgment:
    """The row that records a reply, turned from first/second to a/b."""
    row = row_of(judge_id, comparison_id, shown, reply)
    return Judgment(**{**row, "details": json.loads(row["details"])})


def row_of(
    judge_id: int, comparison_id: int, shown: Presentation, reply: Answer | Abstention
) -> Mapping[str, Any]:
    """The same as columns, with `details` as JSON text."""
    swapped = shown.order is Order.BA
    answer = reply if isinstance(reply, Answer) else None
    probability = answer.probability if answer else None
    if probability is not None and swapped:
        probability = 1.0 - probability
    scores = (answer.scores if answer else None) or (None, None)
    score_a, score_b = scores[::-1] if swapped else scores
    usage = reply.usage
    return {
        "judge_id": judge_id,
        "comparison_id": comparison_id,
        "order": str(shown.order),
        "sample": shown.sample,
        "winner": str(answer.preference.winner(shown.order)) if answer else None,
        "silence": str(reply.why) if isinstance(reply, Abstention) else None,
        "probability": probability,
        "strength": answer.strength if answer else None,
        "score_a": score_a,
        "score_b": score_b,
        "reason": storable(reply.reason),
        "raw": storable(reply.raw),
        "details": storable(dumped(reply.details)),
        "calls": usage.calls,
        "cache_hits": usage.cache_hits,
        "tokens_in": usage.tokens_in,
        "tokens_out": usage.tokens_out,
        "usd": usage.usd,
        "latency_ms": usage.latency_ms,
    }
