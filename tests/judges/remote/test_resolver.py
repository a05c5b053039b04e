from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from judges.contracts import JudgeError
from judges.remote.resolver import CheckedResolver


def found(*numbers: str) -> Any:
    """A system resolver that knows one name."""

    async def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (n, port)) for n in numbers]

    return getaddrinfo


def resolved(monkeypatch: pytest.MonkeyPatch, numbers: list[str], *listed: str) -> list[str]:
    async def main() -> list[str]:
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", found(*numbers))
        resolver = CheckedResolver(frozenset(listed))
        results = await resolver.resolve("judge.example", 443)
        await resolver.close()
        return [result["host"] for result in results]

    return asyncio.run(main())


def test_it_gives_what_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert resolved(monkeypatch, ["93.184.215.14", "1.1.1.1"]) == ["93.184.215.14", "1.1.1.1"]


def test_one_private_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(JudgeError, match="JUDGE_HOSTS"):
        resolved(monkeypatch, ["93.184.215.14", "10.0.0.1"])


def test_a_listed_name_may_lead_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    assert resolved(monkeypatch, ["10.0.0.1"], "judge.example") == ["10.0.0.1"]
