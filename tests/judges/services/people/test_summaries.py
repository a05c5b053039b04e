"""What a rater is told of their own work."""

from datetime import timedelta

import pytest
from django.utils import timezone

from judges.models import Assignment, Campaign
from judges.services import decisions
from judges.services.people import participants, quarantine, summaries
from tests import factories
from tests.raters import user, vote

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign():
    lab = factories.project()
    factories.field(lab, prompts=6, competitors=["ann", "ben"])
    judge = factories.judge(lab, "human", "people", raters=4)
    decisions.ask(judge, [c.pk for c in factories.all_comparisons(lab)])
    Campaign.objects.update(shows_agreement=True)
    return Campaign.objects.get()


def summary_of(campaign, name="rita"):
    return summaries.summary_of(participants.member(user(name), campaign))


def test_answers_and_their_time_are_added_up(campaign):
    for _ in range(3):
        vote(campaign, "rita", "a")
    now = timezone.now()
    for assignment, seconds in zip(Assignment.objects.order_by("pk"), (10, 20, 9000), strict=True):
        Assignment.objects.filter(pk=assignment.pk).update(
            shown_at=now - timedelta(seconds=seconds), answered_at=now
        )

    found = summary_of(campaign)

    assert (found.answered, found.seconds) == (3, 10 + 20 + summaries.LONGEST)
    assert found.seconds_each == pytest.approx(210)


def test_nothing_done_is_nothing(campaign):
    found = summary_of(campaign)

    assert (found.answered, found.seconds_each, found.agreement) == (0, None, None)


def test_agreement_is_the_share_of_votes_of_others_that_say_the_same(campaign):
    for winner in "aaabbb":
        vote(campaign, "rita", winner)
    for winner in "aaaaaa":
        vote(campaign, "otto", winner)
    for winner in "bbbbbb":
        vote(campaign, "mona", winner)
    quarantine.impose(campaign.judge, user("mona"), reason="random", by=None)

    found = summary_of(campaign).agreement

    assert (found.comparisons, found.votes, found.same) == (6, 6, 3)
    assert found.percent == 50.0


def test_few_shared_comparisons_tell_nothing(campaign):
    for name in ("rita", "otto"):
        for _ in range(summaries.SHARED_LEAST - 1):
            vote(campaign, name, "a")

    assert summary_of(campaign).agreement is None


def test_agreement_is_told_only_where_the_owner_allows_it(campaign):
    for name in ("rita", "otto"):
        for _ in range(6):
            vote(campaign, name, "a")
    assert summary_of(campaign).agreement.percent == 100.0

    Campaign.objects.update(shows_agreement=False)

    assert summary_of(campaign).agreement is None
