"""What a rater's answers to gold questions say of them, and what follows."""

import pytest

from judges.contracts import Order, Preference
from judges.models import Campaign, GoldPolicy, GoldQuestion, Participant, Quarantine
from judges.services import decisions
from judges.services.people import answering, assigning, gold, participants
from judges.services.people.said import Said
from tests import factories
from tests.raters import user

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign():
    """Eight that wait; six of gold, of which the first output is always the right answer."""
    lab = factories.project()
    factories.field(lab, prompts=14, competitors=["ann", "ben"])
    judge = factories.judge(lab, "human", "people", raters=5)
    found = factories.all_comparisons(lab)
    decisions.ask(judge, [c.pk for c in found[:8]])
    made = Campaign.objects.get()
    GoldQuestion.objects.bulk_create(
        GoldQuestion(campaign=made, comparison=one, expected="a") for one in found[8:]
    )
    Campaign.objects.update(gold_every=2, gold_least=3, gold_share=0.6)
    return Campaign.objects.get()


@pytest.fixture
def rita(campaign):
    return participants.member(user("rita"), campaign)


def judge_all(participant, winner):
    """Answer until nothing comes; gold always in favour of `winner`."""
    while found := assigning.next_assignments(participant):
        (assignment,) = found
        said = Preference.FIRST
        if Preference.FIRST.winner(Order(assignment.order)) != winner:
            said = Preference.SECOND
        answering.answer(assignment, Said(said))
        participant = Participant.objects.get(pk=participant.pk)
    return participant


def test_gold_is_mixed_in_once_in_every_block_and_never_twice(rita, campaign):
    judge_all(rita, "a")

    asked = list(rita.user.assignments.order_by("pk").values_list("gold", flat=True))
    blocks = [asked[at : at + 2] for at in range(0, len(asked), 2)]
    assert [sum(one is not None for one in block) for block in blocks] == [1] * 6 + [0]
    gold_asked = [one for one in asked if one]
    assert len(set(gold_asked)) == len(gold_asked)
    assert asked.count(None) == 8


def test_no_gold_without_anything_among_which_it_could_stand(rita):
    campaign = rita.campaign
    campaign.judge.decisions.all().delete()

    assert assigning.next_assignments(rita, 2) == []


def test_the_score_counts_what_was_right(rita):
    rita = judge_all(rita, "a")

    found = gold.score(rita)

    assert found.answered == found.right >= 3
    assert found.share == 1.0


@pytest.mark.parametrize("policy", list(GoldPolicy))
def test_who_fails_is_treated_as_the_campaign_says(rita, policy):
    Campaign.objects.update(gold_policy=policy)
    rita = judge_all(Participant.objects.get(pk=rita.pk), "b")

    assert (rita.stopped_at is not None) == (policy != GoldPolicy.SHOW)
    assert Quarantine.objects.exists() == (policy == GoldPolicy.QUARANTINE)
    if policy == GoldPolicy.SHOW:
        assert gold.score(rita).share == 0.0
    else:
        assert gold.score(rita).answered == 3, "and no more is asked"
        assert "gold" in rita.stopped_why


def test_who_passes_goes_on(rita):
    Campaign.objects.update(gold_policy=GoldPolicy.QUARANTINE)

    assert judge_all(Participant.objects.get(pk=rita.pk), "a").stopped_at is None


def test_the_warm_up_says_nothing_of_a_rater(rita, campaign):
    Campaign.objects.update(gold_policy=GoldPolicy.STOP, gold_least=0)
    GoldQuestion.objects.update(is_warm_up=True)
    rita = Participant.objects.get(pk=rita.pk)
    while assignment := assigning.warm_up(rita):
        answering.answer(assignment, Said(Preference.BOTH_BAD))

    assert gold.score(rita).answered == 0
    assert gold.score(rita).share is None
    assert Participant.objects.get().stopped_at is None
    assert rita.user.assignments.count() == 6
