"""Asking one endpoint until it replies: through the gate, and again when that may help.

A rate limit is a wait and no failure: a long one is spent in the queue (Postponed). What fails
fast (5xx, a dropped connection) is tried again after a jittered back-off. A call that ran into its
timeout is not: it was long enough, and may have been paid for.
"""

from __future__ import annotations

import asyncio
import random
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Protocol

from judges.contracts import EndpointRow, Gate, JudgeError, Postponed
from judges.llm.client import Request
from judges.llm.endpoint import Endpoint
from judges.llm.faults import Fault
from judges.llm.reply import Reply

TRIES = 4
"""Times that a call is made which fails fast; with back-off some four seconds."""

FIRST_DELAY = 0.5
LONGEST_PAUSE = 8.0
"""Seconds of a pause, asked for by what fails, that is waited for here."""

MOMENT = 0.05
"""Seconds for which an endpoint is left alone that says it is asked too much, and not for how long
to wait."""

LONG = 5.0
"""Seconds of waiting for a rate limit, above which the call goes back to the queue."""

MOST_DECLINED = 50
"""Times that one question may be turned away by a rate limit, in all. A question that is too
large for the limit is turned away for ever while others pass."""

REMEMBERED = 100_000
"""Questions whose refusals are counted; those that were turned away longest ago are forgotten."""

Sleep = Callable[[float], Awaitable[None]]


class Refusals:
    """How often each question was turned away, by address and key."""

    def __init__(self) -> None:
        self._counts: OrderedDict[tuple[str, str], int] = OrderedDict()

    def add(self, address: str, key: str) -> int:
        """Count one more; how many there were."""
        count = self._counts.pop((address, key), 0) + 1
        self._counts[address, key] = count
        if len(self._counts) > REMEMBERED:
            self._counts.popitem(last=False)
        return count

    def forget(self, address: str, key: str) -> None:
        """The question is answered, or given up."""
        self._counts.pop((address, key), None)

    def clear(self) -> None:
        """Forget all."""
        self._counts.clear()


REFUSALS = Refusals()
"""Of this process: clients are built anew all the time, while a question waits in the queue."""


class Caller(Protocol):
    """What is asked: an endpoint, or a judge behind a URL."""

    endpoint: Endpoint

    async def complete(self, request: Request) -> Reply | Fault:
        """Ask once."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


class PatientClient:
    """Calls to one endpoint, with all the patience that they need."""

    def __init__(
        self,
        client: Caller,
        gate: Gate | None,
        address: str,
        row: EndpointRow | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.client = client
        self._gate = gate
        self._address = address
        self._row = row
        self._sleep = sleep

    async def ask(self, request: Request, key: str, tokens: int) -> Reply:
        """The reply to `request`. `key` tells questions apart, `tokens` is about what it takes.

        Raises JudgeError when there is none, Postponed when it has to wait long.
        """
        tried, waited = 0, 0.0
        while True:
            outcome = await self._call(request, tokens)
            if isinstance(outcome, Reply):
                REFUSALS.forget(self._address, key)
                return outcome
            if outcome.limited:
                # The gate paces the next calls; this is only for not to come back all at once.
                delay = max(outcome.pause, _back_off(1))
                waited += delay
                self._bear(outcome, key, delay, waited)
            else:
                tried += 1
                delay = max(outcome.pause, _back_off(tried))
                hopeless = outcome.permanent or outcome.timed_out or tried >= TRIES
                if hopeless or delay > LONGEST_PAUSE:
                    raise outcome.as_error(self.client.endpoint.host)
            await self._sleep(delay)

    async def close(self) -> None:
        """Close the connections; the gate is not ours to close, others call through it."""
        await self.client.close()

    async def _call(self, request: Request, tokens: int) -> Reply | Fault:
        """One call, through the gate, which is told how it went."""
        gate, address = self._gate, self._address
        if gate is None:
            return await self.client.complete(request)
        await gate.enter(address, self._row, tokens)
        try:
            outcome = await self.client.complete(request)
        except BaseException:
            await gate.left(address, tokens=0, ok=False)
            raise
        if isinstance(outcome, Reply):
            known = outcome.tokens_in is not None and outcome.tokens_out is not None
            used = (outcome.tokens_in or 0) + (outcome.tokens_out or 0) if known else tokens
            await gate.left(address, tokens=used, ok=True)
            return outcome
        pause = outcome.pause or (MOMENT if outcome.limited else 0.0)
        await gate.left(
            address,
            tokens=0,
            ok=False,
            pause=pause,
            alive=outcome.from_the_living,
            words=outcome.said(self.client.endpoint.host),
        )
        return outcome

    def _bear(self, fault: Fault, key: str, delay: float, waited: float) -> None:
        """Take a rate limit as it is; or send the call back to the queue, or give it up."""
        said = fault.said(self.client.endpoint.host)
        if REFUSALS.add(self._address, key) >= MOST_DECLINED:
            REFUSALS.forget(self._address, key)
            raise JudgeError(f"turned away {MOST_DECLINED} times; last: {said}", permanent=True)
        if waited > LONG:
            raise Postponed(said, delay)


def _back_off(tried: int) -> float:
    """0.5, 1, 2 s, and up to half of it more or less."""
    return FIRST_DELAY * 2.0 ** (tried - 1) * random.uniform(0.5, 1.5)
