"""What a model replied: a chat completion, read whatever its server leaves out or adds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from judges.llm.dialect import Asking, Dialect, ResponseFormat
from judges.llm.faults import Fault, shorten
from judges.llm.parsing import without_thinking

LEAST = -9999.0
"""The log-probability of what a server says is impossible; JSON knows no infinity."""

Alternative = tuple[str, float]
"""A token that could have stood there, and its natural log-probability."""

Token = tuple[str, float, tuple[Alternative, ...]]
"""A token of the reply, its natural log-probability, and what else was likely, itself included."""


@dataclass(frozen=True)
class Reply:
    """What came back. `refusal` is set when the model or its provider declined.

    `text` is the reply untouched; `thinking` what the model thought, whether a server sends it
    apart or in the text. Tokens and `usd` are None where the endpoint does not tell. `latency_ms`
    is the time of the last attempt, so waiting for a rate limit does not count. `logprobs` are
    those of the text's tokens, None where none were asked for or given; `dropped` what was asked
    for and left out because the endpoint takes none (temperature, logprobs).
    """

    text: str
    model: str
    finish_reason: str
    response_format: ResponseFormat
    latency_ms: int = 0
    thinking: str = ""
    refusal: str = ""
    tokens_in: int | None = None
    tokens_out: int | None = None
    usd: float | None = None
    logprobs: tuple[Token, ...] | None = None
    dropped: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        """The text without the thinking that it may begin with."""
        return without_thinking(self.text)

    @property
    def exhausted(self) -> str:
        """Why there is nothing to read when the token limit ended the reply while thinking."""
        if self.finish_reason != "length" or not self.thinking or self.said:
            return ""
        spent = f" ({self.tokens_out} tokens)" if self.tokens_out else ""
        return (
            f"the token limit was used up by thinking{spent}, before any answer; raise max_tokens"
        )

    def as_json(self) -> dict[str, Any]:
        """What a store keeps."""
        return dict(vars(self))

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """The reply that `as_json` gave, after its way through JSON."""
        logprobs = stored.get("logprobs")
        typed = {
            "response_format": ResponseFormat(stored["response_format"]),
            "logprobs": None if logprobs is None else tuple(map(_revived, logprobs)),
            "dropped": tuple(stored.get("dropped", ())),
        }
        return cls(**{**stored, **typed})


def refusal_of(model: str, fault: Fault, dialect: Dialect) -> Reply:
    """The reply that a refusal under an error status amounts to."""
    return Reply(
        text="",
        model=model,
        finish_reason="content_filter",
        response_format=dialect.response_format,
        refusal=shorten(fault.message) or "the provider declined the content",
    )


def reply_of(
    payload: Mapping[str, Any],
    headers: Mapping[str, str],
    latency_ms: int,
    *,
    model: str,
    asking: Asking,
    dialect: Dialect,
) -> Reply:
    """Read a chat completion; what it lacks or has in a shape of its own stays empty."""
    choice = first_choice(payload) or {}
    message = choice.get("message")
    message = message if isinstance(message, Mapping) else {}
    text, thinking = _texts(message)
    finish_reason = _string(choice.get("finish_reason"))
    refusal = _string(message.get("refusal"))
    if finish_reason == "content_filter":
        refusal = refusal or "the provider's content filter withheld the reply"
    tokens_in, tokens_out, usd = _usage(payload, headers)
    return Reply(
        text=text,
        model=_string(payload.get("model")) or model,
        finish_reason=finish_reason,
        response_format=dialect.response_format,
        latency_ms=latency_ms,
        thinking=thinking,
        refusal=refusal,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        usd=usd,
        logprobs=_logprobs(choice) if asking.top_logprobs else None,
        dropped=dialect.dropped(asking),
    )


def first_choice(payload: object) -> Mapping[str, Any] | None:
    """The answer that a completion holds; None when it is no completion."""
    choices = payload.get("choices") if isinstance(payload, Mapping) else None
    if isinstance(choices, list) and choices and isinstance(choices[0], Mapping):
        return choices[0]
    return None


def _texts(message: Mapping[str, Any]) -> tuple[str, str]:
    """(reply, thinking): content may be text or typed parts; thinking may have its own field."""
    content = message.get("content")
    if isinstance(content, list):
        parts = [part for part in content if isinstance(part, Mapping)]
        text = "".join(_string(part.get("text")) for part in parts)
    else:
        text = _string(content)
    apart = _string(message.get("reasoning_content") or message.get("reasoning"))
    return text, apart or _thought(text)


def _thought(text: str) -> str:
    """The thinking that a text begins with, where the server leaves it in."""
    if "think" not in text and "thought" not in text and "<reasoning>" not in text:
        return ""
    rest = without_thinking(text)
    return text[: text.rindex(rest)].strip() if rest else text.strip()


def _logprobs(choice: Mapping[str, Any]) -> tuple[Token, ...] | None:
    """The tokens of the reply with their log-probabilities; None when none came."""
    given = choice.get("logprobs")
    content = given.get("content") if isinstance(given, Mapping) else None
    if not isinstance(content, list):
        return None
    tokens = []
    for item in content:
        if found := _alternative(item):
            others = item.get("top_logprobs")
            likely = map(_alternative, others) if isinstance(others, list) else ()
            tokens.append((*found, tuple(other for other in likely if other)))
    return tuple(tokens) or None


def _alternative(item: object) -> Alternative | None:
    if not isinstance(item, Mapping):
        return None
    token, logprob = item.get("token"), item.get("logprob")
    if not isinstance(token, str) or not isinstance(logprob, int | float):
        return None
    return token, LEAST if math.isnan(logprob) else max(float(logprob), LEAST)


def _revived(token: Sequence[Any]) -> Token:
    """A token after its way through JSON, which knows no tuples."""
    word, logprob, others = token
    return word, logprob, tuple((other, value) for other, value in others)


def _usage(
    payload: Mapping[str, Any], headers: Mapping[str, str]
) -> tuple[int | None, int | None, float | None]:
    """(tokens in, tokens out, USD), each None when not reported. Gateways report the cost."""
    usage = payload.get("usage")
    usage = usage if isinstance(usage, Mapping) else {}
    cost = usage.get("cost", headers.get("x-litellm-response-cost"))
    return (
        _count(usage.get("prompt_tokens")),
        _count(usage.get("completion_tokens")),
        _amount(cost),
    )


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and 0 <= value < 2**31 else None


def _amount(value: object) -> float | None:
    try:
        amount = float(value)  # type: ignore[arg-type]  # whatever else it is raises
    except (TypeError, ValueError):
        return None
    return amount if math.isfinite(amount) and amount >= 0 else None


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""
