"""Asking with patience: the fake server, and a gate that keeps what it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from judges.contracts import EndpointRow, JudgeError, Postponed
from judges.llm.client import ChatClient, Request
from judges.llm.endpoint import Endpoint
from judges.llm.gate import EndpointGate
from judges.llm.patience import MOST_DECLINED, REFUSALS, TRIES, PatientClient
from judges.llm.reply import Reply
from tests.fakes.openai_server import Canned, FakeOpenAI, error

WHERE = "there"
SLOW_DOWN = Canned(status=429, body=error("slow down", "rate_limit_exceeded"))
BOOM = Canned(status=500, body=error("boom", "server_error"))


class Ledger:
    """A gate that lets everyone in."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.entered = 0

    async def enter(self, address: str, row: EndpointRow | None, tokens: int) -> None:
        assert address == WHERE
        self.entered += 1

    async def left(self, address: str, **told: Any) -> None:
        self.told.append(told)

    async def close(self) -> None:
        pytest.fail("others call through the gate")


@pytest.fixture(autouse=True)
def _nothing_refused_yet() -> None:
    REFUSALS.clear()


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as running:
        yield running


def ask(
    server: FakeOpenAI, gate: Any = None, times: int = 1, timeout: float = 20
) -> tuple[list[Any], list[float]]:
    """What came of asking the same so many times, and the waits on the way."""
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async def main() -> list[Any]:
        chat = ChatClient(Endpoint(server.base_url, "key"))
        client, came = PatientClient(chat, gate, WHERE, sleep=sleep), []
        request = Request("m", [{"role": "user", "content": "Hello?"}], timeout=timeout)
        for _ in range(times):
            try:
                came.append(await client.ask(request, "key", 100))
            except (JudgeError, Postponed) as said:
                came.append(said)
        await client.close()
        return came

    return asyncio.run(main()), waits


@pytest.mark.parametrize(
    "canned", [SLOW_DOWN, BOOM, Canned(status=503, body="<html>busy</html>"), Canned(drop=True)]
)
def test_faults_that_pass_are_tried_again(server: FakeOpenAI, canned: Canned) -> None:
    server.script(canned, canned, Canned(text="Hi."))
    (reply,), waits = ask(server)
    assert isinstance(reply, Reply)
    assert reply.text == "Hi."
    assert reply.latency_ms < 400, "the wait between the attempts is not latency"
    longest = 0.75 if canned is SLOW_DOWN else 1.5
    assert len(waits) == 2
    assert 0.25 <= waits[0] <= 0.75
    assert 0.25 <= waits[1] <= longest


def test_what_fails_again_and_again_is_an_error(server: FakeOpenAI) -> None:
    server.script(*[BOOM] * TRIES)
    (failed,), waits = ask(server)
    assert isinstance(failed, JudgeError)
    assert not failed.permanent
    assert "answered 500: boom" in str(failed)
    assert len(waits) == TRIES - 1


@pytest.mark.parametrize(
    "canned", [Canned(status=401, body=error("bad key", "x")), Canned(hang=True)]
)
def test_what_would_not_help_is_not_tried_again(server: FakeOpenAI, canned: Canned) -> None:
    server.script(canned)
    (failed,), _ = ask(server, timeout=0.2)
    assert isinstance(failed, JudgeError)
    assert failed.permanent == (canned.status == 401)
    assert server.stats.requests == 1


@pytest.mark.parametrize(
    ("header", "value", "least", "most"),
    [("retry-after", "2", 2, 2), ("retry-after-ms", "1200", 1.2, 1.2), ("x", "y", 0.25, 0.75)],
)
def test_the_pause_that_is_asked_for_is_kept(
    server: FakeOpenAI, header: str, value: str, least: float, most: float
) -> None:
    server.script(Canned(status=429, body="{}", headers={header: value}))
    (reply,), waits = ask(server)
    assert isinstance(reply, Reply)
    assert least <= waits[0] <= most


def test_a_long_pause_is_spent_in_the_queue(server: FakeOpenAI) -> None:
    server.script(Canned(status=429, body=SLOW_DOWN.body, headers={"retry-after": "60"}))
    (postponed,), waits = ask(server)
    assert isinstance(postponed, Postponed)
    assert postponed.seconds == 60
    assert "answered 429: slow down" in str(postponed)
    assert waits == []


