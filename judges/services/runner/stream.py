"""One run: claim, ask, write and settle, all at the same time.

Every judgment is a task of its own, so the slowest holds up nothing. Database work runs in three
threads, so neither the event loop nor a reply that came in nor a claim waits for verdicts.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from django.db import DatabaseError
from django.utils import timezone

from arena.models import Project
from judges.contracts import Backend, JudgeError, Postponed
from judges.services import leases, replies
from judges.services.backends import backend_of, gate
from judges.services.replies import PaidReply
from judges.services.runner.claiming import Claimed, Claimer, Kinds
from judges.services.runner.flight import FlightGate, Places, Ticket, current_ticket
from judges.services.runner.loader import ReplyLoader
from judges.services.runner.work import Question, Reply, Work, one_by_one
from judges.services.runner.writing import (
    AWAY,
    Asked,
    close_connection,
    conclude,
    patiently,
    store,
)
from judges.tasks import stopping

logger = logging.getLogger(__name__)

UNDER_WAY = 3
"""Judgments under way for each call in flight; those that wait their turn hide the claiming."""

MOST_DELAYED = 0.25
"""Share of these that may be delayed judgments of one judge (a rate limit, an endpoint that is
down) before no more of it is claimed."""

WRITE_EVERY = 0.01
SETTLE_EVERY = 0.1
IDLE_POLL = 0.1
LOOK_EVERY = 0.25
"""Seconds between looks whether the worker was told to stop."""

IDLE_GRACE = 1.0
"""Seconds without work after which a run ends."""

STAY = 5.0
"""A run that has only postponed work waits for it, if it is due within so many seconds."""

LAST_CALLS = 10.0
"""Seconds that calls at an endpoint have left when the worker is told to stop."""

T = TypeVar("T")


class Runner:
    """One run. `concurrency` is the number of calls in flight."""

    def __init__(self, concurrency: int) -> None:
        self.lease = uuid.uuid4().hex
        self.places = Places(concurrency)
        self.most = UNDER_WAY * concurrency
        self.replies = ReplyLoader(self._find_replies, self.places, self._write_soon)
        self.kinds = Kinds(self._backend_of)
        self.claimer = Claimer(self.lease, self.kinds)
        self.in_hand: dict[int, Work] = {}
        self.concluding: frozenset[int] = frozenset()
        self.under_way: dict[asyncio.Task[None], tuple[Question, Ticket]] = {}
        self.asked: list[Asked] = []
        self.complete: list[Work] = []
        self.paused: dict[int, float] = {}
        self.to_write, self.to_settle, self.room = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.write_lock, self.settle_lock = asyncio.Lock(), asyncio.Lock()
        self.stopped_at: float | None = None
        self.wake_in: float | None = None
        self.writer = ThreadPoolExecutor(1, thread_name_prefix="judging-write")
        self.settler = ThreadPoolExecutor(1, thread_name_prefix="judging-settle")
        self.database = ThreadPoolExecutor(1, thread_name_prefix="judging-db")

    async def run(self) -> None:
        """Stream until nothing has been open for a moment, then give everything back.

        Afterwards `wake_in` says in how many seconds there is more to do, if there is.
        """
        try:
            async with asyncio.TaskGroup() as group:
                helpers = [
                    group.create_task(self._often(self.to_write, WRITE_EVERY, self._write)),
                    group.create_task(self._often(self.to_settle, SETTLE_EVERY, self._settle)),
                    group.create_task(self._renew()),
                ]
                await self._claim()
                await self._drain()
                for helper in helpers:
                    helper.cancel()
        finally:
            await self._finish()

    # claiming -----------------------------------------------------------------------------------
    async def _claim(self) -> None:
        idle_since = time.monotonic()
        while not stopping():
            if 2 * self._busy > self.most:
                self.room.clear()
                await _within(LOOK_EVERY, self.room.wait())
                continue
            claimed = await self._claim_some()
            self._begin(claimed)
            now = time.monotonic()
            if claimed or self.in_hand:
                idle_since = now
            elif now - idle_since > IDLE_GRACE and not self._due_within(STAY):
                return
            if not claimed:
                await asyncio.sleep(IDLE_POLL)

    async def _claim_some(self) -> Claimed:
        now = time.monotonic()
        self.paused = {judge: until for judge, until in self.paused.items() if until > now}
        limit = max(1, (self.most - self._busy) // 2)
        not_judges, in_hand = {*self.paused, *self._held_up()}, frozenset(self.in_hand)
        alone = not self._busy
        claimed = await self._patiently(
            lambda: self.claimer.claim(limit, not_judges=not_judges, in_hand=in_hand, alone=alone)
        )
        await self._return(claimed.dropped)
        return claimed

    async def _return(self, dropped: Collection[int]) -> None:
        """Give back what was dropped from a claim as in hand, and has left it meanwhile.

        The others keep the new lease. One that is being settled may have been open just now, and
        nobody would ask it again; if it is settled all the same, this changes nothing.
        """
        kept = self.in_hand.keys() - self.concluding
        gone = {pk: timedelta(0) for pk in dropped if pk not in kept}
        if gone:
            await self._patiently(lambda: leases.release(self.lease, gone, failed=False))

    def _begin(self, claimed: Claimed) -> None:
        for work in claimed.answered:
            self.in_hand[work.decision.pk] = work
            self._completed(work)
        for question in claimed.questions:
            self.in_hand |= {work.decision.pk: work for work, _ in question.parts}
            self._start(question)

    def _start(self, question: Question) -> None:
        ticket = Ticket(question.owner)
        task = asyncio.create_task(self._judge(question, ticket))
        self.under_way[task] = (question, ticket)
        task.add_done_callback(self.under_way.pop)

    @property
    def _busy(self) -> int:
        """Judgments under way, and those that are not written yet; not those that are delayed, or
        one endpoint that is down would hold up all others."""
        return sum(not ticket.delayed for _, ticket in self.under_way.values()) + len(self.asked)

    def _held_up(self) -> set[int]:
        """Judges of which so many judgments are delayed that no more shall be claimed."""
        delayed = Counter(
            question.parts[0][0].decision.judge_id
            for question, ticket in self.under_way.values()
            if ticket.delayed
        )
        return {judge for judge, count in delayed.items() if count >= self.most * MOST_DELAYED}

    def _due_within(self, seconds: float) -> bool:
        return any(until < time.monotonic() + seconds for until in self.paused.values())

    # asking -------------------------------------------------------------------------------------
    async def _judge(self, question: Question, ticket: Ticket) -> None:
        current_ticket.set(ticket)
        try:
            reply = await self._ask(question)
            if pairs := one_by_one(question, reply):
                # The first goes on under the ticket of the group, whose price it bears.
                question, *others = pairs
                for other in others:
                    self._start(other)
                reply = await self._ask(question)
        finally:
            self.replies.give_up(ticket)
        self.places.keep(ticket.unkept)
        self.asked.append(Asked(question, reply, ticket.unkept, frozenset(ticket.charged)))
        self.to_write.set()

    async def _ask(self, question: Question) -> Reply:
        try:
            return await question.ask()
        except (JudgeError, Postponed) as said:
            return said
        except Exception as error:
            # A fault in one kind must not take down the stream of all the others.
            logger.exception("a judge failed")
            return JudgeError(f"{type(error).__name__}: {error}", permanent=True)

    def _backend_of(self, project: Project) -> Backend:
        backend = backend_of(project, self.replies.shelf(project.pk))
        return replace(backend, gate=FlightGate(self.places, backend.gate))

    async def _find_replies(self, keys: Collection[str]) -> Mapping[str, PaidReply]:
        try:
            return await self._patiently(lambda: replies.find(keys))
        except AWAY as error:
            raise Postponed(f"stored replies cannot be read: {error}", STAY) from error

    # writing ------------------------------------------------------------------------------------
    def _write_soon(self) -> None:
        self.to_write.set()

    async def _write(self) -> None:
        async with self.write_lock:
            asked, paid = tuple(self.asked), self.replies.unwritten()
            recorded = await _in(self.writer, lambda: store(asked, paid, self._enough))
            del self.asked[: len(asked)]
            self.replies.written(paid)
            self.places.give_back(len(paid) + sum(one.places for one in asked))
            for one in recorded:
                self._tick_off(one)
            self.room.set()

    def _tick_off(self, asked: Asked) -> None:
        asked.bear()
        for work, shown in asked.question.parts:
            if isinstance(asked.reply, Postponed):
                until = time.monotonic() + asked.reply.seconds
                self.paused[work.decision.judge_id] = until
            if work.tick_off(shown, asked.reply):
                self._completed(work)

    def _completed(self, work: Work) -> None:
        self.complete.append(work)
        self.to_settle.set()

    async def _settle(self) -> None:
        async with self.settle_lock:
            works, self.complete = self.complete, []
            self.concluding = frozenset(work.decision.pk for work in works)
            await _in(self.settler, lambda: conclude(self.lease, works, self._enough))
            for pk in self.concluding:
                del self.in_hand[pk]
            self.concluding = frozenset()

    async def _often(
        self, event: asyncio.Event, pause: float, work: Callable[[], Awaitable[None]]
    ) -> None:
        while True:
            await event.wait()
            await asyncio.sleep(pause)
            event.clear()
            # A cancellation must not split what is done from its bookkeeping.
            await asyncio.shield(asyncio.ensure_future(work()))

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(leases.LEASE.total_seconds() / 4)
            try:
                await _in(self.database, lambda: leases.renew(self.lease))
            except DatabaseError as error:  # the next time may do; a lease lasts for four
                logger.warning("leases could not be renewed: %s", error)
                await _in(self.database, close_connection)
            in_use = [question.kind for question, _ in self.under_way.values()]
            for kind in self.kinds.retire(in_use):
                await _closed(kind.close())

    # ending -------------------------------------------------------------------------------------
    async def _drain(self) -> None:
        """Wait for what is under way; not for long when the worker is told to stop."""
        while self.under_way:
            if stopping():
                self._cut_short()
            await asyncio.wait(self.under_way, timeout=LOOK_EVERY)

    def _cut_short(self) -> None:
        """End what waits at once, and calls at an endpoint after a last moment."""
        if self.stopped_at is None:
            self.stopped_at = time.monotonic()
            self.places.closed = True
        over = self._enough()
        for task, (_, ticket) in self.under_way.items():
            if over or not ticket.calling:
                task.cancel()

    def _enough(self) -> bool:
        """Whether the worker was told to stop so long ago that nothing may be waited for."""
        return self.stopped_at is not None and time.monotonic() > self.stopped_at + LAST_CALLS

    async def _finish(self) -> None:
        for task in self.under_way:
            task.cancel()
        await asyncio.gather(*self.under_way, return_exceptions=True)
        try:
            await self._write()
            await self._settle()
            self.wake_in = await self._patiently(self._give_back)
        finally:
            for kind in self.kinds.all:
                await _closed(kind.close())
            await _closed(gate().close())
            for pool in (self.writer, self.settler, self.database):
                await _in(pool, close_connection)
                pool.shutdown()

    def _give_back(self) -> float | None:
        """Give back what is still held; in how many seconds there is more to do, if there is."""
        if leases.release_all(self.lease):
            return 0.0
        waits = [until - time.monotonic() for until in self.paused.values()]
        if due := leases.next_due():
            waits.append((due - timezone.now()).total_seconds())
        return max(0.0, min(waits)) if waits else None

    async def _patiently(self, work: Callable[[], T]) -> T:
        return await _in(self.database, lambda: patiently(work, self._enough))


async def _in(pool: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(pool, work)


async def _closed(closing: Awaitable[None]) -> None:
    """Close; that it fails is no reason to end calls that are paid for."""
    try:
        await closing
    except Exception:
        logger.warning("connections could not be closed", exc_info=True)


async def _within(seconds: float, waiting: Awaitable[object]) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(waiting, seconds)
