import pytest

from arena.common.errors import Conflict
from arena.models import AuditEntry
from judges.contracts import Order, Preference
from judges.models import Decision, Judgment
from judges.services.people import adjudicating
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
