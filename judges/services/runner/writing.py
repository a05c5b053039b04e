"""Replies to the table, then verdicts. Runs in the database threads of a run."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TypeVar

from django.db import (
    DatabaseError,
    DataError,
    InterfaceError,
    OperationalError,
    connection,
    transaction,
)

from judges.contracts import JudgeError, Postponed
from judges.models import Decision
from judges.services import leases, replies
from judges.services.charges import charge
from judges.services.recording import Row, record
from judges.services.replies import PaidReply
from judges.services.runner.work import Question, Reply, Work, backoff
from judges.services.settling import settle

logger = logging.getLogger(__name__)

AWAY = (OperationalError, InterfaceError)
"""What is raised when it is the database that is at fault, and not what is written."""

LONGEST_AWAY = 300.0
"""Seconds for which paid replies wait for a database that is away."""

PROGRAM_LIMIT = "54"
"""Class of the SQL states of values that are too large: what is written is at fault."""

TRIES = 5
"""Times that a database which responds may refuse the same work."""

T = TypeVar("T")


@dataclass(frozen=True)
class Asked:
    """A question and what came of it. `places`: calls that count as in flight until written.

    `paid`: keys of the stored replies whose price the judgment bears, if there is one.
    """

    question: Question
    reply: Reply
    places: int = 0
    paid: frozenset[str] = frozenset()

    def bear(self) -> None:
        """Note what is paid where no judgment came about; of a group's, with its first."""
        if isinstance(self.reply, JudgeError):
            self.question.parts[0][0].unborne |= self.paid


def patiently(work: Callable[[], T], enough: Callable[[], bool] = lambda: False) -> T:
    """Do `work` though the database is away for a while; `enough` tells when to give up.

    Raises DataError at once for a value that is beyond what the database can hold.
    """
    end, pause, refusals = time.monotonic() + LONGEST_AWAY, 0.1, 0
    while True:
        try:
            return work()
        except AWAY as error:
            close_connection()
            if _is_beyond_limits(error):
                raise DataError(str(error)) from error
            refusals += _responds()
            if refusals >= TRIES or time.monotonic() > end or enough():
                raise
            logger.warning("the database is away, trying again: %s", error)
            time.sleep(pause)
            pause = min(2 * pause, 1.0)


def _is_beyond_limits(error: DatabaseError | InterfaceError) -> bool:
    """Whether PostgreSQL refused a value; the driver files this under operational errors."""
    return str(getattr(error.__cause__, "sqlstate", None)).startswith(PROGRAM_LIMIT)


def _responds() -> bool:
    with suppress(DatabaseError), connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return True
    close_connection()
    return False


def close_connection() -> None:
    """Close the calling thread's connection; `connection.close` itself would bind another's."""
    with suppress(DatabaseError):
        connection.close()


def store(
    asked: Sequence[Asked], paid: Sequence[PaidReply], enough: Callable[[], bool]
) -> list[Asked]:
    """Write replies and judgments in one transaction; return what was asked, as it is recorded.

    A reply that cannot be written at all (and not the others beside it) becomes a failure.
    """
    try:
        patiently(lambda: _store(asked, paid), enough)
    except AWAY:
        raise
    except Exception:
        logger.exception("replies could not be stored together, trying one by one")
        for reply in paid:
            _store_reply(reply, enough)
        return [_store_alone(one, enough) for one in asked]
    return list(asked)


def _store(asked: Sequence[Asked], paid: Sequence[PaidReply]) -> None:
    rows = [row for one in asked for row in _rows(one)]
    if rows or paid:
        with transaction.atomic():
            replies.store(paid)
            record(rows)


def _rows(asked: Asked) -> list[Row]:
    if isinstance(asked.reply, JudgeError | Postponed):
        return []
    return asked.question.rows(asked.reply)


def _store_reply(reply: PaidReply, enough: Callable[[], bool]) -> None:
    try:
        patiently(lambda: _store([], [reply]), enough)
    except AWAY:
        raise
    except Exception:
        logger.exception("a reply could not be stored")  # the judgment has what was said


def _store_alone(asked: Asked, enough: Callable[[], bool]) -> Asked:
    try:
        patiently(lambda: _store([asked], []), enough)
    except AWAY:
        raise
    except Exception as error:
        logger.exception("a judgment could not be stored")
        fault = JudgeError(f"the reply could not be stored: {error}", permanent=True)
        return replace(asked, reply=fault)
    return asked


def conclude(lease: str, works: Sequence[Work], enough: Callable[[], bool]) -> None:
    """Settle what is complete, or give it back to be asked again.

    What cannot be settled because of a fault in a rule is given back, and holds up nothing else.
    """
    try:
        patiently(lambda: _conclude(lease, works), enough)
    except AWAY:
        raise
    except Exception:
        logger.exception("%d decisions could not be settled", len(works))
        if len(works) > 1:
            for work in works:
                conclude(lease, [work], enough)
        else:
            delay = backoff(min(works[0].decision.attempts + 1, 8))
            patiently(
                lambda: leases.release(lease, {works[0].decision.pk: delay}, failed=True), enough
            )


def _conclude(lease: str, works: Sequence[Work]) -> None:
    delays = {work: work.delay() for work in works}
    done = [work.decision.pk for work, delay in delays.items() if delay is None]
    failures = {work.decision.pk: work.failure for work in works if work.failure is not None}
    with transaction.atomic():
        leases.in_order(Decision.objects.filter(pk__in=[work.decision.pk for work in works]))
        settle(done, lease=lease, failures=failures)
        charge({work.decision.pk: work.unborne for work, delay in delays.items() if delay is None})
        for failed in (False, True):
            again = {
                work.decision.pk: delay
                for work, delay in delays.items()
                if delay is not None and work.failed is failed
            }
            leases.release(lease, again, failed=failed)
