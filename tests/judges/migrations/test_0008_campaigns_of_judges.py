"""What the rows of an older version become."""

from importlib import import_module

import pytest
from django.apps import apps

from judges.contracts import Preference
from judges.models import Assignment, Campaign, Judge, Participant
from judges.services import decisions
from judges.services.people import quality
from judges.services.people.said import said_in
from tests import factories
from tests.raters import vote

pytestmark = pytest.mark.django_db

migration = import_module("judges.migrations.0008_campaigns_of_judges")


@pytest.fixture
def judge(settings):
    """A judge with two votes, as they stood before there were campaigns."""
    settings.UNDO_SECONDS = 0
    lab = factories.project()
    factories.field(lab, prompts=1, competitors=["ann", "ben"])
    made = factories.judge(lab, "human", "people", raters=3)
    decisions.ask(made, [row.pk for row in factories.all_comparisons(lab)])
    vote(made.campaign, "rita", "a")
    vote(made.campaign, "raul", "tie")
    other = factories.judge(lab, "human", "others")  # the column could be empty then
    Assignment.objects.update(campaign=other.campaign, answer=None, recorded_at=None)
    Judge.objects.filter(pk=other.pk).update(kind="recorded")
    Campaign.objects.filter(judge=made).delete()
    return made


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_raters_and_their_answers_are_taken_over(judge, order):
    Assignment.objects.update(order=order)
    Assignment.objects.filter(rater__username="raul").update(answered_at=None)

    migration.create_campaigns(apps, None)

    campaign = Campaign.objects.get(judge=judge)
    names = Participant.objects.filter(campaign=campaign).values_list("user__username", flat=True)
    assert sorted(names) == ["raul", "rita"]
    answered = Assignment.objects.get(campaign=campaign, answered_at__isnull=False)
    said = Preference.FIRST if order == "ab" else Preference.SECOND
    assert (said_in(answered).preference, answered.recorded_at) == (said, answered.answered_at)
    assert len(quality.quality_of(campaign).review.raters) == 1


def test_a_tie_stays_one(judge):
    migration.create_campaigns(apps, None)

    tie = Assignment.objects.get(rater__username="raul")
    assert said_in(tie).preference is Preference.TIE
