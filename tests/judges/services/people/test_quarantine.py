import pytest
from django.db import IntegrityError, transaction

from arena.common.errors import Conflict
from arena.models import AuditEntry
from judges.contracts import Order, Preference
from judges.models import Decision, Judgment, Quarantine
from judges.services import decisions
from judges.services.people import adjudicating, defining, participants, quarantine
from judges.signals import comparison_decided
from tests import factories
from tests.raters import battle, user, verdict, vote

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

    assert quarantine.ask_others(campaign, by=None) == 1

    for name in "uvw":
        assert verdict() == ("waiting", None)
        vote(campaign, name, "b")
    assert verdict() == ("decided", "b")


def test_others_are_asked_wherever_too_few_raters_are_left(campaign):
    for name, winner in (("x", "a"), ("y", "b"), ("z", "b")):
        vote(campaign, name, winner)
    assert not quarantine.thinned(campaign).exists()
    imposed = quarantine.impose(campaign.judge, user("x"), reason="too fast", by=None)
    assert verdict() == ("decided", "b")
    assert [row.heard for row in quarantine.thinned(campaign)] == [2]

    assert quarantine.ask_others(campaign, by=user("boss")) == 1

    assert verdict() == ("waiting", None)
    assert not quarantine.thinned(campaign).exists()
    vote(campaign, "u", "tie")
    assert verdict() == ("decided", "b")
    assert Judgment.objects.count() == 4
    assert not quarantine.thinned(campaign).exists()
    entry = AuditEntry.objects.latest("pk")
    assert (entry.act, entry.actor_name, entry.details) == (
        "campaign.others_asked", "boss", {"count": 1},
    )  # fmt: skip
    quarantine.lift(imposed, by=None)
    assert verdict()[0] == "decided"


def test_a_jury_hears_the_others_that_are_asked(campaign):
    lab, compared = campaign.judge.project, Decision.objects.get().comparison_id
    jury = factories.judge(lab, "jury", "bench", members=[campaign.judge.name])
    ruling = decisions.ask(jury, [compared])[compared]
    for name in "xyz":
        vote(campaign, name, "a")
    assert Decision.objects.get(pk=ruling).winner == "a"
    for name in "xy":
        quarantine.impose(campaign.judge, user(name), reason="a ring", by=None)

    assert quarantine.ask_others(campaign, by=None) == 1

    assert Decision.objects.get(pk=ruling).status == "waiting"
    for name in "uv":
        vote(campaign, name, "b")
    assert Decision.objects.get(pk=ruling).winner == "b"


def test_a_ruling_of_an_owner_needs_no_others(campaign):
    for name, winner in (("x", "a"), ("y", "b"), ("z", "b")):
        vote(campaign, name, winner)
    adjudicating.adjudicate(Decision.objects.get(), Preference.TIE, Order.AB, by=user("boss"))

    quarantine.impose(campaign.judge, user("x"), reason="", by=None)

    assert not quarantine.thinned(campaign).exists()


def test_nobody_else_is_asked_where_nobody_is_given_anything(campaign, live):
    for name in "xyz":
        vote(campaign, name, "a")
    quarantine.impose(campaign.judge, user("x"), reason="", by=None)
    defining.close(campaign, by=None)

    with pytest.raises(Conflict):
        quarantine.ask_others(campaign, by=None)

    assert verdict() == ("decided", "a")
    battle(live, "rita")
    quarantine.impose(live.judge, user("rita"), reason="", by=None)
    assert quarantine.ask_others(live, by=None) == 0


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


def test_the_log_names_guests_as_the_list_of_raters_does(campaign):
    campaign.access = "open"
    campaign.save()
    for name in ("", "Gil"):
        guest = participants.guest(campaign, name=name)
        quarantine.impose(campaign.judge, guest.user, reason="", by=None)
        assert AuditEntry.objects.latest("pk").subject == (name or f"guest {guest.pk}")


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
