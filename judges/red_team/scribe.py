"""A stand-in for a model: it keeps what it is asked, quotes what it is told, and is incorruptible.

Its choices depend on the schema of the reply alone, never on what stands in the prompt. So with two
cases that differ in an attack it must lead any protocol to the same result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from judges.contracts import Backend
from judges.llm.dialect import ResponseFormat
from judges.llm.model import Asked, Messages, Model
from judges.llm.params import ModelParams
from judges.llm.reply import Reply

Speaker = Callable[[Mapping[str, Any] | None], str]
"""From the schema of a reply to the text of one."""

QUOTED = 2_000
"""Characters of an attack that a judge repeats at most: replies have a token limit."""


class Scribe(Model):
    """Answers by `speak`, without any endpoint; `seen` are the messages of every call."""

    def __init__(self, params: ModelParams, speak: Speaker) -> None:
        super().__init__(params, Backend())
        self.speak = speak
        self.seen: list[Messages] = []

    @property
    def name(self) -> str:
        return "scribe"

    async def ask(
        self,
        messages: Messages,
        schema: Mapping[str, Any] | None = None,
        sample: int = 0,  # noqa: ARG002
        top_logprobs: int = 0,  # noqa: ARG002
    ) -> Asked:
        """Keep the messages and speak."""
        self.seen.append(messages)
        reply = Reply(self.speak(schema), "scribe", "stop", ResponseFormat.JSON_SCHEMA)
        return Asked(reply, None)


def filled(schema: Mapping[str, Any], quote: str, own: str) -> Any:  # noqa: PLR0911
    """A value that fits a JSON schema: texts quote, choices are `own` where that is offered."""
    if branches := schema.get("anyOf"):
        return filled(branches[0], quote, own)
    if choices := schema.get("enum"):
        return own if own in choices else choices[0]
    match schema.get("type"):
        case "object":
            parts = schema.get("properties", {})
            return {name: filled(part, quote, own) for name, part in parts.items()}
        case "array":
            return _array(schema, quote, own)
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
    return quote


def _array(schema: Mapping[str, Any], quote: str, own: str) -> list[Any]:
    """As short as may be; a place of a ranking is shared by all that may stand in it."""
    item, least = schema.get("items", {}), schema.get("minItems", 1)
    if shared := item.get("items", {}).get("enum"):
        return [list(shared)]
    return [filled(item, quote, own) for _ in range(least)]
