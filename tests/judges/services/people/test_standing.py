"""How far a rater has come, and why there is nothing for them."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from judges.contracts import Preference
from judges.models import Assignment, Campaign, GoldQuestion, Participant
from judges.services import decisions
from judges.services.people import answering, assigning, participants, standing
from judges.services.people.said import Said
from judges.services.people.standing import Ending
from tests import factories
from tests.raters import user

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign():
    """Ten that wait, on prompts in two languages, and four of gold that are not asked yet."""
    cache.clear()
    lab = factories.project()
    factories.field(lab, prompts=14, competitors=["ann", "ben"])
    judge = factories.judge(lab, "human", "people", raters=1)
    found = factories.all_comparisons(lab)
    decisions.ask(judge, [c.pk for c in found[:10]])
    made = Campaign.objects.get()
    GoldQuestion.objects.bulk_create(
        GoldQuestion(campaign=made, comparison=one, expected="a") for one in found[10:]
    )
    return made


@pytest.fixture
def rita(campaign):
    return participants.member(user("rita"), campaign)


def again(participant):
    return Participant.objects.select_related("campaign__judge").get(pk=participant.pk)


def answer(participant, seconds=None):
    assignment = assigning.next_assignments(participant, 2)[0]
    if seconds is not None:
        shown = timezone.now() - timedelta(seconds=seconds)
        Assignment.objects.filter(pk=assignment.pk).update(shown_at=shown)
    answering.answer(assignment, Said(Preference.TIE))


def skip(participant):
    answering.skip(assigning.next_assignments(participant, 2)[0])


def counts(participant):
    found = standing.standing_of(participant)
    return found.answered, found.left


def test_answers_move_one_from_left_to_done_and_skips_take_one_away(rita):
    seen = [counts(rita)]
    for act in (answer, skip, answer):
        act(rita)
        seen.append(counts(rita))

    assert seen == [(0, 10), (1, 9), (1, 8), (2, 7)]


def test_undo_moves_it_back(rita, settings):
    settings.UNDO_SECONDS = 30
    counts(rita)
    answer(rita)
    answering.undo(rita)

    assert counts(rita) == (0, 10)


@pytest.mark.parametrize("fresh", [True, False])
def test_gold_counts_like_all_others_before_it_is_asked(rita, fresh):
    Campaign.objects.update(gold_every=3)
    rita = again(rita)
    seen = [counts(rita)]
    while assigning.next_assignments(rita, 2):
        answer(rita)
        if fresh:
            cache.clear()
        seen.append(counts(rita))

    total = sum(seen[0])
    assert total == Assignment.objects.count() in (14, 15)
    assert seen == [(done, total - done) for done in range(total + 1)]


def test_a_quota_bounds_what_is_left(rita):
    Campaign.objects.update(quota=3)
    rita = again(rita)
    answer(rita)

    assert counts(rita) == (1, 2)


def test_time_left_goes_by_the_own_median(rita):
    for seconds in (10, 40):
        answer(rita, seconds)
    assert standing.standing_of(rita).minutes_left is None
    cache.clear()
    answer(rita, 600)

    found = standing.standing_of(rita)

    assert found.seconds == pytest.approx(40, abs=2)
    assert found.minutes_left == 5, "7 at 40 s"


def test_it_is_counted_in_full_once_in_a_while_only(rita, django_assert_num_queries):
    counts(rita)

    with django_assert_num_queries(1):
        counts(rita)


@pytest.mark.parametrize(
    ("change", "ending"),
    [
        ({"closed_at": timezone.now()}, Ending.CLOSED),
        ({"deadline": timezone.now() - timedelta(seconds=1)}, Ending.OVER),
        ({"quota": 0}, Ending.QUOTA),
        ({}, Ending.OTHERS),
    ],
)
def test_the_ending_says_why(rita, change, ending):
    Campaign.objects.update(**change)
    rita = again(rita)

    assert standing.ending_of(rita, standing.standing_of(rita)) == ending


def test_who_was_stopped_learns_that_first(rita):
    Campaign.objects.update(closed_at=timezone.now())
    Participant.objects.update(stopped_at=timezone.now())
    rita = again(rita)

    assert standing.ending_of(rita, standing.standing_of(rita)) == Ending.STOPPED


def test_what_was_skipped_is_told_apart_from_all_done(rita):
    skip(rita)
    while assigning.next_assignments(rita):
        answer(rita)
    assert standing.ending_of(rita, standing.standing_of(rita)) == Ending.SKIPPED

    answering.take_back(rita)
    answer(rita)

    assert standing.ending_of(rita, standing.standing_of(rita)) == Ending.DONE


def test_nothing_at_all(rita, campaign):
    campaign.judge.decisions.all().delete()

    assert standing.ending_of(rita, standing.standing_of(rita)) == Ending.NOTHING
