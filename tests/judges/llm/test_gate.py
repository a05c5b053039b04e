"""The gate as a whole, in virtual time."""

from __future__ import annotations

import asyncio
import logging

import pytest

from judges.contracts import EndpointRow, JudgeError, Postponed
from judges.llm.breaker import SPAN
from judges.llm.gate import PATIENCE, EndpointGate, Trouble
from judges.llm.limits import LocalLimits
from judges.llm.limits_redis import RedisLimits
from tests.fakes import virtual_time
from tests.fakes.virtual_time import clock
from tests.judges.llm.worlds import WHERE, Server, Told, bucket, drive

BOOM = "host answered 500: boom"


def row(**declared: int) -> EndpointRow:
    return EndpointRow("e", "http://host/v1", **declared)


def opened() -> EndpointGate:
    return EndpointGate(LocalLimits(clock), clock)


def broken_until(recovery: float) -> Server:
    return lambda now: ("failed", 0.0) if now < recovery else ("ok", 0.0)


def test_a_declared_limit_is_kept_without_a_single_refusal() -> None:
    async def main() -> list[float]:
        gate, sent = opened(), []

        async def one() -> None:
            while clock() < 60:
                try:
                    await gate.enter(WHERE, row(requests_per_minute=120), 10)
                except Postponed as postponed:
                    await asyncio.sleep(postponed.seconds)
                    continue
                sent.append(clock())
                await gate.left(WHERE, tokens=10, ok=True)

        await asyncio.gather(*(one() for _ in range(200)))
        return sorted(sent)

    sent = virtual_time.run(main())
    server = bucket(2.0, 2)
    assert all(server(at)[0] == "ok" for at in sent)
    assert len(sent) >= 118


def test_a_short_wait_is_spent_here_and_a_long_one_in_the_queue() -> None:
    async def main() -> tuple[float, float]:
        gate, by = opened(), row(requests_per_minute=6)
        await gate.enter(WHERE, by, 1)
        await gate.enter(WHERE, by, 1)
        waited = clock()
        with pytest.raises(Postponed) as raised:
            await asyncio.gather(*(gate.enter(WHERE, by, 1) for _ in range(2)))
        return waited, raised.value.seconds

    waited, seconds = virtual_time.run(main())
    assert waited == pytest.approx(10)
    assert 0 < seconds <= 20


def test_calls_at_once_are_let_in_as_others_leave() -> None:
    async def main() -> tuple[int, float]:
        gate, inside, most = opened(), 0, 0

        async def one() -> None:
            nonlocal inside, most
            await gate.enter(WHERE, row(max_in_flight=5), 1)
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.5)
            inside -= 1
            await gate.left(WHERE, tokens=1, ok=True)

        await asyncio.gather(*(one() for _ in range(20)))
        return most, clock()

    most, seconds = virtual_time.run(main())
    assert most == 5
    assert seconds < 5


def test_who_is_cancelled_while_waiting_leaves_no_trace() -> None:
    async def main() -> None:
        gate, by = opened(), row(max_in_flight=1, requests_per_minute=60)
        await gate.enter(WHERE, by, 1)
        waiting = asyncio.create_task(gate.enter(WHERE, by, 1))
        await asyncio.sleep(0.1)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await gate.left(WHERE, tokens=1, ok=True)
        await gate.enter(WHERE, by, 1)

    virtual_time.run(main())


def test_a_pause_is_obeyed_by_those_who_wait_already() -> None:
    async def main() -> float:
        gate, by = opened(), row(requests_per_minute=60)
        await gate.enter(WHERE, by, 1)
        waiting = asyncio.create_task(gate.enter(WHERE, by, 1))
        await asyncio.sleep(0.5)
        await gate.left(WHERE, tokens=0, ok=False, pause=4.0, words="slow down")
        await waiting
        return clock()

    assert virtual_time.run(main()) >= 4.5


def test_a_long_pause_is_spent_in_the_queue() -> None:
    async def main() -> float:
        gate = opened()
        await gate.enter(WHERE, None, 1)
        await gate.left(WHERE, tokens=0, ok=False, pause=60.0, words="slow down")
        with pytest.raises(Postponed) as raised:
            await gate.enter(WHERE, None, 1)
        await gate.enter("elsewhere", None, 1)
        return raised.value.seconds

    assert 60 - PATIENCE <= virtual_time.run(main()) <= 60


@pytest.mark.parametrize("callers", [3, 200])
def test_a_dead_endpoint_is_given_up_with_its_last_words(callers: int) -> None:
    told: Told = virtual_time.run(drive(broken_until(1e9), callers=callers, seconds=300))
    assert len(told.given_up) == callers, "every one of them ends"
    assert all(at < 120 for at, _ in told.given_up)
    assert all(BOOM in words for _, words in told.given_up)
    assert sum(at > SPAN + 2 for at in told.failed) < 15, "it was spared calls"


