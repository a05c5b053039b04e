"""The streaming runner against a fake endpoint, on whichever database the suite runs."""

import asyncio
import threading
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from judges.contracts import Answer, Backend, JudgeError, Order, Postponed, Preference, Presentation
from judges.models import Decision, Judgment, StoredReply
from judges.services import decisions, leases, runner
from judges.services.runner import claiming, stream, work, writing
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
    monkeypatch.setattr(stream, "IDLE_GRACE", 0.3)


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
    monkeypatch.setattr(work, "backoff", lambda attempts: timedelta(0))
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

    leases.release("mine", {d.pk: timedelta(minutes=1) for d in held}, failed=True)

    assert leases.sweep() is False
    assert leases.claim("mine", 15) == []


def test_a_run_ends_with_nothing_in_hand(lab):
    """Claims that come in while replies are being stored must not be lost from the count."""
    with FakeOpenAI(verdict="quality", latency=0.01) as server:
        ask_all(lab, factories.stub_judge(lab, server.base_url))
        run = runner.Runner(3)
        asyncio.run(run.run())

    assert run.in_hand == {}


class Scripted:
    """A kind that does as told. `script(case)` answers, raises, or waits."""

    def __init__(self, script, orders=(Order.AB,)):
        self.script, self.orders, self.cases, self.closed = script, orders, [], 0

    def presentations(self, seed):
        return tuple(Presentation(order) for order in self.orders)

    async def judge(self, case):
        self.cases.append(case)
        found = self.script(case)
        return await found if asyncio.iscoroutine(found) else found

    async def close(self):
        self.closed += 1


@pytest.fixture
def scripted(lab, monkeypatch):
    """Ask a judge that is played by a script."""

    def play(script, **more):
        kind = Scripted(script, **more)
        monkeypatch.setattr(claiming.Kinds, "_build", lambda self, judge: kind)
        judge = factories.stub_judge(lab, "http://127.0.0.1:9/v1", "scripted")
        return kind, ask_all(lab, judge)

    return play


FIRST = Answer(Preference.FIRST)


def is_about(case, number):
    return case.prompt[0].content == f"Question {number}?"


def test_a_reply_that_was_paid_for_is_used_by_a_later_judge(lab):
    with FakeOpenAI(verdict="quality") as server:
        ask_all(lab, factories.stub_judge(lab, server.base_url, "first"))
        runner.run()
        asked = ask_all(lab, factories.stub_judge(lab, server.base_url, "second"))
        runner.run()

        assert server.stats.requests == 2 * 15
    assert set(asked.values_list("status", flat=True)) == {"decided"}
    assert StoredReply.objects.count() == 2 * 15
    again = Judgment.objects.filter(judge__name="second")
    assert set(again.values_list("calls", "cache_hits", "usd")) == {(0, 1, 0.0)}


def test_two_judges_with_the_same_question_at_once_pay_for_it_once(lab):
    with FakeOpenAI(verdict="quality", latency=0.05) as server:
        one = ask_all(lab, factories.stub_judge(lab, server.base_url, "one"))
        two = ask_all(lab, factories.stub_judge(lab, server.base_url, "two"))
        runner.run()

        assert server.stats.requests == 2 * 15
    assert set((one | two).values_list("status", flat=True)) == {"decided"}


def test_no_more_calls_than_allowed_are_in_flight(lab):
    with FakeOpenAI(verdict="quality", latency=0.02) as server:
        ask_all(lab, factories.stub_judge(lab, server.base_url))
        asyncio.run(runner.Runner(4).run())

        assert server.stats.max_in_flight <= 4
        assert server.stats.requests == 30


def test_postponed_work_goes_back_uncounted_and_the_run_ends(scripted):
    def script(case):
        if is_about(case, 1):
            raise Postponed("wait a little", 3600)
        return FIRST

    _, asked = scripted(script)
    run = runner.Runner(5)
    asyncio.run(run.run())

    waiting = asked.filter(comparison__prompt__key="p1")
    assert set(waiting.values_list("status", "attempts", "lease")) == {("open", 0, None)}
    assert all(when > timezone.now() for when in waiting.values_list("not_before", flat=True))
    assert 0 < run.wake_in <= 3600


