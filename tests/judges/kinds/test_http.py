from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from arena.common.errors import InvalidInput
from judges.contracts import (
    Abstention,
    Answer,
    Backend,
    Case,
    EndpointRow,
    JudgeError,
    Order,
    Postponed,
    Preference,
    Silence,
    Turn,
)
from judges.kinds import registry
from judges.kinds.http import Http
from judges.llm import patience
from tests.fakes.http_judge import FakeJudge, Scripted
from tests.judges.kinds.asking import Store

ROOT = Path(__file__).resolve().parents[3]
CASE = Case(prompt=(Turn("user", "Name a prime."),), first=("11",), second=("15 is one",), seed=42)
SWAPPED = replace(CASE, first=CASE.second, second=CASE.first)


class Gate:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    async def enter(self, address: str, row: EndpointRow | None, tokens: int) -> None:
        self.told.append(("enter", address))

    async def left(
        self,
        address: str,
        *,
        tokens: int,
        ok: bool,
        pause: float = 0.0,
        alive: bool = True,
        words: str = "",
    ) -> None:
        self.told.append(("left", ok, pause))

    async def close(self) -> None:
        self.told.append(("close",))


def built(url: str = "http://127.0.0.1:9", **params: Any) -> Http:
    kind = registry.build("http", {"url": url} | params)
    assert isinstance(kind, Http)
    return kind


def judged(url: str, *cases: Case, backend: Backend | None = None, **params: Any) -> list[Any]:
    """Judge the cases one after the other."""

    async def main() -> list[Any]:
        kind = built(url, **params)
        kind.connect(backend or Backend())
        try:
            return [await kind.judge(case) for case in cases]
        finally:
            await kind.close()

    return asyncio.run(main())


def test_a_verdict_with_all_that_came_with_it() -> None:
    reply = (
        b'{"verdict": "second", "reason": "r", "probability": 0.2, "strength": 1, "scores": [1, 2]}'
    )
    with FakeJudge(Scripted(reply)) as judge:
        (answer,) = judged(judge.url, CASE, price=0.01, revision="7")
    assert isinstance(answer, Answer)
    assert (answer.preference, answer.reason) == (Preference.SECOND, "r")
    assert (answer.probability, answer.strength, answer.scores) == (0.2, 1, (1.0, 2.0))
    assert answer.raw == reply.decode()
    assert (answer.usage.calls, answer.usage.usd) == (1, 0.01)
    assert answer.details["signed"] is False
    assert answer.details["revision"] == "7"
    assert answer.details["truncated"] is None


@pytest.mark.parametrize(
    ("reply", "why", "words"),
    [
        (b"I like the first one", Silence.UNPARSABLE, "Invalid JSON"),
        (b'{"verdict": "[[A]]"}', Silence.UNPARSABLE, "verdict"),
        (b'{"verdict": "abstain", "reason": "not my field"}', Silence.ABSTAINED, "not my field"),
    ],
)
def test_replies_without_a_preference_are_kept_apart(
    reply: bytes, why: Silence, words: str
) -> None:
    with FakeJudge(Scripted(reply)) as judge:
        (silent,) = judged(judge.url, CASE)
    assert isinstance(silent, Abstention)
    assert silent.why is why
    assert words in silent.reason
    assert silent.raw == reply.decode()
    assert silent.usage.calls == 1


def test_what_came_before_is_not_asked_again_unless_anything_differs() -> None:
    backend = Backend(replies=Store(), namespace="lab")
    with FakeJudge() as judge:
        first, again = judged(judge.url, CASE, CASE, backend=backend)
        assert (again.usage.calls, again.usage.cache_hits, again.usage.usd) == (0, 1, 0.0)
        assert again.preference is first.preference
        assert len(judge.seen) == 1
        judged(judge.url, SWAPPED, replace(CASE, sample=1), backend=backend)
        judged(judge.url, CASE, backend=backend, revision="2")
        judged(judge.url, CASE, backend=replace(backend, namespace="other"))
        judged(judge.url, CASE, backend=backend, cache=False)
    assert len(judge.seen) == 6


