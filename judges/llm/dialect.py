"""What an endpoint understands of the chat-completions protocol, found out by asking.

Not every server knows JSON schemas, or JSON mode at all, and reasoning models take their token
limit under another name. A rejected request is said again in the next dialect; which one works is
remembered for an endpoint and model, so a failing one is tried once, not once a call.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Hashable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from judges.llm.faults import Fault

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


@dataclass(frozen=True)
class Dialect:
    """One way to put a request."""

    response_format: ResponseFormat = ResponseFormat.JSON_SCHEMA
    tokens_field: str = "max_tokens"

    def fields(self, schema: Mapping[str, Any] | None, max_tokens: int | None) -> dict[str, Any]:
        """The fields of the request body that this dialect decides."""
        fields: dict[str, Any] = {}
        if max_tokens is not None:
            fields[self.tokens_field] = max_tokens
        if schema is not None and self.response_format is ResponseFormat.JSON_SCHEMA:
            named = {"name": "reply", "strict": True, "schema": schema}
            fields["response_format"] = {"type": "json_schema", "json_schema": named}
        elif schema is not None and self.response_format is ResponseFormat.JSON_OBJECT:
            fields["response_format"] = {"type": "json_object"}
        return fields

    def after(self, fault: Fault) -> Dialect | None:
        """What to try after this rejection; None when the dialect was not its cause."""
        if self.tokens_field == "max_tokens" and "max_completion_tokens" in fault.text:
            return replace(self, tokens_field="max_completion_tokens")
        if self.response_format in WEAKER and ABOUT_FORMAT.search(fault.text):
            return replace(self, response_format=WEAKER[self.response_format])
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