def test_a_short_wait_is_sat_out(scripted):
    waited = []

    def script(case):
        if len(waited) < 5:
            waited.append(case)
            raise Postponed("wait a moment", 0.2)
        return FIRST

    _, asked = scripted(script)
    asyncio.run(runner.Runner(5).run())

    assert set(asked.values_list("status", "attempts")) == {("decided", 0)}


def test_what_cannot_be_closed_ends_no_call(scripted, monkeypatch):
    class Broken:
        tries = 0

        async def close(self):
            Broken.tries += 1
            raise ConnectionError("closed in the middle of a command")

    async def script():
        while not Broken.tries:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        return FIRST

    monkeypatch.setattr(leases, "LEASE", timedelta(seconds=0.2))
    monkeypatch.setattr(leases, "renew", lambda lease: None)
    monkeypatch.setattr(claiming.Kinds, "retire", lambda self, in_use: [Broken()])
    _, asked = scripted(lambda case: script())
    asyncio.run(runner.Runner(5).run())

    assert set(asked.values_list("status", "attempts")) == {("decided", 0)}


def test_the_gate_is_closed_once_at_the_end(lab, monkeypatch):
    closed = []

    class Gate:
        async def close(self):
            closed.append(self)

    monkeypatch.setattr(stream, "gate", Gate)
    with FakeOpenAI(verdict="quality") as server:
        asked = ask_all(lab, factories.stub_judge(lab, server.base_url, "one"))
        ask_all(lab, factories.stub_judge(lab, server.base_url, "two"))
        runner.run()

    assert set(asked.values_list("status", flat=True)) == {"decided"}
    assert len(closed) == 1


def test_what_fails_again_and_again_ends_with_its_reason(scripted, monkeypatch):
    monkeypatch.setattr(work, "backoff", lambda attempts: timedelta(0))

    def script(case):
        if is_about(case, 2):
            raise JudgeError("the line is down")
        return FIRST

    kind, asked = scripted(script)
    runner.run()

    failed = asked.filter(comparison__prompt__key="p2")
    assert set(failed.values_list("status", "silence")) == {("undecided", "failed")}
    assert "the line is down" in failed.first().note
    assert sum(is_about(case, 2) for case in kind.cases) == 3 * work.MAX_ATTEMPTS
    rest = asked.exclude(comparison__prompt__key="p2")
    assert set(rest.values_list("status", flat=True)) == {"decided"}
    assert kind.closed == 1


def test_a_fault_in_a_kind_ends_one_decision_and_not_the_run(scripted):
    def script(case):
        if is_about(case, 3):
            raise ZeroDivisionError("oops")
        return FIRST

    _, asked = scripted(script)
    runner.run()

    failed = asked.filter(comparison__prompt__key="p3")
    assert set(failed.values_list("status", "silence")) == {("undecided", "failed")}
    assert "ZeroDivisionError" in failed.first().note
    assert asked.filter(status="decided").count() == 12


def test_a_poison_reply_becomes_a_failure_and_the_others_are_decided(scripted):
    def script(case):
        return Answer(Preference.FIRST, strength=10**30) if is_about(case, 4) else FIRST

    _, asked = scripted(script)
    runner.run()

    assert asked.filter(status="decided").count() == 12
    failed = asked.filter(comparison__prompt__key="p4")
    assert set(failed.values_list("status", "silence")) == {("undecided", "failed")}
    assert "could not be stored" in failed.first().note


def test_the_run_goes_on_when_the_database_was_away(scripted, monkeypatch):
    right, falls = leases.claim, iter([1, 1])

    def claim(*args, **more):
        for _ in falls:
            raise writing.OperationalError("the database is away")
        return right(*args, **more)

    monkeypatch.setattr(leases, "claim", claim)
    _, asked = scripted(lambda case: FIRST)
    runner.run()

    assert set(asked.values_list("status", flat=True)) == {"decided"}


