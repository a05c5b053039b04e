"""Who asked first is charged: each paid call is one tournament's, whoever shares it."""

from __future__ import annotations

import pytest
from django.utils import timezone

from judges.models import Charge, Decision, Judgment
from judges.services.settling import settle
from tests import factories
from tournaments.queries import usage_by_tournament, usage_of
from tournaments.services import advancing, lifecycle
from tournaments.services.budgeting import purse_of

pytestmark = pytest.mark.django_db

STUB = "http://127.0.0.1:9/v1"


@pytest.fixture
def stub(lab):
    return factories.stub_judge(lab, STUB)


def say(decision, order="ab", calls=1, usd=0.01):
    """One paid reply on record."""
    Judgment.objects.create(
        judge=decision.judge, comparison=decision.comparison, order=order, winner="a",
        calls=calls, usd=usd,
    )  # fmt: skip


def judge_all(*cups):
    """Have workers decide all that is open, and the tournaments go on, until nothing is."""
    while found := list(Decision.objects.filter(status="open")):
        for decision in found:
            say(decision, "ab")
            say(decision, "ba")
        settle([decision.pk for decision in found])
        for cup in cups:
            advancing.advance(cup.pk)
    for cup in cups:
        cup.refresh_from_db()


def calls(*cups):
    return [(used.calls, used.cache_hits) for used in usage_by_tournament(cups).values()]


def test_of_two_at_once_the_first_pays_and_the_budget_of_the_other_is_left(lab, stub):
    one = factories.started(lab, stub)
    other = factories.started(lab, stub, max_calls=40)

    judge_all(one, other)

    assert calls(one, other) == [(24, 0), (0, 24)]
    assert [cup.status for cup in (one, other)] == ["completed", "completed"]
    assert usage_of(other).usd is None


def test_what_the_second_adds_is_its_own(lab, stub):
    one = factories.started(lab, stub, competitors=["ann", "ben"])
    other = factories.started(lab, stub)

    judge_all(one, other)

    assert calls(one, other) == [(8, 0), (16, 8)]


def test_the_budget_keeps_back_what_another_may_leave_to_it_and_is_never_below_zero(lab, stub):
    one = factories.started(lab, stub)
    other = factories.started(lab, stub, max_calls=10)
    assert other.matches.count() == 2

    lifecycle.cancel(one)
    assert purse_of(other).calls == 2
    judge_all(other)

    assert calls(one, other) == [(0, 8), (8, 0)]
    assert "2 calls are left and it may need 4" in other.note


def test_what_was_paid_before_it_was_paused_stays_charged_and_the_rest_is_the_others(lab, stub):
    one = factories.started(lab, stub, competitors=["ann", "ben"], slice={"category": "even"})
    asked = list(Decision.objects.all())
    say(asked[0])
    lifecycle.pause(one)
    other = factories.started(lab, stub, competitors=["ann", "ben"], slice={"category": "even"})
    say(asked[0], "ba")
    for decision in asked[1:]:
        say(decision)
    settle([decision.pk for decision in asked])

    assert calls(one, other) == [(1, len(asked)), (len(asked), 1)]


def test_who_resumes_pays_for_what_it_asks_anew(lab, stub):
    one = factories.started(lab, stub, competitors=["ann", "ben"])
    lifecycle.pause(one)
    lifecycle.resume(one)

    judge_all(one)

    assert calls(one) == [(8, 0)]


def test_who_tries_a_failed_call_again_pays_for_it(lab, stub):
    one = factories.started(lab, stub, competitors=["ann", "ben"])
    for decision in Decision.objects.all():
        say(decision)
    ids = list(Decision.objects.values_list("pk", flat=True))
    Decision.objects.update(status="undecided", silence="failed")
    one.brackets.update(dirty=True)
    advancing.advance(one.pk)

    other = factories.started(lab, stub, competitors=["ann", "ben"])
    for decision in Decision.objects.filter(pk__in=ids, status="open"):
        say(decision, "ba")
    settle(ids)

    assert calls(one, other) == [(4, 4), (4, 4)]


def test_a_retry_pays_for_itself(lab, stub):
    one = factories.started(lab, stub, competitors=["ann", "ben"])
    other = factories.started(lab, stub, competitors=["ann", "ben"])
    Decision.objects.update(status="undecided", silence="failed")
    for cup in (one, other):
        advancing.advance(cup.pk)

    other.refresh_from_db()
    assert lifecycle.retry_undecided(other) == 4
    judge_all(one, other)

    assert calls(one, other) == [(0, 8), (8, 0)]


def test_a_charge_is_of_who_asked(lab, stub):
    one, other = factories.started(lab, stub), factories.started(lab, stub)
    asked = Decision.objects.first()
    Charge.objects.create(decision=asked, keys=["k"], calls=3, tokens_in=1, tokens_out=1, usd=0.5)

    assert calls(one, other) == [(3, 0), (0, 0)]


def test_a_jury_that_was_done_before_does_not_pay_for_a_member_that_it_did_not_hear(lab, stub):
    factories.stub_judge(lab, STUB, "second")
    panel = factories.judge(lab, "jury", "panel", members=["stub", "second"])
    jury = factories.started(lab, panel, competitors=["ann", "ben"])
    for decision in Decision.objects.filter(judge__name="second"):
        say(decision)
        say(decision, "ba")
        settle([decision.pk])
    Decision.objects.filter(judge=stub).delete()
    Decision.objects.filter(judge=panel).update(
        status="decided", winner="a", settled_at=timezone.now()
    )

    alone = factories.started(lab, stub, competitors=["ann", "ben"])
    judge_all(alone)

    assert calls(jury, alone) == [(8, 8), (8, 0)]
