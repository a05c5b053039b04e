"""The streaming runner: claimer -> callers -> writer.

One long-lived run a worker process keeps many calls in flight; the slowest call of a batch holds
up nothing. The table is the queue. Replies are stored as fast as the database takes them, before
anything is done with them; a kill loses the calls in flight, and their leases expire.
Database work runs in one thread of its own, so the event loop never waits for it.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar, cast

from celery.worker import state as worker_state
from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction

from arena.common.errors import ArenaError
from judges.contracts import Abstention, Answer, CallingKind, JudgeError, Order, Presentation
from judges.kinds import registry
from judges.models import Decision, Judge, Judgment
from judges.services import leases
from judges.services.cases import case_of, judgment_of, seed_of
from judges.services.settling import settle
from judges.tasks import judge as judge_task

logger = logging.getLogger(__name__)

CLAIM_BATCH = 200
WRITE_EVERY = 0.05
IDLE_POLL = 0.1
IDLE_GRACE = 1.0
MAX_SECONDS = 60.0
"""A run ends and wakes its successor after this, so that a warm shutdown need not wait longer."""

STORE_TRIES = 6
"""Attempts to store a batch of replies, over some six seconds."""

MAX_ATTEMPTS = 5
"""Times that a decision is claimed before a failing call makes it undecided."""

Reply = Answer | Abstention | JudgeError
T = TypeVar("T")


@dataclass
class Work:
    """A claimed decision, the presentations still to be asked, and what went wrong with them."""

    decision: Decision
    kind: CallingKind
    missing: list[Presentation]
    errors: list[JudgeError] = field(default_factory=list)


_one_a_process = threading.Lock()
_wanted = threading.Event()


def run() -> None:
    """Judge until nothing is open. A call while another is running wakes that one instead."""
    _wanted.set()
    while _wanted.is_set() and _one_a_process.acquire(blocking=False):
        try:
            _wanted.clear()
            runner = Runner(settings.JUDGING_CONCURRENCY)
            asyncio.run(runner.run())
        finally:
            _one_a_process.release()
        if runner.has_more:
            judge_task.delay()
            return


def _worker_stops() -> bool:
    """Whether the embedded worker of this process was told to stop."""
    return worker_state.should_stop is not None


class Runner:
    """One run. `concurrency` is the number of calls in flight."""

    def __init__(self, concurrency: int) -> None:
        self.lease = uuid.uuid4().hex
        self.concurrency = concurrency
        self.ends = time.monotonic() + MAX_SECONDS
        self.todo: asyncio.Queue[tuple[Work, Presentation] | None] = asyncio.Queue(2 * concurrency)
        self.replies: list[tuple[Work, Presentation, Reply]] = []
        # Bounds what a kill can lose: calls in flight plus replies that are not stored yet.
        self.unstored = asyncio.Semaphore(2 * concurrency)
        self.kinds: dict[int, CallingKind | JudgeError] = {}
        self.in_hand = 0
        self.has_more = False
        self.database = ThreadPoolExecutor(1, thread_name_prefix="judging-db")

    async def run(self) -> None:
        """Stream until nothing has been open for a moment, then give everything back."""
        try:
            async with asyncio.TaskGroup() as group:
                background = [group.create_task(self._write_often())]
                background.append(group.create_task(self._renew()))
                callers = [group.create_task(self._call()) for _ in range(self.concurrency)]
                await self._claim()
                for _ in callers:
                    await self.todo.put(None)
                await asyncio.wait(callers)
                for task in background:
                    task.cancel()
        finally:
            await self._finish()

    async def _finish(self) -> None:
        try:
            await self._write()
            await self._db(leases.release_all, self.lease)
        finally:
            for kind in self.kinds.values():
                if isinstance(kind, CallingKind):
                    with suppress(Exception):
                        await kind.close()
            await self._db(close_connection)
            self.database.shutdown()

    async def _db(self, work: Callable[..., T], *args: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.database, lambda: work(*args))

    # claimer ------------------------------------------------------------------------------------
    async def _claim(self) -> None:
        idle_since = time.monotonic()
        while time.monotonic() < self.ends and not _worker_stops():
            works = await self._db(self._claim_works)
            if works:
                idle_since = time.monotonic()
                for work in works:
                    await self._queue(work)
            elif self.in_hand or time.monotonic() - idle_since < IDLE_GRACE:
                await asyncio.sleep(IDLE_POLL)
            else:
                return
        self.has_more = True

    async def _queue(self, work: Work) -> None:
        self.in_hand += 1
        if not work.missing:
            self.replies.append((work, NOTHING_MISSING, NOTHING_TO_ASK))
        for presentation in tuple(work.missing):
            await self.todo.put((work, presentation))

    def _claim_works(self) -> list[Work]:
        decisions = leases.claim(self.lease, CLAIM_BATCH)
        recorded = _on_record(decisions)
        works, unusable = [], {}
        for decision in decisions:
            kind = self._kind(decision.judge)
            if isinstance(kind, JudgeError):
                unusable[decision.pk] = str(kind)
                continue
            wanted = kind.presentations(seed_of(decision.comparison))
            done = recorded.get((decision.judge_id, decision.comparison_id), set())
            missing = [p for p in wanted if (str(p.order), p.sample) not in done]
            works.append(Work(decision, kind, missing))
        if unusable:
            settle(unusable, lease=self.lease, failures=unusable)
        return works

    def _kind(self, judge: Judge) -> CallingKind | JudgeError:
        if judge.pk not in self.kinds:
            try:
                kind = registry.build(judge.kind, judge.params)
                self.kinds[judge.pk] = cast("CallingKind", kind)
            except ArenaError as error:
                # Stored params that an upgrade no longer understands.
                said = "; ".join([str(error), *(f"{k}: {v}" for k, v in error.fields.items())])
                self.kinds[judge.pk] = JudgeError(f"the judge cannot be built: {said}", True)
        return self.kinds[judge.pk]

    # callers ------------------------------------------------------------------------------------
    async def _call(self) -> None:
        while (item := await self.todo.get()) is not None:
            work, presentation = item
            await self.unstored.acquire()
            reply = await self._ask(work, presentation)
            self.replies.append((work, presentation, reply))

    async def _ask(self, work: Work, presentation: Presentation) -> Reply:
        try:
            return await work.kind.judge(case_of(work.decision.comparison, presentation))
        except JudgeError as error:
            return error
        except Exception as error:
            # A fault in one kind must not take down the stream of all the others.
            logger.exception("judge %s failed", work.decision.judge_id)
            return JudgeError(f"{type(error).__name__}: {error}", permanent=True)

    # writer -------------------------------------------------------------------------------------
    async def _write_often(self) -> None:
        while True:
            await asyncio.sleep(WRITE_EVERY)
            # A cancellation must not split a write in progress from its bookkeeping.
            await asyncio.shield(asyncio.create_task(self._write()))

    async def _write(self) -> None:
        replies, self.replies = self.replies, []
        if replies:
            # Not in one statement: `-=` would read `in_hand` before the wait and lose changes.
            complete = await self._db(self._store_patiently, replies)
            self.in_hand -= complete
            for reply in replies:
                if reply[2] is not NOTHING_TO_ASK:
                    self.unstored.release()

    def _store_patiently(self, replies: list[tuple[Work, Presentation, Reply]]) -> int:
        """Store replies though the database is away for a moment; they are paid for.

        A reply that cannot be stored at all (and not the others beside it) becomes a failure.
        """
        for attempt in range(STORE_TRIES):
            try:
                return self._store(replies)
            except DatabaseError as error:
                logger.warning("replies could not be stored, trying again: %s", error)
                close_connection()
                time.sleep(0.1 * 2**attempt)
        return sum(self._store_alone(*reply) for reply in replies)

    def _store_alone(self, work: Work, shown: Presentation, reply: Reply) -> int:
        try:
            return self._store([(work, shown, reply)])
        except (OperationalError, InterfaceError):
            raise  # it is the database, not the reply
        except DatabaseError as error:
            fault = JudgeError(f"the reply could not be stored: {error}", permanent=True)
            return self._store([(work, shown, fault)])

    def _store(self, replies: list[tuple[Work, Presentation, Reply]]) -> int:
        """Store replies, then settle or give back what is complete; return how many that were."""
        with transaction.atomic():
            Judgment.objects.bulk_create(
                (
                    judgment_of(w.decision.judge_id, w.decision.comparison_id, shown, reply)
                    for w, shown, reply in replies
                    if isinstance(reply, Answer | Abstention)
                ),
                ignore_conflicts=True,
            )
        complete = [work for work, shown, reply in replies if _complete(work, shown, reply)]
        again = {w.decision.pk: _delay(w) for w in complete if _worth_retrying(w)}
        failures = {w.decision.pk: str(w.errors[-1]) for w in complete if w.errors}
        done = [w.decision.pk for w in complete if w.decision.pk not in again]
        with transaction.atomic():
            settle(done, lease=self.lease, failures=failures)
            leases.release(self.lease, again)
        return len(complete)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(leases.LEASE.total_seconds() / 4)
            try:
                await self._db(leases.renew, self.lease)
            except DatabaseError as error:  # the next time may do; a lease lasts for four
                logger.warning("leases could not be renewed: %s", error)


def close_connection() -> None:
    """Close the calling thread's connection; `connection.close` itself would bind another's."""
    connection.close()


NOTHING_MISSING = Presentation(Order.UNKNOWN)
NOTHING_TO_ASK = JudgeError("everything is on record")


def _on_record(decisions: list[Decision]) -> dict[tuple[int, int], set[tuple[str, int]]]:
    """{(judge, comparison): {(order, sample)}} of the judgments that exist already."""
    found: dict[tuple[int, int], set[tuple[str, int]]] = {}
    rows = Judgment.objects.filter(
        judge__in={d.judge_id for d in decisions},
        comparison__in=[d.comparison_id for d in decisions],
    )
    for judge, comparison, order, sample in rows.values_list(
        "judge_id", "comparison_id", "order", "sample"
    ):
        found.setdefault((judge, comparison), set()).add((order, sample))
    return found


def _complete(work: Work, shown: Presentation, reply: Reply) -> bool:
    """Tick off a presentation; True when it was the last one of its work."""
    if reply is NOTHING_TO_ASK:
        return True
    # A reply may come here twice, when the first attempt to store it failed.
    if isinstance(reply, JudgeError) and reply not in work.errors:
        work.errors.append(reply)
    if shown in work.missing:
        work.missing.remove(shown)
    return not work.missing


def _worth_retrying(work: Work) -> bool:
    transient = any(not error.permanent for error in work.errors)
    return transient and work.decision.attempts < MAX_ATTEMPTS


def _delay(work: Work) -> timedelta:
    """Back off: 2, 4, 8, 16 s."""
    return timedelta(seconds=2**work.decision.attempts)
