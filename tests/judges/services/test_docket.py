"""Wake-ups that cannot be sent."""

import pytest
from django.db import transaction
from kombu.exceptions import OperationalError

from judges.models import Decision
from judges.services import decisions, docket
from judges.tasks import judge as judge_task
from judges.tasks import refit_jury
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def no_broker(monkeypatch):
    def away(**_):
        raise OperationalError("Redis is away")

    monkeypatch.setattr(judge_task, "delay", away)
    monkeypatch.setattr(refit_jury, "delay", away)


def test_without_a_broker_what_was_asked_stands(no_broker, caplog):
    lab = factories.project()
    factories.field(lab, prompts=1, competitors=["ann", "ben"])
    judge = factories.stub_judge(lab, "http://127.0.0.1:9/v1", "llm")

    decisions.ask(judge, [factories.all_comparisons(lab)[0].pk])

    assert Decision.objects.get(judge=judge).status == "open"
    assert "judges.judge is lost (Redis is away)" in caplog.text


def test_a_lost_message_keeps_nothing_else_from_being_done_after_the_commit(no_broker):
    done = []

    with transaction.atomic():
        docket.send(refit_jury, judge_id=1)
        transaction.on_commit(lambda: done.append("settled again"))

    assert done == ["settled again"]


def test_a_message_carries_its_arguments_once_the_transaction_is_in(monkeypatch):
    sent = []
    monkeypatch.setattr(refit_jury, "delay", lambda **given: sent.append(given))

    with transaction.atomic():
        docket.send(refit_jury, judge_id=7)
        assert sent == []

    assert sent == [{"judge_id": 7}]
