"""What every call passes on its way to an endpoint: breaker, pace, declared limits and pauses.

Declared limits and pauses that an endpoint asked for are kept in a LimitStore, which all workers
may share. Breaker and pace belong to a process: each finds out by its own calls, and what several
find out adds up, as with the flows that share a line.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import time
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from judges.contracts import EndpointRow, JudgeError, Postponed
from judges.llm.breaker import GIVE_UP, Breaker, Down, GivenUp, Refusals, Spared
from judges.llm.limits import MINUTE, Limits, LimitStore, LocalLimits
from judges.llm.pace import Pace

PATIENCE = 10.0
"""Seconds that a call waits here for its turn; a longer wait is spent in the queue."""

AT_RANDOM = (0.5, 1.5)
"""Those who come again for a turn do so at random in this share of the time, not all at once."""

SPARED = (5.0, 10.0)
"""Seconds after which a call that a dead endpoint is spared comes again."""


@dataclass(frozen=True)
class Trouble:
    """An endpoint that does not reply: since when, and what came last instead."""

    since: datetime
    words: str


@dataclass
class _Door:
    """The state of one endpoint in this process."""

    breaker: Breaker = field(default_factory=Breaker)
    pace: Pace = field(default_factory=Pace)
    refusals: Refusals = field(default_factory=Refusals)


@dataclass(frozen=True)
class _Passage:
    """A call between `enter` and `left`."""

    address: str
    limits: Limits
    tokens: int
    ticket: str
    sent_at: float
    probe: bool


_passage: ContextVar[_Passage | None] = ContextVar("_passage", default=None)
"""The call that the running task has under way."""


class EndpointGate:
    """The gate of one process, for any number of endpoints, event loops and threads."""

    def __init__(
        self,
        limits: LimitStore | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        report: Callable[[str, Trouble | None], None] | None = None,
    ) -> None:
        """`report` is told the address of an endpoint that does not reply, again at each sign of
        it, and None when it does."""
        self._limits = limits or LocalLimits(clock)
        self._clock = clock
        self._sleep = sleep
        self._report = report
        self._doors: dict[str, _Door] = {}
        self._numbers = itertools.count()

    async def enter(self, address: str, row: EndpointRow | None, tokens: int) -> None:
        """Wait until a call of some `tokens` may be sent.

        Raises Postponed when that takes longer than PATIENCE, JudgeError when the endpoint has
        been dead for long.
        """
        door, limits = self._door(address), Limits.of(row)
        ticket = f"{os.getpid()}.{next(self._numbers)}" if limits.in_flight else ""
        taken = _Passage(address, limits, tokens, ticket, 0.0, probe=False)
        deadline = self._clock() + PATIENCE
        while True:
            self._check(door)
            await self._turn(door, taken, deadline)
            now = self._clock()
            try:
                probe = door.breaker.enter(now)
            except (Spared, GivenUp) as refused:
                await self._limits.give_back(address, limits, ticket, -tokens, 0.0)
                raise self._refusal(door, refused) from None
            if not self._limits.paused(address):
                break
            door.breaker.cancelled(probe=probe)
            await self._limits.give_back(address, limits, ticket, -tokens, 0.0)
        door.pace.sent()
        _passage.set(_Passage(address, limits, tokens, ticket, now, probe))

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
        """Tell how the call of the running task went.

        `tokens` is what it took, `pause` how long the endpoint asked to be left alone (s). Not
        `ok` and `alive` is an endpoint that works and declined, with a pause because it is asked
        too much; not `alive` one that seems out of order. `words` say what it answered. Raises
        JudgeError when this was the last sign that the endpoint is to be given up.
        """
        passage = _passage.get()
        if passage is None or passage.address != address:
            return
        _passage.set(None)
        self._note(passage, ok, alive, pause > 0, words)
        if passage.limits or pause > 0:
            surplus = tokens - passage.tokens
            await self._limits.give_back(address, passage.limits, passage.ticket, surplus, pause)
        door = self._door(address)
        if not alive and door.breaker.given_up and door.breaker.down is not None:
            raise JudgeError(_given_up(door.breaker.down, self._clock()), permanent=True)
        if pause > 0 and alive:
            _check_size(passage, words)
        if pause > 0 and alive and door.refusals.hopeless:
            raise JudgeError(_refused(door.refusals, words), permanent=True)

    async def close(self) -> None:
        """Close connections of the running event loop; they are opened again when needed."""
        await self._limits.close()

    def trouble(self, address: str) -> Trouble | None:
        """What is wrong with the endpoint, as far as this process knows."""
        door = self._doors.get(address)
        down = door.breaker.down if door else None
        if down is None:
            return None
        ago = timedelta(seconds=self._clock() - down.since)
        return Trouble(datetime.now(UTC) - ago, down.words)

    def _door(self, address: str) -> _Door:
        door = self._doors.get(address)
        return self._doors.setdefault(address, _Door()) if door is None else door

    def _check(self, door: _Door) -> None:
        try:
            door.breaker.check(self._clock())
        except (Spared, GivenUp) as refused:
            raise self._refusal(door, refused) from None

    def _refusal(self, door: _Door, refused: Spared | GivenUp) -> JudgeError | Postponed:
        now = self._clock()
        if isinstance(refused, GivenUp):
            return JudgeError(_given_up(refused.down, now), permanent=True)
        since = door.breaker.since
        left = GIVE_UP - (now - (now if since is None else since))
        seconds = min(random.uniform(*SPARED), max(left, 0.0) + 0.5)
        return Postponed(f"{door.breaker.words}; it is spared calls for a moment", seconds)

    async def _turn(self, door: _Door, wanted: _Passage, deadline: float) -> None:
        """Take the next turn of all limits and of the pace, and wait for it."""
        while True:
            now = self._clock()
            patience = deadline - now
            if (wait := door.pace.wait(now)) > 0:
                if wait > patience:
                    raise _postponed(wait)
                await self._sleep(wait * random.uniform(*AT_RANDOM))
                continue
            turn = await self._limits.take(
                wanted.address, wanted.limits, wanted.tokens, wanted.ticket, patience
            )
            if not turn.taken and turn.wait > patience:
                raise _postponed(turn.wait)
            slowed = door.pace.slowed
            if turn.taken:
                wait = turn.wait + door.pace.take(now + turn.wait)
                if wait <= 0:
                    return
            else:
                wait = turn.wait
            await self._sleep_holding(wait, turn.taken, wanted)
            if turn.taken and door.pace.slowed == slowed:
                return
            if turn.taken:
                await self._give_back(wanted)

    async def _sleep_holding(self, seconds: float, held: bool, wanted: _Passage) -> None:
        try:
            await self._sleep(seconds)
        except BaseException:
            if held:
                await self._give_back(wanted)
            raise

    async def _give_back(self, wanted: _Passage) -> None:
        await self._limits.give_back(
            wanted.address, wanted.limits, wanted.ticket, -wanted.tokens, 0.0
        )

    def _note(self, passage: _Passage, ok: bool, alive: bool, limited: bool, words: str) -> None:
        door, now = self._door(passage.address), self._clock()
        troubled = door.breaker.down is not None
        if ok:
            door.refusals.clear()
            door.breaker.replied()
        elif not alive:
            door.breaker.failed(now, passage.sent_at, words, probe=passage.probe)
        elif limited or words:
            if limited:
                door.refusals.add(now)
            door.breaker.alive(now, passage.sent_at, words, limited=limited, probe=passage.probe)
        else:
            door.breaker.cancelled(probe=passage.probe)
        if ok or (alive and limited):
            door.pace.outcome(now, passage.sent_at, declined=not ok)
        if self._report is not None and (troubled or door.breaker.down is not None):
            self._report(passage.address, self.trouble(passage.address))


def _postponed(wait: float) -> Postponed:
    """Come again when the turn is near, so that the endpoint is not idle in the meantime."""
    return Postponed(
        f"the endpoint is at its limit; the next turn is in {wait:.0f} s",
        max(wait - PATIENCE / 2, PATIENCE / 10),
    )


def _check_size(passage: _Passage, words: str) -> None:
    """A call that was turned away and is larger than a minute's worth never passes. Its size is an
    estimate (pictures count for too much), so it is held against it only now."""
    meter = passage.limits.tokens
    if meter is not None and passage.tokens * meter.interval > MINUTE + 1e-6:
        raise JudgeError(
            f"the question takes about {passage.tokens:,} tokens, more than the "
            f"{MINUTE / meter.interval:,.0f} tokens a minute that its endpoint allows: shorten it "
            f"(max_chars, max_tokens), or raise tokens_per_minute; it answered: {words}",
            permanent=True,
        )


def _refused(refusals: Refusals, words: str) -> str:
    minutes = (refusals.last - refusals.since) / 60
    last = f"; last: {words}" if words else ""
    return (
        f"the endpoint turned away {refusals.count} calls in a row for {minutes:.0f} minutes, "
        f"and answered none{last}"
    )


def _given_up(down: Down, now: float) -> str:
    last = f"; last: {down.words}" if down.words else ""
    return f"the endpoint gave no usable reply for {now - down.since:.0f} s{last}"
