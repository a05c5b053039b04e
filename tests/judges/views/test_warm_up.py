"""What stands before the first pair: instructions, languages, and examples that are explained."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client

from arena.models import Project
from judges.models import Assignment, Campaign, GoldQuestion, Judgment, Participant
from tests.judges import marked
from tests.judges.marked import everything_sent, leaks, open_pairs, pair, token_on, wait_for_people

pytestmark = pytest.mark.django_db


@pytest.fixture
def rater(client: Client, member: User) -> Client:
    client.force_login(member)
    return client


def at(campaign: Campaign, more: str = "") -> str:
    return f"/rate/{campaign.key}{more}"


def text(response: HttpResponse) -> str:
    return response.content.decode()


def lesson(campaign: Campaign, expected: str = "a") -> GoldQuestion:
    return marked.gold(campaign, 90, expected, is_warm_up=True, explanation="The heron **rhymes**.")


def answer(client: Client, campaign: Campaign, preference: str) -> HttpResponse:
    token = token_on(client.get(at(campaign, "/warm-up")))
    return client.post(at(campaign, "/warm-up"), {"token": token, "preference": preference})


def test_where_there_is_nothing_to_say_judging_begins_at_once(
    rater: Client, project: Project
) -> None:
    campaign = open_pairs(project)

    assert rater.get(at(campaign)).status_code == 200
    assert Participant.objects.get().warmed_up_at is not None


def test_instructions_are_read_once(rater: Client, project: Project) -> None:
    campaign = open_pairs(project, instructions="Mind the *rhyme*.")
    assert rater.get(at(campaign))["Location"] == at(campaign, "/welcome")
    assert "<em>rhyme</em>" in text(rater.get(at(campaign, "/welcome")))

    page = rater.post(at(campaign, "/welcome"), follow=True)

    assert "Which answer is better?" in text(page)
    assert rater.get(at(campaign)).status_code == 200


def test_only_what_the_rater_reads_is_given(rater: Client, project: Project) -> None:
    comparisons = [
        pair(project, n, [f"heron says {n}"], ["e"], language=language)
        for n, language in enumerate(["fr", "de", "fr", "de"])
    ]
    campaign = wait_for_people(project, comparisons)
    welcome = text(rater.get(at(campaign), follow=True))
    assert 'value="de"' in welcome
    assert 'value="fr"' in welcome

    page = text(rater.post(at(campaign, "/welcome"), {"language": ["de"]}, follow=True))

    assert "heron says 1" in page
    assert "heron says 3" in page
    assert "<b>2</b> to go" in page
    assert Participant.objects.get().languages == ["de"]


def test_languages_are_named_as_their_speakers_do(rater: Client, project: Project) -> None:
    comparisons = [
        pair(project, n, ["h"], ["e"], language=one) for n, one in enumerate(("de", "tlh"))
    ]
    campaign = wait_for_people(project, comparisons)

    page = text(rater.get(at(campaign, "/welcome")))

    assert "<span>Deutsch</span>" in page
    assert "<span>tlh</span>" in page


def test_a_language_that_is_not_offered_is_not_kept(rater: Client, project: Project) -> None:
    comparisons = [pair(project, n, ["h"], ["e"], language=one) for n, one in enumerate("ab")]
    campaign = wait_for_people(project, comparisons)

    rater.post(at(campaign, "/welcome"), {"language": ["tlh"]})

    assert Participant.objects.get().languages == []


@pytest.mark.parametrize(("expected", "words"), [("a", "Yes, that is"), ("b", "differently")])
def test_an_answer_of_the_warm_up_is_explained(
    rater: Client, project: Project, expected: str, words: str
) -> None:
    campaign = open_pairs(project)
    lesson(campaign, expected)
    rater.get(at(campaign, "/warm-up"))
    Assignment.objects.update(order="ab")

    page = text(answer(rater, campaign, "first"))

    assert words in page
    assert "The heron <strong>rhymes</strong>." in page
    assert "Which answer is better?" in text(rater.get(at(campaign, "/warm-up"), follow=True))
    assert Participant.objects.get().warmed_up_at is not None
    assert Judgment.objects.count() == 0


def test_nothing_is_explained_before_the_answer_nor_who_wrote_it(
    rater: Client, project: Project
) -> None:
    campaign = open_pairs(project)
    lesson(campaign)

    asked = rater.get(at(campaign, "/warm-up"))
    explained = answer(rater, campaign, "tie")

    assert "rhymes" not in text(asked)
    for response in (asked, explained):
        told = list(leaks(everything_sent(response)))
        assert [mark for mark in told if "warm" not in mark.lower()] == []


def test_the_first_answer_of_the_warm_up_stands(rater: Client, project: Project) -> None:
    campaign = open_pairs(project)
    lesson(campaign)
    token = token_on(rater.get(at(campaign, "/warm-up")))
    for preference in ("first", "second"):
        page = rater.post(at(campaign, "/warm-up"), {"token": token, "preference": preference})

    assert "You said: A is better." in text(page)


@pytest.mark.parametrize("preference", ["skip", "", "a"])
def test_what_cannot_be_read_shows_the_pair_again(
    rater: Client, project: Project, preference: str
) -> None:
    campaign = open_pairs(project)
    lesson(campaign)

    page = answer(rater, campaign, preference)

    assert "does not count" in text(page)
    assert Assignment.objects.get().answered_at is None


def test_a_pair_that_counts_is_not_explained(rater: Client, project: Project) -> None:
    campaign = open_pairs(project, 2)
    token = token_on(rater.get(at(campaign)))

    rater.post(at(campaign, "/warm-up"), {"token": token, "preference": "first"})

    assert Judgment.objects.count() == 0
    assert Assignment.objects.filter(answered_at__isnull=False).count() == 0


def test_the_warm_up_is_no_part_of_the_progress(rater: Client, project: Project) -> None:
    campaign = open_pairs(project, 2)
    lesson(campaign)
    answer(rater, campaign, "first")

    page = text(rater.get(at(campaign, "/warm-up"), follow=True))

    assert "<b>0</b> done, <b>2</b> to go" in page
