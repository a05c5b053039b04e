"""The streaming runner: one run a worker process keeps many calls in flight.

The table is the queue. Replies are stored before anything is done with them; a kill loses the
calls in flight, and their leases expire.
"""

from __future__ import annotations

import asyncio
import logging
import threading

from django.conf import settings
from kombu.exceptions import OperationalError

from judges.services.runner.stream import Runner
from judges.tasks import judge as judge_task
from judges.tasks import stopping

logger = logging.getLogger(__name__)

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
        if runner.wake_in is not None:
            _wake(runner.wake_in)
        if stopping():
            return


def _wake(seconds: float) -> None:
    """Send the wake-up for what has to wait, so that nobody has to ask again and again."""
    try:
        judge_task.apply_async(countdown=seconds)
    except OperationalError as error:
        logger.warning("a wake-up could not be sent, the sweep will: %s", error)
