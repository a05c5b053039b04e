"""Servers that limit their callers, as rules of virtual time, and callers who go through a gate."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from judges.contracts import JudgeError, Postponed
from judges.llm.gate import EndpointGate
from judges.llm.limits import LocalLimits
from tests.fakes.virtual_time import clock

WHERE = "http://host/v1 00000000 m"

Server = Callable[[float], tuple[str, float]]
"""(what a call at this time gets: ok, declined or failed; the pause that is asked for)"""


def bucket(per_second: float, burst: float) -> Server:
    """Tokens come at a rate, and so many are kept."""
    state = {"tokens": burst, "at": 0.0}

    def answer(now: float) -> tuple[str, float]:
        earned = (now - state["at"]) * per_second
        state.update(tokens=min(burst, state["tokens"] + earned), at=now)
        if state["tokens"] < 1:
            return "declined", (1 - state["tokens"]) / per_second
        state["tokens"] -= 1
        return "ok", 0.0

    return answer


def window(calls: int, seconds: float) -> Server:
    """So many calls in each stretch of the clock."""
    seen: list[float] = []

    def answer(now: float) -> tuple[str, float]:
        begun = now // seconds * seconds
        seen[:] = [at for at in seen if at >= begun]
        if len(seen) >= calls:
            return "declined", begun + seconds - now
        seen.append(now)
        return "ok", 0.0

    return answer


def at_random(share: float, pause: float) -> Server:
    """Declines a share of the calls, however many come."""
    draw = random.Random(1)
    return lambda _: ("declined", pause) if draw.random() < share else ("ok", 0.0)


@dataclass
class Told:
    """What came of it; times in seconds."""

    passed: list[float] = field(default_factory=list)
    declined: list[float] = field(default_factory=list)
    failed: list[float] = field(default_factory=list)
    given_up: list[tuple[float, str]] = field(default_factory=list)
    postponed: int = 0

    def rate(self, start: float, end: float) -> float:
        """Calls a second that passed in this stretch."""
        return sum(start <= at < end for at in self.passed) / (end - start)


async def drive(
    server: Server, *, callers: int, seconds: float, latency: float = 0.1, headers: bool = True
) -> Told:
    """Callers who ask as often as the gate lets them."""
    gate, told = EndpointGate(LocalLimits(clock), clock), Told()

    async def one() -> None:
        while clock() < seconds:
            try:
                await gate.enter(WHERE, None, 10)
            except Postponed as postponed:
                told.postponed += 1
                await asyncio.sleep(postponed.seconds)
                continue
            except JudgeError as error:
                told.given_up.append((clock(), str(error)))
                return
            await _call(gate, server, told, latency, headers)

    await asyncio.gather(*(one() for _ in range(callers)))
    return told


async def _call(
    gate: EndpointGate, server: Server, told: Told, latency: float, headers: bool
) -> None:
    sort, pause = server(clock())
    if sort == "ok":
        await asyncio.sleep(latency)
        told.passed.append(clock())
        return await gate.left(WHERE, tokens=10, ok=True)
    await asyncio.sleep(latency / 10)
    alive = sort == "declined"
    (told.declined if alive else told.failed).append(clock())
    pause = pause if headers else 0.05 * alive
    words = "host answered 429: slow" if alive else "host answered 500: boom"
    await gate.left(WHERE, tokens=0, ok=False, pause=pause, alive=alive, words=words)
    await asyncio.sleep(random.uniform(0.25, 0.75))
    return None