def test_short_pauses_add_up(server: FakeOpenAI) -> None:
    server.script(*[SLOW_DOWN] * 20)
    (postponed,), waits = ask(server)
    assert isinstance(postponed, Postponed)
    assert sum(waits) <= 5.0


def test_a_question_that_is_never_let_through_is_given_up(server: FakeOpenAI) -> None:
    canned = Canned(status=429, body=SLOW_DOWN.body, headers={"retry-after": "60"})
    server.script(*[canned] * MOST_DECLINED)
    came, _ = ask(server, times=MOST_DECLINED)
    assert all(isinstance(each, Postponed) for each in came[:-1])
    assert isinstance(came[-1], JudgeError)
    assert came[-1].permanent
    assert "slow down" in str(came[-1])


def test_refusals_of_a_question_are_counted_over_clients(server: FakeOpenAI) -> None:
    canned = Canned(status=429, body=SLOW_DOWN.body, headers={"retry-after": "60"})
    server.script(*[canned] * MOST_DECLINED)
    came = [ask(server)[0][0] for _ in range(MOST_DECLINED)]
    assert all(isinstance(each, Postponed) for each in came[:-1])
    assert isinstance(came[-1], JudgeError)


def test_a_server_that_is_busy_for_long_is_not_waited_for(server: FakeOpenAI) -> None:
    server.script(Canned(status=503, body="{}", headers={"retry-after": "60"}))
    (failed,), waits = ask(server)
    assert isinstance(failed, JudgeError)
    assert (failed.permanent, waits) == (False, [])


def test_the_gate_is_told_how_every_call_went(server: FakeOpenAI) -> None:
    gate = Ledger()
    server.script(
        Canned(status=429, body=SLOW_DOWN.body, headers={"retry-after": "1"}),
        SLOW_DOWN,
        BOOM,
        Canned(text="Hi."),
        Canned(status=400, body=error("no", "x")),
    )
    ask(server, gate, times=2)
    assert gate.entered == len(gate.told) == 5
    limited, unsaid, broken, fine, declined = gate.told
    assert (limited["ok"], limited["alive"], limited["pause"]) == (False, True, 1.0)
    assert 0 < unsaid["pause"] < 0.1
    assert (broken["ok"], broken["alive"], broken["pause"]) == (False, False, 0.0)
    assert broken["words"].endswith("answered 500: boom")
    assert fine == {"tokens": 2, "ok": True}
    assert (declined["ok"], declined["alive"], declined["tokens"]) == (False, True, 0)


def test_replies_without_usage_count_as_estimated() -> None:
    gate = Ledger()
    with FakeOpenAI(usage=False) as server:
        ask(server, gate)
    assert gate.told == [{"tokens": 100, "ok": True}]


def test_who_is_cancelled_leaves_the_gate(server: FakeOpenAI) -> None:
    gate = Ledger()
    server.script(Canned(hang=True))

    async def main() -> None:
        client = PatientClient(ChatClient(Endpoint(server.base_url, "key")), gate, WHERE)
        asking = asyncio.create_task(client.ask(Request("m", []), "key", 1))
        while not server.stats.requests:  # noqa: ASYNC110  # it runs in another thread
            await asyncio.sleep(0.01)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await client.close()

    asyncio.run(main())
    assert gate.told == [{"tokens": 0, "ok": False}]


def test_many_calls_survive_faults_and_each_is_paid_once() -> None:
    faults = {"p429": 0.1, "p500": 0.05, "pdrop": 0.02, "retry_after_ms": 20}

    async def main(url: str) -> int:
        chat = ChatClient(Endpoint(url, "key"))
        client = PatientClient(chat, EndpointGate(), WHERE)
        asked = (
            client.ask(Request("m", [{"role": "user", "content": f"Question {n}"}]), str(n), 10)
            for n in range(300)
        )
        replies = await asyncio.gather(*asked)
        await client.close()
        return len(replies)

    with FakeOpenAI(latency=0.05, **faults) as server:
        assert asyncio.run(main(server.base_url)) == 300
    assert server.stats.distinct_prompts == 300
    assert server.stats.repeated_prompts == 0
