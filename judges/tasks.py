"""Wake-ups. A message says only that there is work; the tables say which."""

from __future__ import annotations

import mmap
from typing import Any

from celery import shared_task
from celery.signals import worker_shutting_down
from celery.worker import state as worker_state

_stop = mmap.mmap(-1, 1)
"""Shared with the processes that a worker forks: a warm shutdown is told to the parent only."""


@worker_shutting_down.connect
def _tell_children(**_: Any) -> None:
    _stop[0] = 1


def stopping() -> bool:
    """Whether this worker was told to stop."""
    return _stop[0] == 1 or worker_state.should_stop is not None


@shared_task(name="judges.judge")
def judge() -> None:
    """Decide what is open, until nothing is left; one stream a process."""
    from judges.services.runner import run  # leaf

    run()


@shared_task(name="judges.sweep")
def sweep() -> None:
    """Record raters' answers, free the leases of lost workers, wake one when there is work."""
    from judges.services.leases import sweep as free  # leaf
    from judges.services.people.recording import record_due  # leaf

    try:
        record_due()
    finally:  # whatever became of answers, no decision stays with a lost worker
        if free():
            judge.delay()


@shared_task(name="judges.free_all_leases")
def free_all_leases() -> None:
    """Free every lease; sent by a process that knows itself to be the only worker."""
    from judges.services.leases import free_all  # leaf

    free_all()
    judge.delay()


@shared_task(name="judges.forget_replies")
def forget_replies() -> None:
    """Delete stored replies that have grown old."""
    from judges.services.replies import forget_old  # leaf

    forget_old()


@shared_task(name="judges.refit_jury")
def refit_jury(*, judge_id: int) -> None:
    """Fit a jury's rule anew when its verdicts have doubled, and rule on all of them by it."""
    from judges.services.juries import refit_when_due  # leaf

    refit_when_due(judge_id)
