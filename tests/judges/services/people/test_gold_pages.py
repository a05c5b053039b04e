"""Gold questions on pages for ranking, which nothing tells from all other pages."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.db.models import F
from django.utils import timezone

from judges.contracts import Order, Preference
from judges.models import Assignment, Campaign, GoldPolicy, GoldQuestion, Judgment, Participant
from judges.services import decisions
from judges.services.people import answering, assigning, gold, participants, standing
from judges.services.people.gold_pages import among, outputs_of
from judges.services.people.recording import finish
from judges.services.people.said import Said
from judges.services.people.summaries import summary_of
from tests import factories
from tests.raters import user

pytestmark = pytest.mark.django_db

ANSWERS = 4


@pytest.fixture
def campaign():
    return make_campaign(ANSWERS)


def make_campaign(answers):
    """So many answers to each of six prompts; all pairs on the first four are asked."""
    cache.clear()
    lab = factories.project()
    factories.field(lab, prompts=6, competitors=factories.NAMES[:answers])
    judge = factories.judge(lab, "human", "people", raters=1, page="ranking")
    found = factories.all_comparisons(lab)
    asked = [one.pk for one in found if one.prompt.key in {"p0", "p1", "p2", "p3"}]
    decisions.ask(judge, asked)
    Campaign.objects.update(gold_every=2)
    return Campaign.objects.get()


@pytest.fixture
def rita(campaign):
    return participants.member(user("rita"), campaign)


def comparisons_on(campaign, key):
    """All pairs on a prompt."""
    found = factories.all_comparisons(campaign.judge.project)
    return [one for one in found if one.prompt.key == key]


def make_gold(campaign, key, expected="a"):
    """Of the first pair of a prompt."""
    (first, *_) = comparisons_on(campaign, key)
    return GoldQuestion.objects.create(campaign=campaign, comparison=first, expected=expected)


def make_gold_of_all(campaign, key, expected="a"):
    """Of pairs on a prompt that have no answer in common, and that are not asked any more."""
    found, used = [], set()
    for one in comparisons_on(campaign, key):
        if used.isdisjoint({one.output_a_id, one.output_b_id}):
            used |= {one.output_a_id, one.output_b_id}
            found.append(one)
    campaign.judge.decisions.filter(comparison__in=found).delete()
    return [
        GoldQuestion.objects.create(campaign=campaign, comparison=one, expected=expected)
        for one in found
    ]


def put_in_order(screen, winner="a"):
    """Answer a page: of each pair this side wins."""
    said = []
    for row in screen:
        first = Preference.FIRST.winner(Order(row.order)) == winner
        said.append(Said(Preference.FIRST if first else Preference.SECOND))
    answering.answer_screen(screen, said)


def pages_of(participant, winner="a"):
    """All pages that the rater gets, answered one after the other."""
    pages = []
    while found := assigning.next_assignments(participant):
        pages.append(found)
        put_in_order(found, winner)
        finish(participant)
        participant = Participant.objects.select_related("campaign__judge").get(pk=participant.pk)
    return pages


def shown_on(page):
    asked = outputs_of(row.decision or row.gold for row in page)
    return asked.union(*(row.beside for row in page))


def test_a_page_of_gold_has_as_many_answers_as_all_others(rita, campaign):
    for key in ("p4", "p5"):
        make_gold(campaign, key)

    pages = pages_of(rita)

    assert [len(shown_on(page)) for page in pages] == [ANSWERS] * len(pages)
    assert all(row.screen for page in pages for row in page), "none of them is a page for a pair"
    of_gold = [page for page in pages if page[0].gold]
    assert [len(page) for page in of_gold] == [1, 1]
    assert (gold.score(rita).answered, gold.score(rita).right) == (2, 2)
    assert Judgment.objects.count() == 4 * 6, "the others on a page of gold are asked of nobody"


def test_what_stands_beside_gold_and_waits_is_asked_by_the_way(rita, campaign):
    question = make_gold(campaign, "p0")
    campaign.judge.decisions.filter(comparison=question.comparison).delete()

    pages = pages_of(rita, "b")

    (page,) = [page for page in pages if any(row.gold for row in page)]
    assert (len(page), len(shown_on(page)), page[0].gold) == (6, ANSWERS, question)
    assert page[0].beside == []
    assert (gold.score(rita).answered, gold.score(rita).right) == (1, 0)
    assert Judgment.objects.count() == 3 * 6 + 5
    assert not Judgment.objects.filter(comparison=question.comparison).exists()


def test_the_time_on_a_page_is_shared_by_its_pairs_gold_included(rita, campaign, settings):
    settings.UNDO_SECONDS = 30
    question = make_gold(campaign, "p0")
    campaign.judge.decisions.filter(comparison=question.comparison).delete()
    while page := assigning.next_assignments(rita):
        put_in_order(page)
    Assignment.objects.update(shown_at=F("answered_at") - timedelta(seconds=60))

    finish(rita)

    assert {row.details["seconds"] for row in Judgment.objects.all()} == {10.0}


def test_gold_is_weighed_where_both_answers_stand_anyway(rita, campaign):
    questions = [make_gold(campaign, f"p{n}") for n in range(4)]
    gold_only = [question.comparison_id for question in questions]
    campaign.judge.decisions.filter(comparison__in=gold_only).delete()

    pages = pages_of(rita)

    assert [len(page) for page in pages] == [6] * 4
    assert gold.score(rita).right == 4


def test_a_page_weighs_one_gold_question_however_many_stand_on_it():
    campaign = make_campaign(8)
    rita = participants.member(user("rita"), campaign)
    questions = make_gold_of_all(campaign, "p0", expected="b")
    Campaign.objects.update(gold_policy=GoldPolicy.STOP, gold_least=2)
    rita.campaign.refresh_from_db()

    pages = pages_of(rita)

    assert len(questions) == 4
    assert sorted(sum(row.gold is not None for row in page) for page in pages) == [0, 0, 0, 1]
    rita.refresh_from_db()
    assert (gold.score(rita).answered, rita.stopped_at) == (1, None)


def test_which_gold_question_a_page_weighs_is_drawn():
    campaign = make_campaign(8)
    questions = make_gold_of_all(campaign, "p0")
    asked = list(campaign.judge.decisions.filter(comparison__prompt__key="p0"))

    drawn = {among(asked, campaign.gold.all(), str(seed)) for seed in range(50)}

    assert drawn == set(questions)


def test_a_comparison_that_is_asked_itself_is_not_weighed_as_gold_beside_it(rita, campaign):
    question = make_gold(campaign, "p0")
    Campaign.objects.update(gold_every=100)
    rita.campaign.refresh_from_db()

    pages = pages_of(rita)

    seen = [row.comparison_id for page in pages for row in page]
    assert seen.count(question.comparison_id) == 1


def test_a_prompt_with_fewer_answers_waits_for_a_smaller_page(rita, campaign):
    question = make_gold(campaign, "p4")
    two = [question.comparison.output_a_id, question.comparison.output_b_id]
    question.comparison.prompt.outputs.exclude(pk__in=two).delete()

    assert [len(page) for page in pages_of(rita)] == [6] * 4
    assert gold.score(rita).answered == 0


def test_both_bad_cannot_be_said_by_an_order(rita, campaign):
    make_gold(campaign, "p4", expected="both_bad")

    assert not any(row.gold for page in pages_of(rita) for row in page)


def test_progress_counts_a_page_of_gold_like_all_others(rita, campaign):
    make_gold(campaign, "p4")
    counted = []

    while page := assigning.next_assignments(rita):
        cache.clear()
        before = standing.standing_of(rita)
        put_in_order(page)
        after = standing.standing_of(rita)
        counted.append((after.answered - before.answered, after.total))

    assert counted == [(6, 30)] * 5


def test_progress_counts_all_pairs_of_a_page_asked_or_not(rita, campaign):
    question = make_gold(campaign, "p4")
    first, second, *_ = comparisons_on(campaign, "p4")
    assert first == question.comparison
    decisions.ask(campaign.judge, [second.pk])  # so some outputs stand there for one pair only
    campaign.judge.decisions.filter(comparison=second).update(priority=-1)
    campaign.judge.decisions.filter(comparison=comparisons_on(campaign, "p1")[0]).delete()
    counted = []

    while page := assigning.next_assignments(rita):
        before = standing.standing_of(rita).answered
        put_in_order(page)
        answered = standing.standing_of(rita).answered - before
        counted.append((len(shown_on(page)), len(page), answered))

    assert sorted(counted) == [(4, 2, 6), (4, 5, 6), (4, 6, 6), (4, 6, 6), (4, 6, 6)]


def test_what_is_to_go_does_not_grow_where_a_pair_is_not_asked(rita, campaign):
    make_gold(campaign, "p0")
    for key in ("p0", "p1"):
        pair = comparisons_on(campaign, key)[0]
        campaign.judge.decisions.filter(comparison=pair).delete()
    campaign.judge.decisions.filter(comparison__prompt__key="p0").update(priority=2)
    totals = []

    while page := assigning.next_assignments(rita):
        cache.clear()
        totals.append(standing.standing_of(rita).total)
        put_in_order(page)

    assert totals[1:] == [24] * 3


def test_a_quota_counts_pairs_that_are_not_asked(rita, campaign):
    for number in range(4):
        pair = comparisons_on(campaign, f"p{number}")[0]
        campaign.judge.decisions.filter(comparison=pair).delete()
    Campaign.objects.update(quota=12)
    rita.campaign.refresh_from_db()

    assert [len(page) for page in pages_of(rita)] == [5, 5]
    assert standing.standing_of(rita).answered == 12


def test_the_pairs_of_a_page_share_its_time_asked_or_not(rita, campaign):
    make_gold(campaign, "p4")
    pages = pages_of(rita)
    now = timezone.now()
    Assignment.objects.update(shown_at=now - timedelta(seconds=60), answered_at=now)

    seconds = standing.seconds_of([row for page in pages for row in reread(page)])

    assert seconds == [10.0] * 30
    assert (summary_of(rita).answered, summary_of(rita).seconds) == (30, 300.0)


def reread(page):
    return list(Assignment.objects.filter(pk__in=[row.pk for row in page]))


def test_an_older_version_can_still_hand_out_what_has_no_page(rita, campaign):
    question = make_gold(campaign, "p4")
    with connection.cursor() as cursor:
        cursor.execute(
            'INSERT INTO judges_assignment (campaign_id, gold_id, rater_id, "order", screen, '
            "lease_until, created_at) "
            "VALUES (%s, %s, %s, 'ab', '', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)",
            [campaign.pk, question.pk, rita.user_id],
        )

    assert [(row.beside, row.unasked) for row in Assignment.objects.all()] == [([], 0)]


def test_a_quota_counts_a_page_of_gold_like_all_others(rita, campaign):
    make_gold(campaign, "p4")
    Campaign.objects.update(quota=12)
    rita.campaign.refresh_from_db()

    pages = pages_of(rita)

    assert [len(shown_on(page)) for page in pages] == [ANSWERS] * 2
    assert any(row.gold for page in pages for row in page)


def test_a_page_of_gold_that_is_skipped_counts_as_answered_otherwise(rita, campaign):
    make_gold(campaign, "p0")
    campaign.judge.decisions.filter(comparison=GoldQuestion.objects.get().comparison).delete()
    Campaign.objects.update(gold_policy=GoldPolicy.STOP, gold_least=1)
    rita.campaign.refresh_from_db()
    while not (page := assigning.next_assignments(rita))[0].gold:
        put_in_order(page)

    answering.skip(page[0])
    finish(rita)

    rita.refresh_from_db()
    assert (gold.score(rita).answered, gold.score(rita).right) == (1, 0)
    assert rita.stopped_at is not None
    assert Assignment.objects.filter(screen=page[0].screen, skipped_at=None).count() == 0


def test_without_gold_in_the_campaign_none_is_weighed(rita, campaign):
    question = make_gold(campaign, "p0")
    campaign.judge.decisions.filter(comparison=question.comparison).delete()
    Campaign.objects.update(gold_every=None)
    rita.campaign.refresh_from_db()

    assert not any(row.gold for page in pages_of(rita) for row in page)
