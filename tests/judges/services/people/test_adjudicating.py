from datetime import timedelta

import pytest
from django.utils import timezone

from arena.common.errors import Conflict
from arena.models import AuditEntry
from judges.contracts import Order, Preference
from judges.models import Assignment, Decision, Judgment
from judges.services.people import (
    adjudicating,
    answering,
    assigning,
    participants,
    quarantine,
    recording,
)
from judges.services.people.said import Said
from judges.services.settling import settle_again
from tests.raters import user, verdict, vote

pytestmark = pytest.mark.django_db


def disputed(campaign):
    for name, winner in (("x", "a"), ("y", "b"), ("z", "tie")):
        vote(campaign, name, winner)


def test_the_queue_holds_what_raters_differ_on(campaign):
    assert list(adjudicating.disagreements(campaign)) == []
    disputed(campaign)

    found = adjudicating.disagreements(campaign).get()

    assert (found.heard, found.named) == (3, 3)


def test_unanimous_verdicts_are_not_in_the_queue(campaign):
    for name in "xyz":
        vote(campaign, name, "a")

    assert not adjudicating.disagreements(campaign).exists()


def test_an_owner_rules_and_the_ruling_outlives_new_votes(campaign):
    disputed(campaign)
    decision, boss = Decision.objects.get(), user("boss")

    judgment = adjudicating.adjudicate(
        decision, Preference.FIRST, Order.BA, by=boss, reason="b names its source"
    )

    assert (judgment.winner, judgment.rater, judgment.reason) == ("b", boss, "b names its source")
    assert verdict() == ("decided", "b")
    settle_again([decision.pk])
    assert verdict() == ("decided", "b")
    assert not adjudicating.disagreements(campaign).exists()
    assert AuditEntry.objects.get().act == "comparison.adjudicated"


def test_who_rated_it_cannot_rule_on_it(campaign):
    disputed(campaign)

    with pytest.raises(Conflict):
        adjudicating.adjudicate(Decision.objects.get(), Preference.TIE, Order.AB, by=user("x"))

    assert Judgment.objects.count() == 3


def test_an_owner_may_rule_before_all_raters_have_spoken(campaign):
    vote(campaign, "x", "a")

    adjudicating.adjudicate(Decision.objects.get(), Preference.TIE, Order.AB, by=user("boss"))

    assert verdict() == ("decided", "tie")


def test_what_the_owner_holds_as_a_rater_is_closed(campaign, settings):
    settings.UNDO_SECONDS = 30
    boss = participants.member(user("boss"), campaign)
    held = assigning.next_assignments(boss)[0]
    decision = Decision.objects.get()

    adjudicating.adjudicate(decision, Preference.TIE, Order.AB, by=boss.user)

    assert assigning.held_by(boss) == []
    assert answering.undoable(boss) is None
    with pytest.raises(Conflict):
        answering.answer(held, Said(Preference.FIRST))


def test_what_the_owner_answered_a_moment_ago_makes_no_second_judgment(campaign, settings):
    settings.UNDO_SECONDS = 30
    boss = participants.member(user("boss"), campaign)
    answering.answer(assigning.next_assignments(boss)[0], Said(Preference.FIRST))

    adjudicating.adjudicate(Decision.objects.get(), Preference.TIE, Order.AB, by=boss.user)
    Assignment.objects.update(answered_at=timezone.now() - timedelta(minutes=5))
    recording.record_due()
    recording.finish(boss)

    assert Judgment.objects.get().winner == "tie"
    assert not Assignment.objects.filter(recorded_at=None).exists()


def test_who_is_left_out_disagrees_with_nobody(campaign):
    for name, winner in (("x", "a"), ("y", "a"), ("z", "b")):
        vote(campaign, name, winner)
    assert adjudicating.disagreements(campaign).exists()

    quarantine.impose(campaign.judge, user("z"), reason="", by=None)

    assert not adjudicating.disagreements(campaign).exists()
    assert len(adjudicating.said_of(Decision.objects.get(), Order.AB)) == 2
