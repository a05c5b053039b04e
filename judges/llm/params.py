"""The params that all kinds share which ask a language model."""

from __future__ import annotations

import random
from typing import Literal, Self

from pydantic import Field, JsonValue, ValidationInfo, field_validator, model_validator

from arena.common import plugins
from judges.contracts import Order, Presentation
from judges.llm import endpoint
from judges.llm.headers import check_headers

OWN_FIELDS = {"model", "messages", "temperature", "max_tokens", "response_format", "stream", "n"}
"""Fields of the request body that `extra` may not set: they have a param, or would change what a
reply is."""


class ModelParams(plugins.Params):
    """Which model is asked, where, how, and what it costs."""

    endpoint: str | None = Field(
        default=None,
        min_length=1,
        description="an endpoint of the project, which has address, key, prices and limits",
    )
    model: str = Field(
        default="",
        validate_default=True,
        description="the model's name at the endpoint; may be left to `endpoint`",
    )
    base_url: str | None = Field(
        default=None, description="the endpoint, like https://host/v1; else OPENAI_BASE_URL"
    )
    api_key_env: str | None = Field(
        default=None,
        description="environment variable with the key, ending in _API_KEY; else "
        "OPENAI_API_KEY, which is sent to OPENAI_BASE_URL only",
    )
    headers: dict[str, str] = Field(
        default={}, max_length=20, description="HTTP headers sent with every call; no secrets"
    )
    temperature: float | None = Field(
        default=None, ge=0, description="sent only when set: reasoning models take none"
    )
    max_tokens: int | None = Field(
        default=None, ge=1, description="limit of a reply, thinking included; sent when set"
    )
    extra: dict[str, JsonValue] = Field(
        default={}, description="passed through in the request body"
    )
    timeout: float = Field(
        default=180, gt=0, le=3600, description="seconds for one attempt at a call"
    )
    price_in: float | None = Field(
        default=None, ge=0, description="USD per million tokens of the prompt"
    )
    price_out: float | None = Field(
        default=None, ge=0, description="USD per million tokens of the reply"
    )
    cache: bool = Field(
        default=True, description="use a reply that was paid for before, if all is equal"
    )
    repair: bool = Field(
        default=True, description="ask once for the right form when a reply cannot be read"
    )

    @field_validator("model")
    @classmethod
    def _some_model(cls, value: str, info: ValidationInfo) -> str:
        if not value.strip() and not info.data.get("endpoint"):
            raise ValueError("name the model, or an endpoint that has one")
        return value.strip()

    @field_validator("base_url", "api_key_env")
    @classmethod
    def _not_beside_an_endpoint(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and info.data.get("endpoint"):
            raise ValueError("the endpoint has its own; leave this out")
        return value

    @field_validator("base_url")
    @classmethod
    def _plain_address(cls, value: str | None) -> str | None:
        return value if value is None else endpoint.check_base_url(value)

    @field_validator("api_key_env")
    @classmethod
    def _name_of_a_key(cls, value: str | None) -> str | None:
        return value if value is None else endpoint.check_key_name(value)

    @field_validator("headers")
    @classmethod
    def _no_secrets(cls, value: dict[str, str]) -> dict[str, str]:
        return check_headers(value)

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


class RepeatParams(plugins.Params):
    """How often one comparison is judged, and how much of each answer is shown.

    For a protocol that treats both answers alike in itself: there is one presentation, and no
    order to choose.
    """

    samples: int = Field(default=1, ge=1, le=32, description="repetitions of each order")
    max_chars: int = Field(
        default=30_000, ge=100, description="characters of an answer that are shown"
    )

    def presentations(self, seed: int) -> tuple[Presentation, ...]:  # noqa: ARG002
        """One for each repetition, in no order that could pull; `seed` is the comparison's."""
        return tuple(Presentation(Order.UNKNOWN, sample) for sample in range(self.samples))


class OrderParams(RepeatParams):
    """In which orders the two answers are shown, how often, and what the verdicts make."""

    orders: Literal["both", "random", "ab"] = Field(
        default="both", description="which answer is shown first: each once, one drawn, or a"
    )
    flip_policy: Literal["tie", "half", "modelled"] = Field(
        default="tie",
        description="when the orders disagree: a tie, each order counts half, or half with the "
        "position left to the rating method",
    )
    silent_order: Literal["undecided", "other"] = Field(
        default="undecided",
        description="when one order gave no verdict: leave undecided, or let the other decide",
    )

    def presentations(self, seed: int) -> tuple[Presentation, ...]:
        """Every order that is asked, as often as `samples` says; `seed` is the comparison's."""
        return tuple(
            Presentation(order, sample)
            for sample in range(self.samples)
            for order in self._orders(seed, sample)
        )

    def _orders(self, seed: int, sample: int) -> tuple[Order, ...]:
        if self.orders == "both":
            return (Order.AB, Order.BA)
        if self.orders == "ab":
            return (Order.AB,)
        return (random.Random(f"{seed}:{sample}").choice((Order.AB, Order.BA)),)


class AskParams(RepeatParams, ModelParams):
    """The params of a kind that asks a model and treats both answers alike in itself."""


class CallParams(OrderParams, AskParams):
    """The params of a kind that asks a model in one or both orders."""


class PromptParams(plugins.Params):
    """What a judge is told beside the case."""

    criteria: list[str] = Field(
        default=[], max_length=20, description="what to judge by, the first weighing most"
    )
    instructions: str = Field(
        default="",
        max_length=20_000,
        description="who the judge is and what else it must heed; heads the system message",
    )
    reason_language: str = Field(
        default="", max_length=100, description="the language in which the judge is to reason"
    )
    images: bool = Field(
        default=True, description="show the prompt's images; turn off for models that take none"
    )
