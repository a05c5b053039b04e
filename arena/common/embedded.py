"""Arena in one process: a Celery worker and beat in threads, a queue in memory.

Nothing is lost when the process dies, because the queue carries only wake-ups.
"""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from django.conf import settings

WORKER_THREADS = 4


@contextmanager
def worker() -> Iterator[None]:
    """Run worker and beat in threads while the block runs; sweep first for what was left behind."""
    from celery.beat import EmbeddedService  # slow imports, needed only here
    from celery.worker import WorkController, state

    from arena.celery import app

    app.loader.import_default_modules()
    app.finalize()
    ready = threading.Event()

    class Worker(WorkController):
        def on_consumer_ready(self, consumer: Any) -> None:  # noqa: ARG002
            ready.set()

    # celery.apps.worker.Worker would install signal handlers, which only the main thread may.
    controller = Worker(
        app=app,
        pool_cls="threads",
        concurrency=WORKER_THREADS,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        loglevel="WARNING",
        hostname="embedded@localhost",
    )
    thread = threading.Thread(target=_serve, args=(controller,), daemon=True, name="celery-worker")
    with only_process():
        thread.start()
        if not ready.wait(30):
            raise RuntimeError("the embedded worker did not start within 30 s")
        beat: Any = EmbeddedService(app, thread=True)
        beat.daemon = True
        beat.start()
        for name in ("judges.sweep", "tournaments.sweep"):
            app.send_task(name)
        try:
            yield
        finally:
            beat.stop()
            vars(state)["should_stop"] = 0  # the exit status; None is to go on
            thread.join(15)  # calls at an endpoint have 10 s left
            vars(state)["should_stop"] = None


def _serve(controller: Any) -> None:
    from celery.worker import state

    try:
        controller.start()
    except RuntimeError:
        # A message that comes while the thread pool is being closed finds no place in it. The
        # sweep of the next start finds the work.
        if state.should_stop is None:
            raise


@contextmanager
def only_process() -> Iterator[None]:
    """Hold the data folder's lock, shared with other embedded processes on it.

    Who gets it alone for a moment knows that no other lives, so every lease in this folder's
    SQLite file is a dead process's and is freed at once. Otherwise leases run out.
    """
    from arena.celery import app

    with (settings.VAR_DIR / "embedded.lock").open("w") as file:
        if _only_one(file) and _database_is_here():
            app.tasks["judges.free_all_leases"]()
        fcntl.flock(file, fcntl.LOCK_SH)
        yield


def _only_one(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _database_is_here() -> bool:
    database = settings.DATABASES["default"]
    is_file = database["ENGINE"].endswith("sqlite3")
    return is_file and Path(database["NAME"]).parent == settings.VAR_DIR
