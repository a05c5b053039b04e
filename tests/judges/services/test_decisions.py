"""Asking, retrying and holding; alone, and against what others do at the same moment."""

from __future__ import annotations

import threading

import pytest
from django.db import transaction

from judges.models import Decision, Judgment
from judges.services import decisions
from judges.services.settling import settle
from tests import factories
from tests.threads import Another, all_at_once, until_somebody_waits_for_a_lock

LLM = "http://127.0.0.1:9/v1"


def lab_with(prompts=1):
    lab = factories.project()
    factories.field(lab, prompts=prompts, competitors=["ann", "ben"])
    return lab, factories.all_comparisons(lab)


def one(judge, compared):
    return Decision.objects.get(judge=judge, comparison=compared)


def answer(judge, compared, winner="a"):
    """The rater's answer on record, not settled yet; returns the decision."""
    Judgment.objects.create(judge=judge, comparison=compared, order="ab", winner=winner)
    return one(judge, compared).pk


def fail(judge, compared):
    decision = one(judge, compared)
    settle([decision.pk], failures={decision.pk: "connection refused"})


def statuses():
    return dict(Decision.objects.values_list("judge__name", "status"))


@pytest.mark.django_db
def test_retry_asks_the_members_that_failed_and_no_one_else():
    lab, (compared,) = lab_with()
    down, up = (factories.stub_judge(lab, LLM, name) for name in ("down", "up"))
    factories.stub_judge(lab, LLM, "never")
    params = {"members": ["down", "up"], "quorum": 2, "sequential": True, "escalate_to": []}
    jury = factories.judge(lab, "jury", "jury", stand_ins=["never"], **params)
    decisions.ask(jury, [compared.pk])
    answer(down, compared)
    settle([one(down, compared).pk])
    fail(up, compared)
    fail(one_of(lab, "never"), compared)
    assert statuses() == dict.fromkeys(("up", "never", "jury"), "undecided") | {"down": "decided"}

    assert decisions.retry(Decision.objects.filter(judge=jury)) == 3

    assert statuses() == {"down": "decided", "up": "open", "never": "open", "jury": "waiting"}
    assert one(jury, compared).share is None


def one_of(lab, name):
    return lab.judges.get(name=name)


@pytest.mark.django_db
def test_hold_takes_back_only_the_members_that_were_asked():
    lab, (compared,) = lab_with()
    for name in ("first", "second"):
        factories.judge(lab, "human", name)
    jury = factories.judge(lab, "jury", "jury", members=["first", "second"], sequential=True)
    decisions.ask(jury, [compared.pk])

    decisions.hold(Decision.objects.filter(judge=jury))
    assert statuses() == {"first": "held", "jury": "held"}

    decisions.ask(jury, [compared.pk])
    assert statuses() == {"first": "waiting", "jury": "waiting"}


# Two transactions at once ---------------------------------------------------------------------


def jury_of(lab, name, *members, **params):
    for member in members:
        factories.judge(lab, "human", member)
    return factories.judge(lab, "jury", name, members=list(members), **params)


@pytest.mark.stack
@pytest.mark.django_db(transaction=True)
def test_of_two_members_that_settle_at_once_the_second_settles_the_jury():
    lab, (compared,) = lab_with()
    jury = jury_of(lab, "jury", "x", "y")
    decisions.ask(jury, [compared.pk])
    first, second = (answer(one_of(lab, name), compared) for name in ("x", "y"))
    other_wrote = threading.Event()

    def other():
        with transaction.atomic():
            settle([second])
            other_wrote.set()

    with transaction.atomic():
        settle([first])  # holds the jury until the commit, and does not see the other's verdict
        thread = Another(other)
        assert other_wrote.wait(20), "a member had to wait for the jury"
        assert one(jury, compared).status == "waiting"
    thread.finish()

    assert (one(jury, compared).status, one(jury, compared).winner) == ("decided", "a")


