import pytest

from arena.models import AuditEntry
from arena.services import deeds
from judges.models import Access
from judges.services.people import asking, defining, gold_editing, quarantine, roster
from judges.services.people.gold_editing import GoldRecord
from judges.services.people.selecting import Wanted
from tests import factories
from tests.raters import user, vote

pytestmark = pytest.mark.django_db


def last():
    return deeds.told(AuditEntry.objects.latest("pk"))


@pytest.fixture
def campaign():
    lab = factories.project()
    factories.field(lab, prompts=2, competitors=["ann", "ben"])
    return factories.judge(lab, "human", "people", raters=1).campaign


def test_what_owners_do_reads_as_sentences(campaign):
    boss = user("boss")
    defining.change(campaign, {"quota": 9, "access": Access.OPEN, "title": "Clear?"}, by=boss)
    campaign.refresh_from_db()
    assert last() == (
        "Changed the campaign “Clear?”: title, who may take part, how much a rater may judge"
    )
    wanted = Wanted(how="sample", count=1, category="even")
    asking.add_selected(campaign, wanted, by=boss)
    assert last() == (
        "Added 1 comparison to the campaign “Clear?”, sampled from all pairs, of the category even"
    )
    gold = GoldRecord(
        prompt="p1", competitor_a="ann", competitor_b="ben", expected="both_bad", warm_up=True
    )
    made = gold_editing.put(campaign, gold, by=boss)
    assert last() == (
        "Added a gold question for the warm-up on the prompt p1, in the campaign “Clear?”: both are"
        " bad"
    )
    gold_editing.retire(campaign, made.pk, by=boss)
    assert last() == "Retired the gold question on the prompt p1, in the campaign “Clear?”"
    vote(campaign, "rita", "a")
    roster.stop(campaign, campaign.participants.get().pk, reason="too fast", by=boss)
    assert last() == "Stopped the rater rita in “Clear?”: too fast"
    quarantine.impose(campaign.judge, user("rita"), reason="", by=boss)
    assert last() == "Left out the judgments of rita"
    quarantine.ask_others(campaign, by=boss)
    assert last() == "Asked others about 1 comparison of the campaign “Clear?” that lost raters"


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({}, ""),
        ({"how": "matches"}, ", from the list of matches"),
        ({"how": "split", "judge": "jury"}, ", on which members of jury disagree"),
        ({"how": "a way of tomorrow"}, ""),
    ],
)
def test_how_comparisons_were_chosen_is_said(how, words):
    entry = AuditEntry(
        act="campaign.comparisons_added", subject="Clear?", details={"count": 3, "how": how}
    )

    assert deeds.told(entry) == f"Added 3 comparisons to the campaign “Clear?”{words}"


def test_a_ruling_is_told():
    entry = AuditEntry(
        act="comparison.adjudicated", subject="comparison 7", details={"winner": "a"}
    )

    assert deeds.told(entry) == "Ruled on comparison 7: A is better"