def test_a_worker_that_is_told_to_stop_waits_for_calls_at_the_endpoint_only(lab, monkeypatch):
    """Of 15 some are at the endpoint, one of them for good; the others wait their turn."""
    told = threading.Event()
    monkeypatch.setattr(stream, "stopping", told.is_set)
    monkeypatch.setattr(stream, "LAST_CALLS", 1.0)
    with FakeOpenAI(verdict="quality", latency=0.3) as server:
        judge = factories.stub_judge(lab, server.base_url, orders="ab")
        asked = ask_all(lab, judge)
        server.script(Canned(hang=True))

        def tell():
            while server.stats.in_flight < 4:
                time.sleep(0.005)
            told.set()

        teller = threading.Thread(target=tell)
        teller.start()
        run = runner.Runner(4)
        asyncio.run(run.run())
        teller.join()

        answered = server.stats.answered
    assert run.wake_in == 0.0  # there is more to do, for whoever comes next
    statuses = list(asked.values_list("status", flat=True))
    assert statuses.count("decided") == answered == Judgment.objects.count()
    assert statuses.count("open") == 15 - answered
    assert set(asked.filter(status="open").values_list("attempts", "lease")) == {(0, None)}


def test_stopping_sends_no_further_call_of_a_judgment(scripted, monkeypatch):
    told = threading.Event()
    monkeypatch.setattr(stream, "stopping", told.is_set)

    async def wait_for_ever(case):
        told.set()
        await asyncio.Event().wait()

    _, asked = scripted(wait_for_ever)
    asyncio.run(runner.Runner(4).run())

    assert set(asked.values_list("status", "attempts")) == {("open", 0)}


def test_its_own_expired_lease_does_not_make_it_ask_twice(scripted):
    """As when the database was away for longer than a lease lasts."""
    lost = threading.Event()

    async def slowly(case):
        await asyncio.sleep(0.5)
        return FIRST

    kind, asked = scripted(slowly)

    def lose():
        while not kind.cases:
            time.sleep(0.005)
        Decision.objects.filter(status="leased").update(status="open", lease=None)
        lost.set()

    loser = threading.Thread(target=lose)
    loser.start()
    asyncio.run(runner.Runner(20).run())
    loser.join()

    assert lost.is_set()
    assert len(kind.cases) == 15
    assert set(asked.values_list("status", flat=True)) == {"decided"}


def test_groups_take_one_call_an_order_and_make_a_judgment_a_pair(lab):
    judge = factories.judge(
        lab, "batch_ranking", model="fake", base_url="http://127.0.0.1:9/v1", orders="both"
    )
    asked = ask_all(lab, judge)
    claimer = claiming.Claimer("mine", claiming.Kinds(lambda project: Backend()))

    claimed = claimer.claim(1, not_judges=(), in_hand=(), alone=True)

    # One decision was claimed, and with it the two others of its prompt.
    there, back = claimed.questions
    assert {w.decision.pk for w in there.works} == {w.decision.pk for w in back.works}
    assert asked.filter(status="leased").count() == 3
    assert [o.pk for o in there.outputs] == [o.pk for o in back.outputs][::-1]


def test_an_endpoint_that_is_down_does_not_hold_up_the_others(lab):
    """More judgments wait to be tried again than a run has under way; those of another go on."""
    with FakeOpenAI(p500=1.0) as down, FakeOpenAI(verdict="quality") as server:
        ask_all(lab, factories.stub_judge(lab, down.base_url, "down"))
        good = ask_all(lab, factories.stub_judge(lab, server.base_url, "good"))
        run = runner.Runner(4)

        async def until_the_good_one_is_done():
            running = asyncio.create_task(run.run())
            while not running.done():
                await asyncio.sleep(0.05)
                if not await asyncio.to_thread(good.exclude(status="decided").exists):
                    break
            delayed = sum(ticket.delayed for _, ticket in run.under_way.values())
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            return delayed

        delayed = asyncio.run(until_the_good_one_is_done())

    assert set(good.values_list("status", flat=True)) == {"decided"}
    assert delayed > 0
