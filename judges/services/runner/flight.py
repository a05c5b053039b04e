"""Calls in flight: sent, and their replies not yet on record. That is what a kill can lose.

A call takes a place when it is sent and gives it back when its reply is in the table (or when there
is none). Looking replies up, waiting for a rate limit or backing off takes no place.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextvars import ContextVar
from dataclasses import dataclass, field

from judges.contracts import EndpointRow, Gate, Postponed


@dataclass
class Ticket:
    """A judgment under way: its calls at an endpoint, and replies that came but were not kept.

    `delayed`: it waits for a limit, or to try again what failed, and uses nothing meanwhile.
    `owner` names the judgment, the same in every attempt.
    """

    owner: str = ""
    calling: int = 0
    unkept: int = 0
    delayed: bool = False
    keys: set[str] = field(default_factory=set)
    """Keys of stored replies that others leave to this judgment to fetch."""

    charged: set[str] = field(default_factory=set)
    """Keys of replies whose price this judgment bears already."""


current_ticket: ContextVar[Ticket] = ContextVar("current_ticket")
"""The judgment that the running task works for; tasks that it starts inherit it."""


class Places:
    """At most `limit` calls in flight; whoever waits longest is next."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.taken = 0
        self.closed = False
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self) -> None:
        """Wait for a place."""
        if self.taken < self.limit and not self._waiting:
            self.taken += 1
            return
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self.give_back()
            raise

    def keep(self, count: int = 1) -> None:
        """Count replies that came in and are on their way to the table."""
        self.taken += count

    def give_back(self, count: int = 1) -> None:
        """Free places; handed on in the loop's next round, after what now runs has been counted."""
        self.taken -= count
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._hand_on)

    def _hand_on(self) -> None:
        while self._waiting and self.taken < self.limit:
            place = self._waiting.popleft()
            if not place.done():
                self.taken += 1
                place.set_result(None)


class FlightGate:
    """Counts the calls of a run, round the gate that all workers share."""

    def __init__(self, places: Places, shared: Gate | None) -> None:
        self.places = places
        self.shared = shared

    async def enter(self, address: str, row: EndpointRow | None, tokens: int) -> None:
        """Pass the shared gate, then take a place. Raises Postponed once the run is ending."""
        if self.places.closed:
            raise Postponed("the worker is stopping", 0.0)
        ticket = current_ticket.get()
        ticket.delayed = True
        if self.shared is not None:
            await self.shared.enter(address, row, tokens)
        ticket.delayed = False
        try:
            await self.places.take()
        except asyncio.CancelledError:
            if self.shared is not None:
                await self.shared.left(address, tokens=0, ok=False)
            raise
        ticket.calling += 1

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
        """The call is over. Its place is free as soon as the reply is kept, or there is none."""
        ticket = current_ticket.get()
        try:
            if self.shared is not None:
                await self.shared.left(
                    address, tokens=tokens, ok=ok, pause=pause, alive=alive, words=words
                )
        finally:
            ticket.calling -= 1
            ticket.delayed = not ok
            ticket.unkept += ok
            self.places.give_back()

    async def close(self) -> None:
        """Close what the shared gate has open."""
        if self.shared is not None:
            await self.shared.close()
