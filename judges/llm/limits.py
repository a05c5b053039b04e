"""Declared limits of an endpoint: requests and tokens a minute, calls at once, and pauses.

Rates are kept by the generic cell rate algorithm: each meter is one number, the theoretical time
of arrival `tat`, which every call moves on by its cost. A call is told when its turn is and holds
it, so nobody asks twice and those who wait come one after the other. In any stretch of time no more
is let through than the rate gives in it and the burst.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from judges.contracts import EndpointRow

MINUTE = 60.0

POLL = 0.2
"""Seconds after which a call asks again when as many as allowed are in flight."""

REQUEST_BURST = 1.0
TOKEN_BURST = 6.0
"""Seconds' worth of a rate that may be used at once."""


@dataclass(frozen=True)
class Meter:
    """A rate: seconds for each unit, and units that may come at once."""

    interval: float
    burst: float

    def turn(self, tat: float, start: float, cost: float) -> float:
        """The earliest time from `start` on at which `cost` units conform. What is larger than
        the burst has to wait until the meter is empty."""
        return max(start, max(tat, start) + (cost - max(self.burst, cost)) * self.interval)

    def after(self, tat: float, turn: float, cost: float) -> float:
        """The theoretical time of arrival once `cost` units came at `turn`."""
        return max(tat, turn) + cost * self.interval


@dataclass(frozen=True)
class Limits:
    """What an endpoint's row declares; None is no limit."""

    requests: Meter | None = None
    tokens: Meter | None = None
    in_flight: int | None = None

    @classmethod
    def of(cls, row: EndpointRow | None) -> Limits:
        if row is None:
            return NO_LIMITS
        return cls(
            _meter(row.requests_per_minute, REQUEST_BURST),
            _meter(row.tokens_per_minute, TOKEN_BURST),
            row.max_in_flight,
        )

    def __bool__(self) -> bool:
        return bool(self.requests or self.tokens or self.in_flight)


NO_LIMITS = Limits()


def _meter(per_minute: int | None, burst_seconds: float) -> Meter | None:
    if not per_minute:
        return None
    interval = MINUTE / per_minute
    return Meter(interval, max(1.0, burst_seconds / interval))


@dataclass(frozen=True)
class Turn:
    """When a call may be sent: in `wait` seconds. Not `taken`: it must ask again then."""

    wait: float
    taken: bool


class LimitStore(Protocol):
    """Where the state of all limits is kept."""

    async def take(
        self, address: str, limits: Limits, tokens: int, ticket: str, patience: float
    ) -> Turn:
        """Take the next turn, if it comes within `patience` seconds."""
        ...

    async def give_back(
        self, address: str, limits: Limits, ticket: str, surplus: int, pause: float
    ) -> None:
        """A call is over that took `surplus` tokens more than were reserved (or less, below 0);
        the endpoint wants to be left alone for `pause` seconds."""
        ...

    def paused(self, address: str) -> float:
        """Seconds for which the endpoint is to be left alone, as far as this process knows."""
        ...

    async def close(self) -> None:
        """Close connections of the running event loop."""
        ...


@dataclass
class _State:
    requests: float = 0.0
    tokens: float = 0.0
    pause_until: float = 0.0
    calls: set[str] = field(default_factory=set)


class LocalLimits:
    """Limits within one process; any thread may use them."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._states: defaultdict[str, _State] = defaultdict(_State)
        self._lock = threading.Lock()

    async def take(
        self, address: str, limits: Limits, tokens: int, ticket: str, patience: float
    ) -> Turn:
        """As LimitStore says."""
        with self._lock:
            return self._take(self._states[address], limits, tokens, ticket, patience)

    async def give_back(
        self, address: str, limits: Limits, ticket: str, surplus: int, pause: float
    ) -> None:
        """As LimitStore says."""
        with self._lock:
            state = self._states[address]
            state.calls.discard(ticket)
            if limits.tokens is not None:
                state.tokens += surplus * limits.tokens.interval
        if pause > 0:
            self.pause(address, pause)

    def pause(self, address: str, seconds: float) -> None:
        """Leave the endpoint alone."""
        state = self._states[address]
        state.pause_until = max(state.pause_until, self._clock() + seconds)

    def paused(self, address: str) -> float:
        """As LimitStore says."""
        return max(0.0, self._states[address].pause_until - self._clock())

    async def close(self) -> None:
        """Nothing to close."""

    def _take(
        self, state: _State, limits: Limits, tokens: int, ticket: str, patience: float
    ) -> Turn:
        now = self._clock()
        turn = start = max(now, state.pause_until)
        if limits.requests is not None:
            turn = max(turn, limits.requests.turn(state.requests, start, 1))
        if limits.tokens is not None:
            turn = max(turn, limits.tokens.turn(state.tokens, start, tokens))
        if limits.in_flight is not None and len(state.calls) >= limits.in_flight:
            return Turn(max(turn - now, POLL), taken=False)
        if turn - now > patience:
            return Turn(turn - now, taken=False)
        # All meters move to the common turn: otherwise those who wait for tokens would gather.
        if limits.requests is not None:
            state.requests = limits.requests.after(state.requests, turn, 1)
        if limits.tokens is not None:
            state.tokens = limits.tokens.after(state.tokens, turn, tokens)
        if limits.in_flight is not None:
            state.calls.add(ticket)
        return Turn(turn - now, taken=True)
