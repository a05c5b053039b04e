import os
import time

import pytest
from celery.signals import worker_shutting_down
from celery.worker import state

from judges import tasks

pytestmark = pytest.mark.pure


@pytest.fixture(autouse=True)
def not_stopping():
    yield
    tasks._stop[0] = 0


def test_processes_that_a_worker_forked_learn_that_it_stops():
    child = os.fork()
    if not child:
        end = time.monotonic() + 10
        while not tasks.stopping() and time.monotonic() < end:
            time.sleep(0.005)
        os._exit(0 if tasks.stopping() else 1)
    assert not tasks.stopping()

    worker_shutting_down.send(sender="worker", sig="SIGTERM", how="Warm", exitcode=0)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_the_embedded_worker_tells_by_its_own_state(monkeypatch):
    assert not tasks.stopping()

    monkeypatch.setattr(state, "should_stop", 0)

    assert tasks.stopping()


def test_leases_are_freed_even_when_answers_cannot_be_recorded(monkeypatch):
    freed = []

    def broken():
        raise RuntimeError

    monkeypatch.setattr("judges.services.people.recording.record_due", broken)
    monkeypatch.setattr("judges.services.leases.sweep", lambda: freed.append(1))

    with pytest.raises(RuntimeError):
        tasks.sweep()

    assert freed == [1]