def test_an_endpoint_that_comes_back_is_used_again() -> None:
    told = virtual_time.run(drive(broken_until(30.0), callers=50, seconds=90))
    assert told.given_up == []
    assert min(told.passed) < 45
    assert told.rate(60, 90) > 400


def test_trouble_is_told_and_its_end() -> None:
    told: list[tuple[str, Trouble | None]] = []

    async def main() -> None:
        gate = EndpointGate(LocalLimits(clock), clock, report=lambda *what: told.append(what))
        while clock() < 60:
            try:
                await gate.enter(WHERE, None, 1)
            except Postponed as postponed:
                await asyncio.sleep(postponed.seconds)
                continue
            await asyncio.sleep(0.5)
            if clock() < 30:
                await gate.left(WHERE, tokens=0, ok=False, alive=False, words=BOOM)
                assert (gate.trouble(WHERE) is None) == (told == [])
            else:
                await gate.left(WHERE, tokens=1, ok=True)
                assert gate.trouble(WHERE) is None

    virtual_time.run(main())
    assert len(told) >= 3
    assert told[-1] == (WHERE, None)
    assert {trouble.words for _, trouble in told if trouble} == {BOOM}
    assert [trouble is None for _, trouble in told].count(True) == 1


def test_the_last_words_are_in_the_error() -> None:
    async def main() -> JudgeError:
        gate = opened()
        while True:
            try:
                await gate.enter(WHERE, None, 1)
            except Postponed as postponed:
                await asyncio.sleep(postponed.seconds)
                continue
            except JudgeError as error:
                return error
            await asyncio.sleep(0.5)
            await gate.left(WHERE, tokens=0, ok=False, alive=False, words=BOOM)

    error = virtual_time.run(main())
    assert error.permanent
    assert str(error).startswith("the endpoint gave no usable reply for ")
    assert BOOM in str(error)


@pytest.mark.asyncio
async def test_when_redis_is_away_the_process_goes_on_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    gate, by = EndpointGate(RedisLimits("redis://127.0.0.1:9/0")), row(requests_per_minute=6)
    with caplog.at_level(logging.WARNING):
        await gate.enter(WHERE, by, 1)
        await gate.left(WHERE, tokens=1, ok=False, pause=30.0, words="slow down")
        with pytest.raises(Postponed):
            await gate.enter(WHERE, by, 1)
    await gate.close()
    assert [record.message.split(",")[0] for record in caplog.records] == ["Redis is away"]


def test_who_made_the_last_call_to_a_dead_endpoint_fails_for_good() -> None:
    """Otherwise it would come again, be the trial call of a new beginning, and so on."""

    async def main() -> None:
        gate = opened()
        for _ in range(2):
            await gate.enter(WHERE, None, 1)
            await asyncio.sleep(30)
            await gate.left(WHERE, tokens=0, ok=False, alive=False, words="gave no reply")
        await gate.enter(WHERE, None, 1)
        await asyncio.sleep(30)
        with pytest.raises(JudgeError, match="gave no reply") as raised:
            await gate.left(WHERE, tokens=0, ok=False, alive=False, words="gave no reply")
        assert raised.value.permanent

    virtual_time.run(main())


def test_an_endpoint_that_only_ever_asks_for_patience_is_given_up() -> None:
    async def ask_for_ever(gate: EndpointGate) -> None:
        while True:
            try:
                await gate.enter(WHERE, None, 10)
                await gate.left(WHERE, tokens=0, ok=False, pause=90.0, words="host answered 429")
            except Postponed as postponed:
                await asyncio.sleep(postponed.seconds)

    async def main() -> float:
        with pytest.raises(JudgeError, match=r"for 30 minutes.*; last: host answered 429") as said:
            await ask_for_ever(opened())
        assert said.value.permanent
        return clock()

    assert 1800 <= virtual_time.run(main()) < 2000


def test_a_call_larger_than_the_limit_of_a_minute_fails_when_it_is_turned_away() -> None:
    async def main() -> None:
        gate, by = opened(), row(tokens_per_minute=1000)
        await gate.enter(WHERE, by, 1000)
        await gate.left(WHERE, tokens=0, ok=False, pause=1.0, words="429")
        await gate.enter(WHERE, by, 1001)
        with pytest.raises(JudgeError, match=r"about 1,001 tokens, more than the 1,000") as raised:
            await gate.left(WHERE, tokens=0, ok=False, pause=1.0, words="429")
        assert raised.value.permanent

    virtual_time.run(main())
