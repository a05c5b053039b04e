"""The exchanges of one judgment: what was asked, what came back, what it cost."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from judges.contracts import Abstention, Answer, Case, Preference, Silence, Usage
from judges.llm.client import Reply
from judges.llm.model import Asked, Messages, Model
from judges.llm.parsing import Unparsable

T = TypeVar("T")

REPAIR = """\
Your reply could not be read: {why}.
Keep your judgment. Send it again in the required form and nothing else:
{form}"""


class Silenced(Exception):
    """The model gave nothing to go on with; the judgment ends as an abstention."""

    def __init__(self, silence: Silence, why: str) -> None:
        super().__init__(why)
        self.silence = silence


@dataclass(frozen=True)
class Exchange:
    """One call. `label` says what it was for."""

    label: str
    messages: Messages
    asked: Asked

    @property
    def prompt_hash(self) -> str:
        return hash_of(self.messages)


@dataclass(frozen=True)
class Finding:
    """What a protocol concludes from its exchanges."""

    preference: Preference
    reason: str = ""
    probability: float | None = None
    strength: int | None = None
    scores: tuple[float, float] | None = None
    details: Mapping[str, Any] | None = None


def hash_of(messages: Messages) -> str:
    """SHA-256 of chat messages: the prompt hash of a judgment."""
    return hashlib.sha256(json.dumps(messages, sort_keys=True).encode()).hexdigest()


class Transcript:
    """Asks on behalf of one judgment and keeps what was said."""

    def __init__(self, model: Model, case: Case) -> None:
        self.model = model
        self.case = case
        self.exchanges: list[Exchange] = []

    async def ask(
        self,
        label: str,
        messages: Messages,
        read: Callable[[Reply], T | Unparsable],
        schema: Mapping[str, Any] | None = None,
    ) -> T:
        """Ask and read the reply; once more, for the form only, when it cannot be read.

        Raises Silenced when the model declines or cannot be read; JudgeError and Postponed as the
        model does.
        """
        reply = await self._exchange(label, messages, schema)
        found = read(reply)
        if isinstance(found, Unparsable) and self.model.params.repair and reply.text.strip():
            again = [*messages, *_follow_up(reply, found, schema)]
            reply = await self._exchange(f"{label}, repair", again, schema)
            found = read(reply)
        if isinstance(found, Unparsable):
            raise Silenced(Silence.UNPARSABLE, found.why)
        return found

    async def _exchange(
        self, label: str, messages: Messages, schema: Mapping[str, Any] | None
    ) -> Reply:
        asked = await self.model.ask(messages, schema, sample=self.case.sample)
        self.exchanges.append(Exchange(label, messages, asked))
        if asked.reply.refusal:
            raise Silenced(Silence.REFUSED, asked.reply.refusal)
        return asked.reply

    def answer(self, finding: Finding, details: Mapping[str, Any]) -> Answer:
        """The judgment that the exchanges led to."""
        return Answer(
            preference=finding.preference,
            reason=finding.reason,
            probability=finding.probability,
            strength=finding.strength,
            scores=finding.scores,
            raw=self._raw(),
            details={**self._details(), **details, **(finding.details or {})},
            usage=self._usage(),
        )

    def abstention(self, silenced: Silenced, details: Mapping[str, Any]) -> Abstention:
        """The judgment that there is none, and why. It was paid for, so it is kept."""
        return Abstention(
            silenced.silence,
            str(silenced),
            self._raw(),
            {**self._details(), **details},
            self._usage(),
        )

    def _raw(self) -> str:
        """The reply untouched; of several, a JSON list."""
        if len(self.exchanges) == 1:
            return self.exchanges[0].asked.reply.text
        said = [
            {"label": one.label, "prompt_hash": one.prompt_hash, "reply": one.asked.reply.text}
            for one in self.exchanges
        ]
        return json.dumps(said, ensure_ascii=False)

    def _details(self) -> dict[str, Any]:
        params = self.model.params
        details: dict[str, Any] = {
            "model": self.model.name,
            "temperature": params.temperature,
            "max_tokens": params.max_tokens,
            "seed": self.case.seed,
        }
        if self.exchanges:
            first, last = self.exchanges[0], self.exchanges[-1].asked.reply
            details |= {
                "model_replied": last.model,
                "prompt_hash": first.prompt_hash,
                "response_format": str(last.response_format),
                "finish_reason": last.finish_reason,
            }
            if last.thinking:
                details["thinking"] = last.thinking
        return details

    def _usage(self) -> Usage:
        paid = [one.asked for one in self.exchanges if not one.asked.cached]
        prices = [asked.usd for asked in paid]
        return Usage(
            calls=len(paid),
            cache_hits=len(self.exchanges) - len(paid),
            tokens_in=sum(asked.reply.tokens_in or 0 for asked in paid),
            tokens_out=sum(asked.reply.tokens_out or 0 for asked in paid),
            usd=None if None in prices else sum(price for price in prices if price is not None),
            latency_ms=sum(asked.reply.latency_ms for asked in paid),
        )


def _follow_up(
    reply: Reply, found: Unparsable, schema: Mapping[str, Any] | None
) -> list[dict[str, str]]:
    form = json.dumps(schema) if schema else "as the first message says"
    return [
        {"role": "assistant", "content": reply.text},
        {"role": "user", "content": REPAIR.format(why=found.why, form=form)},
    ]
