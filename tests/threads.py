"""Work at the same moment on connections of its own, for tests."""

import threading
import time
from functools import partial

from django.db import connection


class Another(threading.Thread):
    """Runs `work`; `finish` returns what it returned, or raises what it raised."""

    def __init__(self, work):
        super().__init__(daemon=True)
        self.work, self.found, self.error = work, None, None
        self.start()

    def run(self):
        try:
            self.found = self.work()
        except BaseException as error:
            self.error = error
        finally:
            connection.close()

    def finish(self):
        self.join(60)
        assert not self.is_alive(), "still waiting for a lock"
        if self.error:
            raise self.error
        return self.found


def all_at_once(work, given):
    """What `work` returns for each of `given`, begun together."""
    start = threading.Barrier(len(given))

    def begin(one):
        start.wait(20)
        return work(one)

    threads = [Another(partial(begin, one)) for one in given]
    return [thread.finish() for thread in threads]


def until_somebody_waits_for_a_lock():
    """Until another transaction of this database waits for a lock that we hold (Postgres only)."""
    deadline = time.monotonic() + 20
    waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    waiting += " AND datname = current_database()"  # other tests run beside, on their own
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute("SELECT pg_stat_clear_snapshot()")  # kept for a transaction otherwise
            cursor.execute(waiting)
            if cursor.fetchone():
                return
            time.sleep(0.01)
    raise AssertionError("nobody waits")