def test_the_gate_is_passed_and_told_how_it_went() -> None:
    gate = Gate()
    with FakeJudge(Scripted(), Scripted(status=404)) as judge:
        judged(judge.url, CASE, backend=Backend(gate=gate))
        with pytest.raises(JudgeError):
            judged(judge.url, CASE, backend=Backend(gate=gate))
    with (
        FakeJudge(Scripted(status=429, headers={"Retry-After": "60"})) as busy,
        pytest.raises(Postponed),
    ):
        judged(busy.url, CASE, backend=Backend(gate=gate))
    assert gate.told == [
        ("enter", judge.url),
        ("left", True, 0.0),
        ("enter", judge.url),
        ("left", False, 0.0),
        ("enter", busy.url),
        ("left", False, 60.0),
    ]


@pytest.mark.parametrize("fault", [Scripted(status=500), Scripted(status=429), Scripted(drop=True)])
def test_what_may_pass_is_tried_again(fault: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "FIRST_DELAY", 0.001)
    with FakeJudge(fault, fault, Scripted()) as judge:
        (answer,) = judged(judge.url, CASE)
    assert isinstance(answer, Answer)
    assert len(judge.seen) == 3
    with FakeJudge(Scripted(b"out of order", status=500)) as judge:
        with pytest.raises(JudgeError, match="answered 500: out of order") as raised:
            judged(judge.url, CASE)
        assert len(judge.seen) == patience.TRIES
    assert not raised.value.permanent


def test_a_secret_is_named_and_must_be_set() -> None:
    with FakeJudge() as judge:
        backend = Backend(environ={"MY_SECRET": "s3cret"})
        (answer,) = judged(judge.url, CASE, backend=backend, secret_env="MY_SECRET")
        assert answer.details["signed"] is True
        assert judge.seen[0].headers["arena-signature"].startswith("v1=")
        with pytest.raises(JudgeError, match="MY_SECRET, which is not set") as raised:
            judged(judge.url, CASE, secret_env="MY_SECRET")
    assert raised.value.permanent
    assert "s3cret" not in json.dumps(dict(answer.details)) + answer.raw


@pytest.mark.parametrize("name", ["s3cret", "OPENAI_API_KEY", "SECRET_KEY", "my_SECRET"])
def test_other_variables_cannot_be_named(name: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        built(secret_env=name)
    assert "_SECRET" in raised.value.fields["params.secret_env"]
    assert name not in raised.value.fields["params.secret_env"]


@pytest.mark.parametrize(
    "url",
    ["ftp://host/x", "file:///etc/passwd", "http://user:pass@host/", "host", "http://h?key=1"],
)
def test_only_plain_addresses(url: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        built(url)
    assert set(raised.value.fields) == {"params.url"}


def test_orders_and_samples_are_planned_like_those_of_any_judge() -> None:
    kind = built(samples=2)
    assert (kind.planned_calls(), kind.most_calls()) == (4, 4)
    assert built(orders="ab").presentations(1)[0].order is Order.AB


def documented_server() -> str:
    """The example of docs/judges.md."""
    text = (ROOT / "docs" / "judges.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (found,) = [block for block in blocks if "Arena-Signature" in block]
    return found


def test_the_example_of_the_docs_works(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    script = tmp_path / "judge.py"
    script.write_text(documented_server().replace("8900", str(port)))
    server = subprocess.Popen(
        [sys.executable, str(script)],
        env={**os.environ, "JUDGE_SECRET": "s3cret"},
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}/judge"
    wrong = Backend(environ={"JUDGE_SECRET": "wrong"})
    signed = {"secret_env": "JUDGE_SECRET", "backend": Backend(environ={"JUDGE_SECRET": "s3cret"})}
    try:
        # The server takes a moment to listen; refused connections are tried again.
        answers = judged(url, CASE, SWAPPED, **signed)
        with pytest.raises(JudgeError, match="401"):
            judged(url, CASE)
        with pytest.raises(JudgeError, match="401"):
            judged(url, CASE, backend=wrong, secret_env="JUDGE_SECRET")
    finally:
        server.terminate()
        server.wait(10)
    assert [answer.preference for answer in answers] == [Preference.FIRST, Preference.SECOND]
    assert answers[0].reason
