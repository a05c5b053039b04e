"""One language model that compares two answers, behind any OpenAI-compatible endpoint."""

from __future__ import annotations

import os
import random
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, JsonValue, field_validator, model_validator

from arena.common import plugins
from judges.contracts import (
    Abstention,
    Answer,
    Case,
    Order,
    Preference,
    Presentation,
    Silence,
    Source,
    Usage,
)
from judges.kinds import registry
from judges.llm import endpoint, prompting
from judges.llm.client import ChatClient, Reply, Request
from judges.llm.parsing import Verdict, parse
from judges.llm.prompting import Prompt, Style

DECISIVE = (Preference.FIRST, Preference.SECOND)
PER_TOKEN = 1e-6
"""Prices are told per million tokens."""

OWN_FIELDS = {"model", "messages", "temperature", "max_tokens", "response_format", "stream", "n"}
"""Fields of the request body that `extra` may not set: they have a param, or would change what a
reply is."""


@registry.register("llm")
class LanguageModel:
    """Shows a model the prompt and both answers, and asks for a reason and then a verdict."""

    label: ClassVar[str] = "Language model"
    description: ClassVar[str] = (
        "A model behind any OpenAI-compatible endpoint reads the prompt and both answers, gives "
        "its reason and then its verdict; by default in both orders."
    )
    source: ClassVar[Source] = Source.CALLS

    class Params(plugins.Params):
        model: str = Field(min_length=1, description="the model's name at the endpoint")
        base_url: str | None = Field(
            default=None, description="the endpoint, like https://host/v1; else OPENAI_BASE_URL"
        )
        api_key_env: str | None = Field(
            default=None,
            description="environment variable with the key, ending in _API_KEY; else "
            "OPENAI_API_KEY, which is sent to OPENAI_BASE_URL only",
        )
        temperature: float | None = Field(
            default=None, ge=0, description="sent only when set: reasoning models take none"
        )
        max_tokens: int | None = Field(
            default=None, ge=1, description="limit of a reply, thinking included; sent when set"
        )
        template: str = Field(
            default="pairwise_v1",
            min_length=1,
            description="a template that comes with Arena, or the text of one (several lines)",
        )
        criteria: list[str] = Field(default=[], max_length=20, description="what to judge by")
        allow_ties: bool = Field(default=True, description="offer tie and both bad")
        orders: Literal["both", "random", "ab"] = Field(
            default="both", description="which answer is shown first: each once, one drawn, or a"
        )
        samples: int = Field(default=1, ge=1, le=32, description="repetitions of each order")
        extra: dict[str, JsonValue] = Field(
            default={}, description="passed through in the request body"
        )
        timeout: float = Field(
            default=180, gt=0, le=3600, description="seconds for a call, retries included"
        )
        price_in: float | None = Field(
            default=None, ge=0, description="USD per million tokens of the prompt"
        )
        price_out: float | None = Field(
            default=None, ge=0, description="USD per million tokens of the reply"
        )
        max_chars: int = Field(
            default=30_000, ge=100, description="characters of an answer that are shown"
        )

        @field_validator("base_url")
        @classmethod
        def _plain_address(cls, value: str | None) -> str | None:
            return value if value is None else endpoint.check_base_url(value)

        @field_validator("api_key_env")
        @classmethod
        def _name_of_a_key(cls, value: str | None) -> str | None:
            return value if value is None else endpoint.check_key_name(value)

        @field_validator("template")
        @classmethod
        def _usable_template(cls, value: str) -> str:
            prompting.load_template(value)
            return value

        @field_validator("extra")
        @classmethod
        def _nothing_of_ours(cls, value: dict[str, JsonValue]) -> dict[str, JsonValue]:
            if taken := sorted(OWN_FIELDS & set(value)):
                raise ValueError(f"may not set {', '.join(taken)}")
            return value

        @model_validator(mode="after")
        def _both_prices_or_none(self) -> Self:
            if (self.price_in is None) != (self.price_out is None):
                raise ValueError("price_in and price_out go together")
            return self

    def __init__(self, params: Params) -> None:
        self.params = params
        self.offered = tuple(Preference) if params.allow_ties else DECISIVE
        self.style = Style(
            template=prompting.load_template(params.template),
            criteria=tuple(params.criteria),
            offered=self.offered,
            max_chars=params.max_chars,
        )
        self._client: ChatClient | None = None

    def presentations(self, seed: int) -> tuple[Presentation, ...]:
        """Every order that is asked, as often as `samples` says."""
        return tuple(
            Presentation(order, sample)
            for sample in range(self.params.samples)
            for order in self._orders(seed, sample)
        )

    def planned_calls(self) -> int:
        """One call for each presentation."""
        return len(self.presentations(seed=0))

    def render(self, case: Case) -> Prompt:
        """The prompt that `judge` would send, without sending it."""
        return prompting.render(case, self.style)

    async def judge(self, case: Case) -> Answer | Abstention:
        """Ask the model once. Raises JudgeError when it gives no reply; ends within `timeout`."""
        prompt = self.render(case)
        if self._client is None:
            self._client = self._open()
        reply = await self._client.complete(self._request(prompt))
        details = self._details(case, prompt, reply)
        return self._read(reply, details, self._usage(reply))

    async def close(self) -> None:
        """Close the connections; nothing to do when no call was made."""
        if self._client is not None:
            await self._client.close()

    def _orders(self, seed: int, sample: int) -> tuple[Order, ...]:
        if self.params.orders == "both":
            return (Order.AB, Order.BA)
        if self.params.orders == "ab":
            return (Order.AB,)
        return (random.Random(f"{seed}:{sample}").choice((Order.AB, Order.BA)),)

    def _open(self) -> ChatClient:
        params = self.params
        return ChatClient(endpoint.resolve(params.base_url, params.api_key_env, os.environ))

    def _request(self, prompt: Prompt) -> Request:
        return Request(
            model=self.params.model,
            messages=prompt.messages,
            schema=prompting.reply_schema(self.offered),
            temperature=self.params.temperature,
            max_tokens=self.params.max_tokens,
            timeout=self.params.timeout,
            extra=self.params.extra,
        )

    def _read(self, reply: Reply, details: dict[str, Any], usage: Usage) -> Answer | Abstention:
        if reply.refusal:
            return Abstention(Silence.REFUSED, reply.refusal, reply.text, details, usage)
        read = parse(reply.text, self.offered, cut_off=reply.finish_reason == "length")
        if isinstance(read, Verdict):
            return Answer(
                read.preference, read.reason, raw=reply.text, details=details, usage=usage
            )
        return Abstention(Silence.UNPARSABLE, read.why, reply.text, details, usage)

    def _details(self, case: Case, prompt: Prompt, reply: Reply) -> dict[str, Any]:
        """What reproduces the call, and what is worth knowing of it beside the reply's text."""
        details = {
            "model": self.params.model,
            "model_replied": reply.model,
            "prompt_hash": prompt.sha256,
            "template": self.style.template.name,
            "template_hash": self.style.template.sha256,
            "response_format": str(reply.response_format),
            "temperature": self.params.temperature,
            "max_tokens": self.params.max_tokens,
            "seed": case.seed,
            "truncated": self._truncated(prompt),
            "finish_reason": reply.finish_reason,
        }
        return details | {"thinking": reply.thinking} if reply.thinking else details

    def _truncated(self, prompt: Prompt) -> dict[str, int] | None:
        if not any(prompt.cut):
            return None
        first, second = prompt.cut
        return {"max_chars": self.params.max_chars, "first": first, "second": second}

    def _usage(self, reply: Reply) -> Usage:
        return Usage(
            calls=1,
            tokens_in=reply.tokens_in or 0,
            tokens_out=reply.tokens_out or 0,
            usd=self._usd(reply),
            latency_ms=reply.latency_ms,
        )

    def _usd(self, reply: Reply) -> float | None:
        """The price by the judge's own prices, else what the endpoint reports, else unknown."""
        p = self.params
        if p.price_in is None or p.price_out is None:
            return reply.usd
        if reply.tokens_in is None or reply.tokens_out is None:
            return None
        return (reply.tokens_in * p.price_in + reply.tokens_out * p.price_out) * PER_TOKEN
