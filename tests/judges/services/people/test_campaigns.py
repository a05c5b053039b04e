from datetime import timedelta

import pytest
from django.utils import timezone

from arena.common.errors import NotFound
from judges.models import Campaign
from judges.services.people import campaigns
from judges.services.people.campaigns import State
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab():
    return factories.project()


def test_a_new_version_of_the_judge_gets_a_campaign_set_up_as_the_last(lab):
    first = factories.judge(lab, "human", "people", raters=1).campaign
    Campaign.objects.filter(pk=first.pk).update(title="Which?", quota=7, reasons=["clear"])

    second = factories.judge(lab, "human", "people", raters=3).campaign

    assert (second.title, second.quota, second.reasons) == ("Which?", 7, ["clear"])
    assert second.key != first.key


def test_only_the_projects_own_campaigns_are_found(lab):
    mine = factories.judge(lab, "human", "people").campaign
    other = factories.project("other")

    assert campaigns.in_project(lab, mine.key) == mine
    with pytest.raises(NotFound):
        campaigns.in_project(other, mine.key)


def test_the_state_tells_open_closed_and_over(lab):
    campaign = factories.judge(lab, "human", "people").campaign
    assert campaigns.state_of(campaign) is State.OPEN
    campaign.deadline = timezone.now() - timedelta(minutes=1)
    assert campaigns.state_of(campaign) is State.OVER
    campaign.closed_at = timezone.now()
    assert campaigns.state_of(campaign) is State.CLOSED
    campaign.save()
    assert campaigns.open_in(lab) == []


def test_campaigns_of_live_battles_are_open_and_ask_nothing(lab):
    asks = factories.judge(lab, "human", "people").campaign
    live = factories.judge(lab, "human", "live").campaign
    Campaign.objects.filter(pk=live.pk).update(is_live=True)

    assert campaigns.open_in(lab) == [live, asks]
    assert campaigns.that_ask(lab) == [asks]
