import pytest

from arena.common.errors import Conflict, NotFound
from arena.models import AuditEntry
from judges.contracts import Order, Preference
from judges.models import Campaign, GoldQuestion
from judges.services import decisions
from judges.services.people import (
    adjudicating,
    answering,
    assigning,
    battles,
    participants,
    quarantine,
    roster,
)
from judges.services.people.said import Said
from tests import factories, raters

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign():
    lab = factories.project()
    factories.field(lab, prompts=3, competitors=["ann", "ben"])
    judge = factories.judge(lab, "human", "people", raters=2)
    decisions.ask(judge, [row.pk for row in factories.all_comparisons(lab)[:2]])
    Campaign.objects.update(access="open")
    return Campaign.objects.get()


def test_everybody_is_listed_with_what_they_did(campaign, django_assert_max_num_queries):
    rita = participants.member(raters.user("rita"), campaign)
    guest = participants.guest(campaign, name="Gus")
    nameless = participants.guest(campaign)
    raters.vote(campaign, "rita", "a")
    answering.skip(assigning.next_assignments(rita)[0])
    quarantine.impose(campaign.judge, rita.user, reason="", by=None)

    with django_assert_max_num_queries(5):
        rows = roster.roster(campaign)

    assert [(row.name, row.judged, row.skipped, row.is_quarantined) for row in rows] == [
        ("rita", 1, 1, True), ("Gus", 0, 0, False), (f"guest {nameless.pk}", 0, 0, False),
    ]  # fmt: skip
    assert rows[0].seen_at > rita.joined_at
    assert rows[1].seen_at == guest.joined_at


def test_votes_on_live_battles_are_told_of_each_rater(live):
    raters.battle(live, "rita")
    raters.battle(live, "rita", answers=("So.", "I am model-ben."))  # flagged, and a vote as well
    idle = participants.member(raters.user("raul"), live)
    battles.drop(idle, battles.say(idle, "Why?").key)

    rows = {row.name: row for row in roster.roster(live)}

    assert (rows["rita"].judged, rows["raul"].judged) == (2, 0)
    last = live.battles.filter(rater__username="rita").latest("answered_at")
    assert rows["rita"].seen_at == last.answered_at


def test_every_skip_counts_but_not_what_an_owner_closed(campaign, settings):
    settings.UNDO_SECONDS = 30
    last = factories.all_comparisons(campaign.judge.project)[2]
    GoldQuestion.objects.create(campaign=campaign, comparison=last, expected="tie")
    campaign.gold_every = 2
    campaign.save()
    rita = participants.member(raters.user("rita"), campaign)
    for _ in range(2):
        answering.skip(assigning.next_assignments(rita)[0])
    olga = participants.member(raters.user("olga"), campaign)
    mine = assigning.next_assignments(olga, 2)
    held = next(row for row in mine if row.decision)
    adjudicating.adjudicate(held.decision, Preference.TIE, Order.AB, by=olga.user)

    skipped = {row.name: row.skipped for row in roster.roster(campaign)}

    assert any(row.gold for row in rita.campaign.assignments.filter(rater=rita.user))
    assert skipped == {"rita": 2, "olga": 0}


def test_gold_is_scored_apart_and_the_warm_up_not_at_all(campaign):
    last = factories.all_comparisons(campaign.judge.project)[2]
    warm = GoldQuestion.objects.create(
        campaign=campaign, comparison=last, expected="tie", is_warm_up=True
    )
    rita = participants.member(raters.user("rita"), campaign)
    lesson = assigning.warm_up(rita)
    answering.answer(lesson, Said("tie"))
    assert roster.roster(campaign)[0].gold.answered == 0

    GoldQuestion.objects.filter(pk=warm.pk).update(is_warm_up=False)

    row = roster.roster(campaign)[0]
    assert (row.gold.right, row.gold.answered, row.judged) == (1, 1, 0)


def test_who_is_stopped_is_given_nothing_until_let_go_on(campaign):
    rita = participants.member(raters.user("rita"), campaign)

    stopped = roster.stop(campaign, rita.pk, reason="clicks blindly", by=raters.user("olga"))
    assert assigning.next_assignments(stopped) == []
    with pytest.raises(Conflict):
        roster.stop(campaign, rita.pk, by=None)
    again = roster.let_go_on(campaign, rita.pk, by=raters.user("olga"))

    assert assigning.next_assignments(again) != []
    with pytest.raises(Conflict):
        roster.let_go_on(campaign, rita.pk, by=None)
    entries = AuditEntry.objects.order_by("pk").values_list("act", "subject", "actor_name")
    assert list(entries) == [
        ("rater.stopped", "rita", "olga"), ("rater.let_go_on", "rita", "olga"),
    ]  # fmt: skip


def test_a_rater_of_another_campaign_is_not_found(campaign):
    other = factories.judge(campaign.judge.project, "human", "others").campaign
    rita = participants.member(raters.user("rita"), other)

    for act in (roster.stop, roster.let_go_on):
        with pytest.raises(NotFound):
            act(campaign, rita.pk, by=None)


def test_numbers_that_no_database_holds_are_nobody(campaign):
    rita = participants.member(raters.user("rita"), campaign)

    found = roster.participants_of(campaign, [str(rita.pk), "9" * 25, "9" * 5000, "²", "x"])

    assert found == [rita]
