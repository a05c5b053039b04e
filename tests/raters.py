"""People who judge, for tests."""

import threading
import time
from contextlib import contextmanager

from django.contrib.auth import get_user_model
from django.db import connection, connections

from judges.contracts import Order, Preference
from judges.models import Decision
from judges.services.people import answering, assigning, participants
from judges.services.people.said import Said


def user(name):
    return get_user_model().objects.get_or_create(username=name)[0]


def vote(campaign, name, winner):
    """Have somebody vote for a, b or a tie, whatever order they see."""
    assignment = assigning.next_assignments(participants.member(user(name), campaign))[0]
    said = {"a": Preference.FIRST, "b": Preference.SECOND, "tie": Preference.TIE}[winner]
    if assignment.order == Order.BA and said is not Preference.TIE:
        said = Preference.SECOND if said is Preference.FIRST else Preference.FIRST
    answering.answer(assignment, Said(said))


def verdict():
    decision = Decision.objects.get()
    return decision.status, decision.winner


@contextmanager
def beside(work):
    """Begin `work` in a thread, and go on once it waits for a lock (Postgres only)."""

    def run():
        try:
            work()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    end = time.monotonic() + 30
    waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    waiting += " AND datname = current_database()"
    with connection.cursor() as cursor:
        while not cursor.execute(waiting).fetchone():
            cursor.execute("SELECT pg_stat_clear_snapshot()")  # kept for a transaction otherwise
            assert thread.is_alive(), "it did not wait"
            assert time.monotonic() < end, "it neither waits nor ends"
            time.sleep(0.02)
    yield thread
