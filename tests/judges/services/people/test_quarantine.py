import pytest
from django.db import IntegrityError, transaction

from arena.models import AuditEntry
from judges.models import Decision, Judgment, Quarantine
from judges.services.people import adjudicating, quarantine
from judges.signals import comparison_decided
from tests.raters import user, verdict, vote

pytestmark = pytest.mark.django_db


@pytest.fixture
def news():
    told = []

    def hear(decision_ids, **_):
        told.extend(decision_ids)

    comparison_decided.connect(hear)
    yield told
    comparison_decided.disconnect(hear)


def test_a_verdict_follows_when_a_rater_is_left_out_and_taken_in_again(campaign, news):
    for name, winner in (("x", "a"), ("y", "a"), ("z", "b")):
        vote(campaign, name, winner)
    assert verdict() == ("decided", "a")
    news.clear()

    one = quarantine.impose(campaign.judge, user("x"), reason="clicks at random", by=user("boss"))
    assert verdict() == ("decided", "tie")
    two = quarantine.impose(campaign.judge, user("y"), reason="", by=None)
    assert verdict() == ("decided", "b")
    quarantine.lift(one, by=user("boss"))
    quarantine.lift(two, by=user("boss"))

    assert verdict() == ("decided", "a")
    assert news == [Decision.objects.get().pk] * 4
    assert Judgment.objects.count() == 3


def test_without_a_rater_left_nothing_is_decided_and_others_can_be_asked(campaign):
    for name in "xyz":
        vote(campaign, name, "a")
    for name in "xyz":
        quarantine.impose(campaign.judge, user(name), reason="a ring", by=None)
    decision = Decision.objects.get()
    assert (decision.status, decision.silence) == ("undecided", "missing")

    assert adjudicating.ask_again(campaign) == 1

    for name in "uvw":
        assert verdict() == ("waiting", None)
        vote(campaign, name, "b")
    assert verdict() == ("decided", "b")


def test_a_place_of_somebody_in_quarantine_is_given_to_another(campaign):
    for name in "xy":
        vote(campaign, name, "a")
    quarantine.impose(campaign.judge, user("x"), reason="", by=None)

    for name in "uv":
        vote(campaign, name, "b")

    assert verdict() == ("decided", "b")
    assert Judgment.objects.count() == 4


def test_every_act_is_logged_once(campaign):
    boss = user("boss")
    first = quarantine.impose(campaign.judge, user("x"), reason="too fast", by=boss)
    assert quarantine.impose(campaign.judge, user("x"), reason="again", by=boss) == first
    quarantine.lift(first, by=boss)
    quarantine.lift(first, by=boss)

    logged = AuditEntry.objects.order_by("pk").values_list("act", "subject", "actor__username")
    assert list(logged) == [
        ("rater.quarantined", "x", "boss"),
        ("rater.restored", "x", "boss"),
    ]


def test_the_database_holds_one_quarantine_in_force(campaign):
    quarantine.impose(campaign.judge, user("x"), reason="", by=None)

    with pytest.raises(IntegrityError), transaction.atomic():
        Quarantine.objects.create(judge=campaign.judge, rater=user("x"))


def test_what_waits_is_decided_when_the_votes_taken_in_again_are_enough(campaign):
    for name in "xy":
        vote(campaign, name, "a")
    imposed = quarantine.impose(campaign.judge, user("x"), reason="", by=None)
    vote(campaign, "z", "a")
    assert verdict() == ("waiting", None)

    quarantine.lift(imposed, by=None)

    assert verdict() == ("decided", "a")
