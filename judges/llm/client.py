"""Asking a model through the official `openai` package.

`openai` takes one to two seconds to import, so it is imported where it is first used.

A call is posted as plain JSON and its reply read by hand: the package still does transport,
retries (which obey retry-after) and authentication, but not its typed requests and replies, which
cost more CPU than all the rest of a judgment.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from judges.contracts import JudgeError
from judges.llm.dialect import Dialect, Dialects, ResponseFormat
from judges.llm.endpoint import Endpoint
from judges.llm.faults import Fault, fault_of, shorten, wrapped_fault

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI

MAX_RETRIES = 6
"""Retries of a call that failed fast (429, 5xx, a dropped connection); with back-off some 25 s.
At 20 % rate limits and 5 % errors six lose nothing where the package's two lose 2 %."""

MAX_CONNECTIONS = 2000
"""A guard only. How many calls are in flight is for the runner to decide."""

KEEP_ALIVE = 4.0
"""Seconds; less than the 5 s after which common servers hang up, which would lose a request."""

CONNECT_TIMEOUT = 10.0


@dataclass(frozen=True)
class Request:
    """One call. `messages` are {role, content}; with a `schema` the reply is to be such JSON.

    `timeout` bounds the whole call in seconds, retries included. `extra` is passed through.
    """

    model: str
    messages: Sequence[Mapping[str, Any]]
    schema: Mapping[str, Any] | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    timeout: float = 180.0
    extra: Mapping[str, Any] = field(default_factory=dict)

    def body(self, dialect: Dialect) -> dict[str, Any]:
        """The JSON body, said in `dialect`. What was not asked for is not sent."""
        body: dict[str, Any] = {"model": self.model, "messages": self.messages, **self.extra}
        if self.temperature is not None:
            body["temperature"] = self.temperature
        return body | dialect.fields(self.schema, self.max_tokens)


