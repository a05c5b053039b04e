"""The exchanges of one judgment: what was asked, what came back, what it cost."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from judges.contracts import Abstention, Answer, Case, Preference, Silence, Usage
from judges.llm.model import Asked, Messages, Model
from judges.llm.parsing import Unparsable, without_thinking
from judges.llm.prompting import hash_of, sendable
from judges.llm.quotations import unquoted
from judges.llm.reply import Reply

T = TypeVar("T")

REPAIRED = ", repair"

REPAIR = """\
Your reply could not be read. Keep your judgment, and send it again in the required form alone:
{form}"""
"""Quotes nothing of the reply: what a judge took from an answer must not come back as an order."""


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
        return self.asked.prompt_hash or hash_of(self.messages)


@dataclass(frozen=True)
class Finding:
    """What a protocol concludes from its exchanges."""

    preference: Preference
    reason: str = ""
    probability: float | None = None
    strength: int | None = None
    scores: tuple[float, float] | None = None
    details: Mapping[str, Any] | None = None


class Transcript:
    """Asks on behalf of one judgment and keeps what was said."""

    def __init__(self, model: Model, case: Case) -> None:
        self.model = model
        self.case = case
        self.exchanges: list[Exchange] = []
        self.pending: dict[str, Messages] = {}  # by label, while no reply has come

    async def ask(
        self,
        label: str,
        messages: Messages,
        read: Callable[[Reply], T | Unparsable],
        schema: Mapping[str, Any] | None = None,
        top_logprobs: int = 0,
    ) -> T:
        """Ask and read the reply; once more, for the form only, when it cannot be read.

        `read` gets the reply without what it merely quotes from the case. `top_logprobs` asks for
        the log-probabilities of so many alternatives of each token.

        Raises Silenced when the model declines or cannot be read; JudgeError and Postponed as the
        model does.
        """
        reply = await self._exchange(label, messages, schema, top_logprobs)
        found = read(self._own(reply))
        said = without_thinking(reply.text)
        if isinstance(found, Unparsable) and self.model.params.repair and said:
            again = [*messages, *_follow_up(said, schema)]
            reply = await self._exchange(f"{label}{REPAIRED}", again, schema, top_logprobs)
            found = read(self._own(reply))
        if isinstance(found, Unparsable):
            raise Silenced(Silence.UNPARSABLE, found.why)
        return found

    def _own(self, reply: Reply) -> Reply:
        """The reply without the statements that it may merely quote; every character keeps its
        place."""
        return replace(reply, text=unquoted(reply.text, self.case))

    async def _exchange(
        self, label: str, messages: Messages, schema: Mapping[str, Any] | None, top_logprobs: int
    ) -> Reply:
        self.pending[label] = messages
        asked = await self.model.ask(messages, schema, self.case.sample, top_logprobs)
        del self.pending[label]
        self.exchanges.append(Exchange(label, messages, asked))
        if asked.reply.refusal:
            raise Silenced(Silence.REFUSED, asked.reply.refusal)
        if asked.reply.exhausted:
            raise Silenced(Silence.UNPARSABLE, asked.reply.exhausted)
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
            usage=self.usage(),
        )

    def abstention(self, silenced: Silenced, details: Mapping[str, Any]) -> Abstention:
        """The judgment that there is none, and why. It was paid for, so it is kept."""
        return Abstention(
            silenced.silence,
            str(silenced),
            self._raw(),
            {**self._details(), **details},
            self.usage(),
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
            repaired = sum(one.label.endswith(REPAIRED) for one in self.exchanges)
            if repaired:
                details["repaired"] = repaired
            if last.dropped:
                details["dropped"] = list(last.dropped)
            if last.thinking:
                details["thinking"] = last.thinking
        return details

    def usage(self) -> Usage:
        """What the exchanges cost."""
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


def _follow_up(said: str, schema: Mapping[str, Any] | None) -> list[dict[str, str]]:
    form = json.dumps(schema) if schema else "as the first message says"
    return [
        {"role": "assistant", "content": sendable(said)},
        {"role": "user", "content": REPAIR.format(form=form)},
    ]
