"""Gold questions on pages for ranking, which nothing tells from all other pages."""

import pytest
from django.core.cache import cache

from judges.contracts import Order, Preference
from judges.models import Assignment, Campaign, GoldPolicy, GoldQuestion, Judgment, Participant
from judges.services import decisions
from judges.services.people import answering, assigning, gold, participants, standing
from judges.services.people.gold_pages import outputs_of
from judges.services.people.recording import finish
from judges.services.people.said import Said
from tests import factories
from tests.raters import user

pytestmark = pytest.mark.django_db

ANSWERS = 4


@pytest.fixture
def campaign():
    """Four answers to each of six prompts; all pairs on the first four are asked."""
    cache.clear()
    lab = factories.project()
    factories.field(lab, prompts=6, competitors=factories.NAMES[:ANSWERS])
    judge = factories.judge(lab, "human", "people", raters=1, page="ranking")
    found = factories.all_comparisons(lab)
    asked = [one.pk for one in found if one.prompt.key in {"p0", "p1", "p2", "p3"}]
    decisions.ask(judge, asked)
    Campaign.objects.update(gold_every=2)
    return Campaign.objects.get()


@pytest.fixture
def rita(campaign):
    return participants.member(user("rita"), campaign)


def make_gold(campaign, key, expected="a"):
    """Of the first pair of a prompt."""
    (first, *_) = [
        one for one in factories.all_comparisons(campaign.judge.project) if one.prompt.key == key
    ]
    return GoldQuestion.objects.create(campaign=campaign, comparison=first, expected=expected)


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


def test_gold_is_weighed_where_both_answers_stand_anyway(rita, campaign):
    questions = [make_gold(campaign, f"p{n}") for n in range(4)]
    gold_only = [question.comparison_id for question in questions]
    campaign.judge.decisions.filter(comparison__in=gold_only).delete()

    pages = pages_of(rita)

    assert [len(page) for page in pages] == [6] * 4
    assert gold.score(rita).right == 4


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
    make_gold(campaign, "p0")
    Campaign.objects.update(gold_every=None)
    rita.campaign.refresh_from_db()

    assert not any(row.gold for page in pages_of(rita) for row in page)
