"""Asking a kind in a test: cases one after the other, on one event loop."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from judges.contracts import Abstention, Answer, Backend, CallingKind, Case, Kept
from judges.kinds import registry
from tests.fakes.openai_server import FakeOpenAI


class Store:
    """Stored replies in memory, as JSON."""

    def __init__(self) -> None:
        self.rows: dict[str, str] = {}

    async def get(self, key: str) -> Kept | None:
        return Kept(json.loads(self.rows[key])) if key in self.rows else None

    def put(self, key: str, reply: Mapping[str, Any]) -> None:
        self.rows[key] = json.dumps(reply)


def asked(
    kind: str, server: FakeOpenAI, *cases: Case, backend: Backend | None = None, **params: Any
) -> list[Answer | Abstention]:
    """What a kind at the fake endpoint makes of the cases."""

    async def main() -> list[Answer | Abstention]:
        built = registry.build(kind, {"model": "m", "base_url": server.base_url} | params)
        assert isinstance(built, CallingKind)
        if backend is not None:
            built.connect(backend)
        try:
            return [await built.judge(case) for case in cases]
        finally:
            await built.close()

    return asyncio.run(main())


def answered(kind: str, server: FakeOpenAI, *cases: Case, **more: Any) -> list[Answer]:
    """The same where each case must get an answer."""
    replies = asked(kind, server, *cases, **more)
    assert all(isinstance(reply, Answer) for reply in replies), replies
    return [reply for reply in replies if isinstance(reply, Answer)]


def silent(kind: str, server: FakeOpenAI, case: Case, **more: Any) -> Abstention:
    """The same where there must be no verdict."""
    (reply,) = asked(kind, server, case, **more)
    assert isinstance(reply, Abstention), reply
    return reply


def sent(server: FakeOpenAI) -> list[str]:
    """All that was sent, a text for each call."""
    return ["\n".join(str(m["content"]) for m in one.body["messages"]) for one in server.seen]
