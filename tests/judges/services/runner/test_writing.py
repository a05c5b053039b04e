"""Storing and settling when the database, a reply or a rule is at fault."""

import pytest
from django.db import OperationalError, connection

from judges.contracts import Answer, JudgeError, Preference
from judges.kinds import registry
from judges.models import Decision, Judgment, StoredReply
from judges.services import decisions, leases
from judges.services.replies import PaidReply
from judges.services.runner import writing
from judges.services.runner.work import PairQuestion, Work
from judges.services.runner.writing import Asked
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


def never():
    return False


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr(writing.time, "sleep", lambda seconds: None)


@pytest.fixture
def works():
    lab = factories.project()
    factories.field(lab, prompts=3, competitors=["ann", "ben"])
    judge = factories.stub_judge(lab, "http://127.0.0.1:9/v1", orders="ab")
    decisions.ask(judge, [c.pk for c in factories.all_comparisons(lab)])
    kind = registry.build(judge.kind, judge.params)
    return [Work(d, set(kind.presentations(0))) for d in leases.claim("mine", 10)]


def asked(work, reply):
    [shown] = work.missing
    return Asked(PairQuestion(None, work, shown), reply)


def answer(**more):
    return Answer(Preference.FIRST, **more)


def test_replies_are_written_though_the_database_is_away_for_a_moment(works, monkeypatch):
    right, falls = writing.record, iter([OperationalError("away"), OperationalError("away")])

    def record(rows):
        for error in falls:
            raise error
        right(rows)

    monkeypatch.setattr(writing, "record", record)
    paid = PaidReply("k" * 64, works[0].decision.judge.project_id, "", {"text": "hello"})

    writing.store([asked(work, answer()) for work in works], [paid], never)

    assert Judgment.objects.count() == 3
    assert StoredReply.objects.get().reply == {"text": "hello"}


def test_what_a_database_that_responds_refuses_again_and_again_is_not_tried_for_ever():
    tries = []

    def refused():
        tries.append(1)
        raise OperationalError("too large")

    with pytest.raises(OperationalError):
        writing.patiently(refused)

    assert len(tries) == writing.TRIES


class ProgramLimit(Exception):
    sqlstate = "54000"


def test_a_value_beyond_the_limits_of_the_database_is_the_fault_of_its_reply(works, monkeypatch):
    right = writing.record

    def record(rows):
        if any(row["raw"] == "huge" for row in rows):
            raise OperationalError("index row size exceeds maximum") from ProgramLimit()
        right(rows)

    monkeypatch.setattr(writing, "record", record)
    batch = [asked(works[0], answer()), asked(works[1], answer(raw="huge"))]

    recorded = writing.store(batch, [], never)

    assert [type(one.reply) for one in recorded] == [Answer, JudgeError]
    assert recorded[1].reply.permanent
    assert Judgment.objects.count() == 1


def test_a_worker_that_stops_waits_no_longer():
    def away():
        raise OperationalError("away")

    with pytest.raises(OperationalError):
        writing.patiently(away, enough=lambda: True)


def test_a_reply_that_cannot_be_stored_is_a_failure_and_takes_no_other_with_it(works):
    poison = answer(strength=10**30)
    batch = [asked(works[0], answer()), asked(works[1], poison), asked(works[2], answer())]

    recorded = writing.store(batch, [], never)

    assert [type(one.reply) for one in recorded] == [Answer, JudgeError, Answer]
    assert "could not be stored" in str(recorded[1].reply)
    assert Judgment.objects.count() == 2


def test_a_decision_that_cannot_be_settled_holds_up_no_other(works, monkeypatch):
    right = writing.settle
    for work in works:
        writing.store([asked(work, answer())], [], never)
        work.missing.clear()
    bad = works[1].decision.pk

    def settle(ids, **more):
        if bad in ids:
            raise ValueError("a rule that is at fault")
        right(ids, **more)

    monkeypatch.setattr(writing, "settle", settle)

    writing.conclude("mine", works, never)

    assert set(Decision.objects.exclude(pk=bad).values_list("status", flat=True)) == {"decided"}
    left = Decision.objects.get(pk=bad)
    assert (left.status, left.attempts) == ("open", 1)
    assert left.not_before is not None


def test_a_lost_lease_writes_no_verdict(works):
    work = works[0]
    writing.store([asked(work, answer())], [], never)
    work.missing.clear()
    Decision.objects.filter(pk=work.decision.pk).update(lease="theirs")

    writing.conclude("mine", [work], never)

    assert Decision.objects.get(pk=work.decision.pk).status == "leased"
    assert Judgment.objects.count() == 1  # the reply is kept all the same


def test_storing_twice_records_once(works):
    batch = [asked(work, answer(reason="\ud800 \x00 <script>")) for work in works]

    writing.store(batch, [], never)
    writing.store(batch, [], never)

    assert Judgment.objects.count() == 3
    said = Judgment.objects.values_list("reason", flat=True)[0]
    assert "<script>" in said
    assert "\x00" not in said
    connection.check_constraints()
