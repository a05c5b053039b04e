"""What an endpoint understands of the chat-completions protocol, found out by asking.

Not every server knows JSON schemas, or JSON mode at all; reasoning models take their token limit
under another name and no temperature; few servers give token log-probabilities. A rejected request
is said again in the next dialect; which one works is remembered for an endpoint and model, so a
failing one is tried once, not once a call.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Hashable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from judges.llm.faults import NO_REPLY, Fault

PATIENCE = 2.0
"""Seconds that calls wait for the first one to find the dialect. Rejections come back fast, while
a slow first answer must not hold up the rest."""


class ResponseFormat(StrEnum):
    """How a structured reply is asked for, strictest first."""

    JSON_SCHEMA = "json_schema"
    JSON_OBJECT = "json_object"
    TEXT = "text"


WEAKER = {
    ResponseFormat.JSON_SCHEMA: ResponseFormat.JSON_OBJECT,
    ResponseFormat.JSON_OBJECT: ResponseFormat.TEXT,
}
ABOUT_FORMAT = re.compile(
    r"response.?format|json.?(schema|object|mode)|structured.?output|guided|grammar", re.IGNORECASE
)
UNWELCOME = re.compile(
    r"unsupported|not.?supported|does ?n.?t support|not support|unknown|unrecogni[sz]ed|not allowed"
    r"|not permitted|not available|forbidden|only the default|must be 1\b|deprecated",
    re.IGNORECASE,
)
"""How endpoints say that a field may not be sent at all, as against one whose value is wrong."""


@dataclass(frozen=True)
class Asking:
    """What a request wants that not every endpoint understands. None and 0: not asked for."""

    schema: Mapping[str, Any] | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    top_logprobs: int = 0


@dataclass(frozen=True)
class Dialect:
    """One way to put a request."""

    response_format: ResponseFormat = ResponseFormat.JSON_SCHEMA
    tokens_field: str = "max_tokens"
    temperature: bool = True
    logprobs: bool = True

    def fields(self, asking: Asking) -> dict[str, Any]:
        """The fields of the request body that this dialect decides."""
        fields: dict[str, Any] = {}
        if asking.temperature is not None and self.temperature:
            fields["temperature"] = asking.temperature
        if asking.max_tokens is not None:
            fields[self.tokens_field] = asking.max_tokens
        if asking.top_logprobs and self.logprobs:
            fields |= {"logprobs": True, "top_logprobs": asking.top_logprobs}
        if asking.schema is not None and self.response_format is ResponseFormat.JSON_SCHEMA:
            named = {"name": "reply", "strict": True, "schema": asking.schema}
            fields["response_format"] = {"type": "json_schema", "json_schema": named}
        elif asking.schema is not None and self.response_format is ResponseFormat.JSON_OBJECT:
            fields["response_format"] = {"type": "json_object"}
        return fields

    def dropped(self, asking: Asking) -> tuple[str, ...]:
        """What was asked for and is not sent, because the endpoint takes none."""
        wanted = {
            "temperature": asking.temperature is not None and not self.temperature,
            "logprobs": asking.top_logprobs > 0 and not self.logprobs,
        }
        return tuple(name for name, left_out in wanted.items() if left_out)

    def after(self, fault: Fault, asking: Asking) -> Dialect | None:
        """What to try after this rejection; None when the dialect was not its cause."""
        if fault.limited or fault.status == NO_REPLY:
            return None
        text = fault.text.lower()
        if self.tokens_field == "max_tokens" and "max_completion_tokens" in text:
            return replace(self, tokens_field="max_completion_tokens")
        if asking.top_logprobs and self.logprobs and "logprobs" in text:
            return replace(self, logprobs=False)
        warm = asking.temperature is not None and self.temperature
        if warm and "temperature" in text and UNWELCOME.search(text):
            return replace(self, temperature=False)
        weaker = WEAKER.get(self.response_format) if asking.schema is not None else None
        if weaker and ABOUT_FORMAT.search(text):
            return replace(self, response_format=weaker)
        return None


class Dialects:
    """The dialects found to work, each under a key; one call finds out for all in flight."""

    def __init__(self) -> None:
        self._known: dict[Hashable, Dialect] = {}
        self._probes: dict[Hashable, asyncio.Event] = {}

    async def get(self, key: Hashable) -> Dialect:
        """The dialect to begin with. All callers but the first wait a little for the first."""
        probe = self._probes.get(key)
        if probe is None:
            self._probes[key] = asyncio.Event()
        elif not probe.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(probe.wait(), PATIENCE)
        return self._known.get(key, Dialect())

    def works(self, key: Hashable, dialect: Dialect) -> None:
        """Remember that `dialect` was understood."""
        self._known[key] = dialect

    def probed(self, key: Hashable) -> None:
        """Let the waiting go on, whatever came of the first call."""
        self._probes[key].set()
