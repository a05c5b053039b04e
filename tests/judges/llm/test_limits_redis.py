"""Limits shared through a real Redis; the rules are those of the limits within a process."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from judges.contracts import EndpointRow
from judges.llm import limits_redis
from judges.llm.limits import Limits, LocalLimits, Turn
from judges.llm.limits_redis import RedisLimits

URL = os.environ.get("REDIS_URL", "")
FOR_EVER = 1e9

pytestmark = [pytest.mark.stack, pytest.mark.skipif(not URL, reason="needs REDIS_URL")]


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def limits(**declared: int) -> Limits:
    return Limits.of(EndpointRow("e", "http://host/v1", **declared))


@pytest.fixture
def where() -> str:
    """An address that no other test uses."""
    return f"http://host/v1 {uuid.uuid4().hex}"


@pytest_asyncio.fixture
async def two() -> AsyncIterator[tuple[RedisLimits, RedisLimits]]:
    """Two processes."""
    clock = Clock()
    pair = RedisLimits(URL, clock), RedisLimits(URL, clock)
    yield pair
    for one in pair:
        await one.close()


@pytest.mark.asyncio
async def test_the_script_keeps_the_same_rules(where: str) -> None:
    clock = Clock()
    local, shared = LocalLimits(clock), RedisLimits(URL, clock)
    by = limits(requests_per_minute=30, tokens_per_minute=6000)
    for step, tokens in enumerate((100, 900, 50, 4000, 10, 10, 0, 700)):
        told = []
        for store in (local, shared):
            turn = await store.take(where, by, tokens, str(step), 20.0)
            if turn.taken and step % 2:
                pause = 3.0 if step == 5 else 0.0
                await store.give_back(where, by, str(step), tokens // 3 - 20, pause)
            told.append((round(turn.wait, 3), turn.taken))
        assert told[0] == told[1], f"step {step}"
        clock.now += 0.7
    await shared.close()


@pytest.mark.asyncio
async def test_many_callers_of_two_processes_share_one_rate(
    two: tuple[RedisLimits, RedisLimits], where: str
) -> None:
    by = limits(requests_per_minute=600)
    turns = await asyncio.gather(
        *(two[n % 2].take(where, by, 0, str(n), FOR_EVER) for n in range(100))
    )
    waits = sorted(turn.wait for turn in turns)
    assert all(turn.taken for turn in turns)
    expected = [max(0.0, (n - 9) / 10) for n in range(100)]  # a second's worth at once
    assert waits == pytest.approx(expected, abs=1e-3)


@pytest.mark.asyncio
async def test_calls_at_once_are_counted_over_processes(
    two: tuple[RedisLimits, RedisLimits], where: str
) -> None:
    by, (one, other) = limits(max_in_flight=2), two
    assert (await one.take(where, by, 0, "a", 1.0)).taken
    assert (await other.take(where, by, 0, "b", 1.0)).taken
    assert not (await one.take(where, by, 0, "c", 1.0)).taken
    await other.give_back(where, by, "b", 0, 0.0)
    assert (await one.take(where, by, 0, "c", 1.0)).taken


@pytest.mark.asyncio
async def test_a_killed_worker_does_not_keep_its_places(where: str) -> None:
    clock, by = Clock(), limits(max_in_flight=1)
    killed, living = RedisLimits(URL, clock), RedisLimits(URL, clock)
    await killed.take(where, by, 0, "a", 1.0)
    await killed.close()
    clock.now += limits_redis.HOLD - 1
    assert not (await living.take(where, by, 0, "b", 1.0)).taken
    clock.now += 2
    assert (await living.take(where, by, 0, "b", 1.0)).taken
    await living.close()


@pytest.mark.asyncio
async def test_a_long_call_keeps_its_place(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits_redis, "RENEW_EVERY", 0.01)
    clock, by = Clock(), limits(max_in_flight=2)
    store, other = RedisLimits(URL, clock), RedisLimits(URL, clock)
    renewals, run = [], store._run

    async def noted(*args: object) -> object:
        done = await run(*args)  # type: ignore[arg-type]
        if args[1] == "renew":
            renewals.append(clock.now)
        return done

    monkeypatch.setattr(store, "_run", noted)
    assert (await store.take(where, by, 0, "long", 1.0)).taken
    assert (await store.take(where, by, 0, "longer", 1.0)).taken
    for _ in range(4):
        clock.now += limits_redis.HOLD / 2
        while clock.now not in renewals:  # noqa: ASYNC110  # by a task, while nobody takes a turn
            await asyncio.sleep(0.01)
        assert not (await other.take(where, by, 0, "third", 1.0)).taken
    await store.give_back(where, by, "long", 0, 0.0)
    await store.give_back(where, by, "longer", 0, 0.0)
    assert (await other.take(where, by, 0, "third", 1.0)).taken
    keeper = store._keepers[asyncio.get_running_loop()]
    await asyncio.wait_for(keeper, 10)  # it ends when nothing is held
    await store.close()
    await other.close()


@pytest.mark.asyncio
async def test_a_pause_is_told_to_other_processes(
    two: tuple[RedisLimits, RedisLimits], where: str
) -> None:
    one, other = two
    await one.give_back(where, Limits(), "", 0, 30.0)
    turn = await other.take(where, Limits(), 0, "", 5.0)
    assert not turn.taken
    assert 29 < turn.wait <= 30
    assert other.paused(where) > 29


@pytest.mark.asyncio
async def test_without_limits_a_call_costs_no_round_trip(
    where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, runs = RedisLimits(URL), []
    run = store._run

    async def counted(*args: object) -> object:
        runs.append(args)
        return await run(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "_run", counted)
    for _ in range(200):
        assert await store.take(where, Limits(), 10, "", 5.0) == Turn(0.0, taken=True)
        await store.give_back(where, Limits(), "", 5, 0.0)
    await store.close()
    assert len(runs) <= 3


@pytest.mark.asyncio
async def test_its_keys_expire(two: tuple[RedisLimits, RedisLimits], where: str) -> None:
    from redis.asyncio import Redis

    client = Redis.from_url(URL)
    before = set(await client.keys(f"{limits_redis.PREFIX}:*"))
    await two[0].take(where, limits(requests_per_minute=6, max_in_flight=1), 0, "a", 1.0)
    made = set(await client.keys(f"{limits_redis.PREFIX}:*")) - before
    assert len(made) == 2
    assert all([0 < await client.ttl(key) <= 700 for key in made])
    await client.aclose()


def test_every_event_loop_has_connections_of_its_own(where: str) -> None:
    store, by = RedisLimits(URL), limits(requests_per_minute=60)

    async def once() -> bool:
        taken = (await store.take(where, by, 0, "a", 60.0)).taken
        await store.close()
        return taken

    assert asyncio.run(once())
    assert asyncio.run(once())
