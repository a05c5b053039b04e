"""Replies that were paid for and came to no judgment are counted, once."""

import pytest

from judges.models import Charge, Decision, Judgment, StoredReply
from judges.services import charges, decisions, runner
from judges.services.runner import stream
from tests import factories
from tests.fakes.openai_server import Canned, FakeOpenAI
from tournaments.queries import usage_of
from tournaments.services import advancing, lifecycle
from tournaments.services.budgeting import purse_of

pytestmark = pytest.mark.django_db(transaction=True)

UNREADABLE = Canned(text="I would rather not say.")
UNAUTHORIZED = Canned(status=401, body={"error": {"message": "bad key"}})


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(stream, "IDLE_GRACE", 0.3)


def cup_of_one(server, **params):
    """A tournament of one comparison, shown once; its judge may ask a second time."""
    lab = factories.project()
    factories.field(lab, prompts=1, competitors=["ann", "ben"])
    stub = factories.stub_judge(lab, server.base_url, orders="ab", **params)
    cup = factories.tournament(lab, stub, max_calls=10)
    lifecycle.start(cup)
    advancing.advance(cup.pk)
    cup.refresh_from_db()
    return cup


def test_what_a_judgment_has_paid_that_fails_for_good_is_counted():
    with FakeOpenAI() as server:
        server.script(UNREADABLE, UNAUTHORIZED)
        cup = cup_of_one(server, price_in=10.0, price_out=20.0)
        runner.run()
        paid = server.stats.answered

    assert Decision.objects.get().silence == "failed"
    assert (paid, Judgment.objects.count()) == (1, 0)
    used = usage_of(cup)
    assert used.calls == 1
    assert used.usd == pytest.approx((used.tokens_in * 10 + used.tokens_out * 20) / 1e6)
    assert used.usd > 0
    assert purse_of(cup).calls == 10 - 1


def test_a_judgment_that_is_asked_again_bears_it_and_nothing_counts_twice():
    with FakeOpenAI() as server:
        server.script(UNREADABLE, UNAUTHORIZED)
        cup = cup_of_one(server)
        runner.run()
        lifecycle.retry_undecided(cup)
        assert not Charge.objects.exists()
        runner.run()
        paid = server.stats.answered

    assert Decision.objects.get().status == "decided"
    assert usage_of(cup).calls == paid == 2


def test_without_a_price_the_money_is_not_known():
    with FakeOpenAI() as server:
        server.script(UNREADABLE, UNAUTHORIZED)
        cup = cup_of_one(server)
        runner.run()

    assert (usage_of(cup).calls, usage_of(cup).usd) == (1, None)


def test_an_attempt_that_is_tried_again_is_not_charged(monkeypatch):
    monkeypatch.setattr("judges.services.runner.work.backoff", lambda _: stream.timedelta(0))
    with FakeOpenAI() as server:
        server.script(UNREADABLE, *[Canned(status=500, body={"error": {}})] * 4)
        cup = cup_of_one(server)
        runner.run()
        paid = server.stats.answered

    assert Decision.objects.get().status == "decided"
    assert not Charge.objects.exists()
    assert usage_of(cup).calls == paid


def test_a_charge_stands_when_its_reply_is_forgotten():
    with FakeOpenAI() as server:
        server.script(UNREADABLE, UNAUTHORIZED)
        cup = cup_of_one(server)
        runner.run()
        StoredReply.objects.all().delete()
        lifecycle.retry_undecided(cup)
        runner.run()
        paid = server.stats.answered

    assert usage_of(cup).calls == paid


def test_nothing_is_charged_for_a_call_that_never_answered():
    with FakeOpenAI() as server:
        server.script(UNAUTHORIZED)
        cup = cup_of_one(server)
        runner.run()

    assert not Charge.objects.exists()
    assert usage_of(cup).calls == 0


def test_what_two_tournaments_wanted_is_charged_to_who_asked_first():
    with FakeOpenAI() as server:
        server.script(UNREADABLE, UNAUTHORIZED)
        first = cup_of_one(server)
        beside = factories.tournament(first.project, first.judge)
        lifecycle.start(beside)
        advancing.advance(beside.pk)
        runner.run()
    Decision.objects.update(silence="refused")
    later = factories.tournament(first.project, first.judge)
    lifecycle.start(later)
    advancing.advance(later.pk)

    assert [usage_of(cup).calls for cup in (first, beside)] == [1, 0]
    later.refresh_from_db()
    assert usage_of(later).calls == 0


def test_taking_back_leaves_the_charges_of_others():
    with FakeOpenAI() as server:
        server.script(UNREADABLE, UNAUTHORIZED)
        cup_of_one(server)
        runner.run()

    charges.take_back([0])
    assert Charge.objects.count() == 1
    decisions.retry(Decision.objects.all())
    assert Charge.objects.count() == 0
