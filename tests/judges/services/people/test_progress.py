from datetime import timedelta

import pytest
from django.utils import timezone

from judges.models import Campaign, Decision, Judgment
from judges.services import decisions
from judges.services.people import progress, quarantine
from tests import factories, raters

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(settings):
    settings.UNDO_SECONDS = 0
    lab = factories.project()
    factories.field(lab, prompts=4, competitors=["ann", "ben"])
    judge = factories.judge(lab, "human", "people", raters=2)
    decisions.ask(judge, [row.pk for row in factories.all_comparisons(lab)])
    return Campaign.objects.get()


def found(campaign):
    return progress.progress_of([campaign])[campaign.pk]


def test_nothing_asked_is_nothing_needed():
    campaign = factories.judge(factories.project(), "human", "people").campaign

    row = found(campaign)

    assert (row.total, row.needed, row.pace, row.ends_at) == (0, 0, None, None)


def test_counts_and_what_is_needed(campaign):
    for name in ("rita", "raul"):
        raters.vote(campaign, name, "a")
    raters.vote(campaign, "rita", "a")

    row = found(campaign)

    assert (row.decided, row.waiting, row.judgments, row.raters) == (1, 3, 3, 2)
    assert row.needed == 3 * 2 - 1


def test_judgments_in_quarantine_are_needed_again(campaign):
    raters.vote(campaign, "rita", "a")
    quarantine.impose(campaign.judge, raters.user("rita"), reason="", by=None)

    row = found(campaign)

    assert (row.judgments, row.raters, row.needed) == (0, 0, 8)


def test_the_pace_is_that_of_the_last_week_and_tells_the_end(campaign, monkeypatch):
    for name in ("rita", "raul"):
        raters.vote(campaign, name, "a")
    later = timezone.now() + timedelta(days=4)
    monkeypatch.setattr(progress.timezone, "now", lambda: later)

    row = found(campaign)

    assert row.pace == pytest.approx(0.5, rel=0.01)
    assert row.ends_at - later == pytest.approx(timedelta(days=12), abs=timedelta(hours=1))
    monkeypatch.setattr(progress.timezone, "now", lambda: later + timedelta(days=4))
    assert found(campaign).ends_at is None


def test_a_burst_of_a_moment_is_counted_over_a_day(campaign):
    raters.vote(campaign, "rita", "a")

    assert found(campaign).pace == pytest.approx(1, rel=0.01)


def test_several_campaigns_take_three_queries(campaign, django_assert_num_queries):
    lab = campaign.judge.project
    other = factories.judge(lab, "human", "others", raters=1).campaign
    decisions.ask(other.judge, Decision.objects.values_list("comparison_id", flat=True)[:2])
    raters.vote(campaign, "rita", "a")
    raters.vote(other, "rita", "b")
    rows = [campaign, other]

    with django_assert_num_queries(3):
        both = progress.progress_of(rows)

    assert [(both[row.pk].waiting, both[row.pk].judgments) for row in rows] == [(4, 1), (1, 1)]
    assert Judgment.objects.count() == 2
