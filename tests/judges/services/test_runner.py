"""The streaming runner against a fake endpoint, on whichever database the suite runs."""

import asyncio
from datetime import timedelta

import pytest
from django.utils import timezone

from judges.models import Decision, Judgment
from judges.services import decisions, leases, runner
from tests import factories
from tests.fakes.openai_server import Canned, FakeOpenAI

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lab():
    lab = factories.project()
    factories.field(lab, prompts=5, competitors=["ann", "ben", "cat"])
    return lab


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(runner, "IDLE_GRACE", 0.3)


UNAUTHORIZED = Canned(status=401, body={"error": {"message": "bad key"}})


def ask_all(lab, judge):
    found = decisions.ask(judge, [c.pk for c in factories.all_comparisons(lab)])
    return Decision.objects.filter(pk__in=found.values())


def test_every_comparison_is_judged_in_both_orders_once(lab):
    with FakeOpenAI(verdict="quality") as server:
        asked = ask_all(lab, factories.stub_judge(lab, server.base_url))

        runner.run()

        assert server.stats.requests == 2 * 15
    assert set(asked.values_list("status", flat=True)) == {"decided"}
    assert set(asked.values_list("winner", flat=True)) == {"b"}  # later competitors are better
    assert Judgment.objects.count() == 2 * 15


def test_a_judge_that_prefers_what_is_first_makes_ties(lab):
    with FakeOpenAI(verdict="first") as server:
        asked = ask_all(lab, factories.stub_judge(lab, server.base_url))
        runner.run()

    assert set(asked.values_list("winner", flat=True)) == {"tie"}


def test_what_is_on_record_is_not_asked_again(lab):
    with FakeOpenAI(verdict="quality") as server:
        judge = factories.stub_judge(lab, server.base_url)
        for compared in factories.all_comparisons(lab):
            Judgment.objects.create(judge=judge, comparison=compared, order="ab", winner="b")
        asked = ask_all(lab, judge)
        runner.run()

        assert server.stats.requests == 15
    assert set(asked.values_list("winner", flat=True)) == {"b"}


def test_a_decision_whose_evidence_is_complete_needs_no_call(lab):
    with FakeOpenAI(verdict="quality") as server:
        judge = factories.stub_judge(lab, server.base_url, orders="ab")
        for compared in factories.all_comparisons(lab):
            Judgment.objects.create(judge=judge, comparison=compared, order="ab", winner="a")
        asked = ask_all(lab, judge)
        runner.run()

        assert server.stats.requests == 0
    assert set(asked.values_list("winner", flat=True)) == {"a"}


def test_transient_faults_are_retried_until_all_is_decided(lab, monkeypatch):
    monkeypatch.setattr(runner, "_delay", lambda work: timedelta(0))
    with FakeOpenAI(verdict="quality", p429=0.1, p500=0.2, pdrop=0.05, seed=3) as server:
        asked = ask_all(lab, factories.stub_judge(lab, server.base_url))
        runner.run()

    assert set(asked.values_list("status", flat=True)) == {"decided"}
    assert Judgment.objects.count() == 2 * 15


def test_a_permanent_fault_is_undecided_with_its_reason_and_is_not_repeated(lab):
    with FakeOpenAI(verdict="quality") as server:
        judge = factories.stub_judge(lab, server.base_url)
        asked = ask_all(lab, judge)
        server.script(*[UNAUTHORIZED] * 30)
        runner.run()

        assert server.stats.requests == 30
    statuses = set(asked.values_list("status", "silence"))
    assert statuses == {("undecided", "failed")}
    assert "401" in asked.first().note
    assert not Judgment.objects.exists()


def test_an_unparsable_reply_is_recorded_and_never_a_tie(lab):
    with FakeOpenAI(verdict="quality", pbad=1.0) as server:
        asked = ask_all(lab, factories.stub_judge(lab, server.base_url))
        runner.run()

    assert set(asked.values_list("status", "winner", "silence")) == {
        ("undecided", None, "unparsable")
    }
    assert set(Judgment.objects.values_list("winner", "silence")) == {(None, "unparsable")}
    assert all(Judgment.objects.values_list("raw", flat=True))


def test_held_decisions_are_left_alone(lab):
    with FakeOpenAI(verdict="quality") as server:
        asked = ask_all(lab, factories.stub_judge(lab, server.base_url))
        decisions.hold(asked)
        runner.run()

        assert server.stats.requests == 0
    assert set(asked.values_list("status", flat=True)) == {"held"}


def test_a_judge_that_cannot_be_built_leaves_the_others_running(lab):
    with FakeOpenAI(verdict="quality") as server:
        broken = factories.stub_judge(lab, server.base_url, "broken")
        type(broken).objects.filter(pk=broken.pk).update(params={"model": "x", "gone": 1})
        broken.refresh_from_db()
        compared = [c.pk for c in factories.all_comparisons(lab)]
        Decision.objects.bulk_create(Decision(judge=broken, comparison_id=pk) for pk in compared)
        good = ask_all(lab, factories.stub_judge(lab, server.base_url, "fine"))
        runner.run()

    assert set(good.values_list("status", flat=True)) == {"decided"}
    failed = Decision.objects.filter(judge=broken)
    assert set(failed.values_list("status", "silence")) == {("undecided", "failed")}
    assert "gone" in failed.first().note


def test_claims_are_exclusive_and_expired_leases_come_back(lab):
    judge = factories.stub_judge(lab, "http://127.0.0.1:9/v1")
    ask_all(lab, judge)

    mine = leases.claim("mine", 10)
    theirs = leases.claim("theirs", 10)

    assert (len(mine), len(theirs)) == (10, 5)
    assert not {d.pk for d in mine} & {d.pk for d in theirs}
    Decision.objects.filter(lease="mine").update(lease_until=timezone.now() - timedelta(seconds=1))
    assert leases.sweep() is True
    assert len(leases.claim("later", 100)) == 10


def test_renewing_keeps_what_is_held(lab):
    ask_all(lab, factories.stub_judge(lab, "http://127.0.0.1:9/v1"))
    leases.claim("mine", 15)
    Decision.objects.update(lease_until=timezone.now() + timedelta(seconds=1))

    leases.renew("mine")

    assert (
        Decision.objects.filter(lease_until__gt=timezone.now() + timedelta(seconds=5)).count() == 15
    )


def test_release_waits_for_its_delay(lab):
    ask_all(lab, factories.stub_judge(lab, "http://127.0.0.1:9/v1"))
    held = leases.claim("mine", 15)

    leases.release("mine", {d.pk: timedelta(minutes=1) for d in held})

    assert leases.sweep() is False
    assert leases.claim("mine", 15) == []


def test_a_run_ends_with_nothing_in_hand(lab):
    """Claims that come in while replies are being stored must not be lost from the count."""
    with FakeOpenAI(verdict="quality", latency=0.01) as server:
        ask_all(lab, factories.stub_judge(lab, server.base_url))
        stream = runner.Runner(3)
        asyncio.run(stream.run())

    assert stream.in_hand == 0