@dataclass(frozen=True)
class Reply:
    """What came back. `refusal` is set when the model or its provider declined.

    `text` is the reply untouched; `thinking` what a server sends apart from it. Tokens and `usd`
    are None where the endpoint does not tell. `latency_ms` is the time of the last attempt, so
    waiting for a rate limit does not count.
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


Completion = tuple[dict[str, Any], "httpx2.Response"]
"""A parsed chat completion and the HTTP reply that it came in."""


class ChatClient:
    """Calls to one endpoint: any number at once, on one event loop."""

    def __init__(self, endpoint: Endpoint, max_retries: int = MAX_RETRIES) -> None:
        self.endpoint = endpoint
        self._max_retries = max_retries
        self._openai: AsyncOpenAI | None = None
        self._dialects = Dialects()

    async def complete(self, request: Request) -> Reply:
        """Ask once. Raises JudgeError when there is no reply; a refusal is a reply."""
        try:
            async with asyncio.timeout(request.timeout):
                return await self._negotiate(request)
        except TimeoutError:
            raise JudgeError(
                f"{self.endpoint.host} gave no reply within {request.timeout:g} s"
            ) from None

    async def close(self) -> None:
        """Close the connections. A later call opens new ones."""
        client, self._openai = self._openai, None
        if client is not None:
            await client.close()

    async def _negotiate(self, request: Request) -> Reply:
        key = (request.model, request.schema is not None)
        dialect = await self._dialects.get(key)
        try:
            return await self._attempt(request, key, dialect)
        finally:
            self._dialects.probed(key)

    async def _attempt(self, request: Request, key: tuple[str, bool], dialect: Dialect) -> Reply:
        while True:
            outcome = await self._post(request.body(dialect))
            if not isinstance(outcome, Fault):
                self._dialects.works(key, dialect)
                return _reply(*outcome, request.model, dialect)
            following = dialect.after(outcome)
            if following is None and outcome.refused:
                return _refusal(request.model, outcome, dialect)
            if following is None:
                raise outcome.as_error(self.endpoint.host)
            dialect = following

    async def _post(self, body: dict[str, Any]) -> Completion | Fault:
        """Post and retry; JudgeError when no HTTP reply comes, or one that makes no sense."""
        import aiohttp
        import httpx2  # comes with openai
        import openai  # slow: see above

        if self._openai is None:
            self._openai = _open(self.endpoint, self._max_retries)
        try:
            response = await self._openai.post(
                "/chat/completions", cast_to=httpx2.Response, body=body
            )
        except openai.APIStatusError as error:
            return fault_of(error.status_code, error.body, self.endpoint.api_key)
        except (openai.APIConnectionError, aiohttp.ClientError) as error:
            raise JudgeError(f"{self.endpoint.host}: {_cause(error)}") from None
        return self._completion(response)

    def _completion(self, response: httpx2.Response) -> Completion | Fault:
        """What a reply under status 200 is: gateways send errors under it too."""
        try:
            payload = response.json()
        except (ValueError, RecursionError):
            payload = response.text
        if isinstance(payload, dict) and _first_choice(payload) is not None:
            return payload, response
        fault = wrapped_fault(payload, self.endpoint.api_key)
        if fault is None:
            raise JudgeError(f"{self.endpoint.host} answered with something else than a completion")
        return fault


def _open(endpoint: Endpoint, max_retries: int) -> AsyncOpenAI:
    import httpx2
    import openai

    # The deadline of a call is set round it, retries included; only connecting has its own.
    timeout = httpx2.Timeout(None, connect=CONNECT_TIMEOUT)
    limits = httpx2.Limits(max_connections=MAX_CONNECTIONS, keepalive_expiry=KEEP_ALIVE)
    return openai.AsyncOpenAI(
        base_url=endpoint.base_url,
        api_key=endpoint.api_key,
        max_retries=max_retries,
        timeout=timeout,
        default_headers=dict(endpoint.headers),
        http_client=openai.DefaultAioHttpClient(limits=limits, timeout=timeout),
    )


def _cause(error: Exception) -> str:
    """What went wrong on the way. The package reports drops as timeouts; the first cause tells."""
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    return shorten(f"no usable reply ({type(cause).__name__}: {cause})")


def _refusal(model: str, fault: Fault, dialect: Dialect) -> Reply:
    """The reply that a refusal under an error status amounts to."""
    return Reply(
        text="",
        model=model,
        finish_reason="content_filter",
        response_format=dialect.response_format,
        refusal=shorten(fault.message) or "the provider declined the content",
    )


def _reply(
    payload: dict[str, Any], response: httpx2.Response, model: str, dialect: Dialect
) -> Reply:
    choice = _first_choice(payload) or {}
    message = choice.get("message")
    message = message if isinstance(message, Mapping) else {}
    text, thinking = _texts(message)
    finish_reason = _string(choice.get("finish_reason"))
    refusal = _string(message.get("refusal"))
    if finish_reason == "content_filter":
        refusal = refusal or "the provider's content filter withheld the reply"
    tokens_in, tokens_out, usd = _usage(payload, response.headers)
    return Reply(
        text=text,
        model=_string(payload.get("model")) or model,
        finish_reason=finish_reason,
        response_format=dialect.response_format,
        latency_ms=round(response.elapsed.total_seconds() * 1000),
        thinking=thinking,
        refusal=refusal,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        usd=usd,
    )


def _first_choice(payload: object) -> Mapping[str, Any] | None:
    choices = payload.get("choices") if isinstance(payload, Mapping) else None
    if isinstance(choices, list) and choices and isinstance(choices[0], Mapping):
        return choices[0]
    return None


def _texts(message: Mapping[str, Any]) -> tuple[str, str]:
    """(reply, thinking): content may be text or typed parts; thinking may have its own field."""
    content = message.get("content")
    thinking = _string(message.get("reasoning_content") or message.get("reasoning"))
    if not isinstance(content, list):
        return _string(content), thinking
    parts = [part for part in content if isinstance(part, Mapping)]
    return "".join(_string(part.get("text")) for part in parts), thinking


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
