"""From rows to what a judge may see, and from its answer to a row."""

from __future__ import annotations

import hashlib
import json

from arena.models import Comparison
from judges.contracts import Abstention, Answer, Case, Context, Order, Presentation, Turn
from judges.models import Judgment


def seed_of(comparison: Comparison) -> int:
    """A number that belongs to the comparison and survives a new import of the same data."""
    parts = (
        comparison.prompt.key,
        comparison.output_a.competitor.name,
        comparison.output_b.competitor.name,
    )
    return int.from_bytes(hashlib.sha256("\0".join(parts).encode()).digest()[:6], "big")


def case_of(comparison: Comparison, shown: Presentation) -> Case:
    """The case that shows the comparison's outputs in this order. Names stay behind."""
    prompt = comparison.prompt
    answers = (tuple(comparison.output_a.turns), tuple(comparison.output_b.turns))
    first, second = answers if shown.order is not Order.BA else answers[::-1]
    return Case(
        prompt=tuple(Turn(turn["role"], turn["content"]) for turn in prompt.messages),
        first=first,
        second=second,
        system=prompt.system,
        reference=prompt.reference,
        rubric=prompt.rubric,
        contexts=tuple(Context(str(c.get("id", "")), c["text"]) for c in prompt.contexts),
        images=tuple(prompt.images),
        language=prompt.language,
        seed=seed_of(comparison),
        sample=shown.sample,
    )


def judgment_of(
    judge_id: int, comparison_id: int, shown: Presentation, reply: Answer | Abstention
) -> Judgment:
    """The row that records a reply, turned from first/second to a/b."""
    swapped = shown.order is Order.BA
    answer = reply if isinstance(reply, Answer) else None
    probability = answer.probability if answer else None
    if probability is not None and swapped:
        probability = 1.0 - probability
    scores = (answer.scores if answer else None) or (None, None)
    score_a, score_b = scores[::-1] if swapped else scores
    return Judgment(
        judge_id=judge_id,
        comparison_id=comparison_id,
        order=shown.order,
        sample=shown.sample,
        winner=answer.preference.winner(shown.order) if answer else None,
        silence=reply.why if isinstance(reply, Abstention) else None,
        probability=probability,
        strength=answer.strength if answer else None,
        score_a=score_a,
        score_b=score_b,
        reason=storable(reply.reason),
        raw=storable(reply.raw),
        details=json.loads(storable(json.dumps(dict(reply.details), ensure_ascii=False))),
        calls=reply.usage.calls,
        cache_hits=reply.usage.cache_hits,
        tokens_in=reply.usage.tokens_in,
        tokens_out=reply.usage.tokens_out,
        usd=reply.usage.usd,
        latency_ms=reply.usage.latency_ms,
    )


def storable(text: str) -> str:
    """`text` as every database takes it: NUL and lone surrogates become U+FFFD."""
    clean = text.encode("utf-8", "replace").decode("utf-8")
    return clean.replace("\0", "\ufffd").replace("\\u0000", "\\ufffd")