@pytest.mark.stack
@pytest.mark.django_db(transaction=True)
def test_many_members_that_settle_at_once_leave_no_jury_behind():
    lab, compared = lab_with(prompts=25)
    juries = [jury_of(lab, "one", "x", "y", "z"), jury_of(lab, "two", "y", "z", "x")]
    pairs = [comparison.pk for comparison in compared]
    for jury in juries:
        decisions.ask(jury, pairs)
    todo = [
        [answer(one_of(lab, name), comparison) for comparison in order]
        for name, order in (("x", compared), ("y", compared[::-1]), ("z", compared[::-1]))
    ]

    def settle_each(pks):
        for pk in pks:
            settle([pk])

    all_at_once(settle_each, todo)

    assert set(Decision.objects.values_list("status", flat=True)) == {"decided"}
    assert Decision.objects.filter(judge__kind="jury").count() == 50


@pytest.mark.stack
@pytest.mark.django_db(transaction=True)
def test_a_jury_that_asks_while_a_shared_member_is_settled_hears_it():
    """Two tournaments share the member's decision; the second asks before the verdict is in."""
    lab, (compared,) = lab_with()
    first = jury_of(lab, "first", "x")
    decisions.ask(first, [compared.pk])
    second = factories.judge(lab, "jury", "second", members=["x"])
    member = answer(one_of(lab, "x"), compared)

    with transaction.atomic():
        settle([member])
        thread = Another(lambda: decisions.ask(second, [compared.pk]))
        until_somebody_waits_for_a_lock()
    thread.finish()

    assert one(second, compared).status == "decided"


@pytest.mark.stack
@pytest.mark.django_db(transaction=True)
def test_a_member_that_settles_while_a_jury_asks_for_it_settles_the_jury():
    lab, (compared,) = lab_with()
    first = jury_of(lab, "first", "x")
    decisions.ask(first, [compared.pk])
    second = factories.judge(lab, "jury", "second", members=["x"])
    member = answer(one_of(lab, "x"), compared)

    with transaction.atomic():
        decisions.ask(second, [compared.pk])
        thread = Another(lambda: settle([member]))
        until_somebody_waits_for_a_lock()
    thread.finish()

    assert one(first, compared).status == one(second, compared).status == "decided"


@pytest.mark.stack
@pytest.mark.django_db(transaction=True)
def test_a_verdict_is_not_held():
    lab, (compared,) = lab_with()
    jury = jury_of(lab, "jury", "x")
    decisions.ask(jury, [compared.pk])
    member = answer(one_of(lab, "x"), compared)

    with transaction.atomic():
        settle([member])
        thread = Another(lambda: decisions.hold(Decision.objects.filter(judge=jury)))
        until_somebody_waits_for_a_lock()
    thread.finish()

    assert statuses() == {"x": "decided", "jury": "decided"}


@pytest.mark.stack
@pytest.mark.django_db(transaction=True)
def test_a_verdict_that_comes_while_it_is_held_stands_and_asks_no_one_else():
    lab, (compared,) = lab_with()
    jury = jury_of(lab, "jury", "x", "y", sequential=True)
    decisions.ask(jury, [compared.pk])
    member = answer(one_of(lab, "x"), compared)

    with transaction.atomic():
        decisions.hold(Decision.objects.filter(judge=jury))
        thread = Another(lambda: settle([member]))
        until_somebody_waits_for_a_lock()
    thread.finish()

    assert statuses() == {"x": "decided", "jury": "held"}

    decisions.ask(jury, [compared.pk])
    assert statuses() == {"x": "decided", "y": "waiting", "jury": "waiting"}


@pytest.mark.stack
@pytest.mark.django_db(transaction=True)
def test_two_that_ask_the_same_at_once_make_one_decision_each():
    lab, compared = lab_with(prompts=20)
    jury = jury_of(lab, "jury", "x", "y")
    pairs = [comparison.pk for comparison in compared]

    all_at_once(lambda order: decisions.ask(jury, order), [pairs, pairs[::-1], pairs[5:]])

    assert Decision.objects.count() == 3 * 20
