"""The blind page. Competitors, outputs and comparisons have marked names and large, marked ids."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from arena.models import Membership, Project, Role
from judges.contracts import Order, Preference
from judges.models import Assignment, Campaign, Decision, Judgment, Participant
from judges.services import decisions
from judges.services.people import assigning, participants, recording
from judges.views.pairs import token_of
from tests import factories
from tests.judges import marked
from tests.judges.marked import (
    HTMX,
    everything_sent,
    leaks,
    open_pairs,
    pair,
    say,
    token_on,
    tokens_on,
    wait_for_people,
)

pytestmark = pytest.mark.django_db

LIST = "/projects/haiku/rate"


def at(campaign: Campaign, more: str = "") -> str:
    return f"/rate/{campaign.key}{more}"


def text(response: HttpResponse) -> str:
    return response.content.decode()


# --- Blindness ------------------------------------------------------------------------------------


def test_nothing_sent_tells_who_wrote_what(
    rater: Client, project: Project, settings: Settings
) -> None:
    settings.UNDO_SECONDS = 30
    campaign = open_pairs(project, 4)

    shown = rater.get(at(campaign))
    swapped = say(rater, campaign, token_on(shown), "first", has=tokens_on(shown)[1], **HTMX)
    undone = rater.post(at(campaign, "/undo"), **HTMX)
    again = say(rater, campaign, token_on(undone), "both_bad", **HTMX)
    followed = say(rater, campaign, token_on(again), "tie")
    page = rater.get(followed["Location"])
    refused = say(rater, campaign, "forged", "tie", **HTMX)
    skipped = say(rater, campaign, token_on(page), "skip", **HTMX)
    last = say(rater, campaign, token_on(skipped), "second", **HTMX)
    taken_back = rater.post(at(campaign, "/take-back"), **HTMX)
    finished = rater.post(at(campaign, "/done"))
    done = rater.get(at(campaign, "/done"))
    listed = rater.get(LIST)

    assert "heron says" in text(shown)
    assert len(tokens_on(shown)) == 2
    for response in (shown, swapped, undone, again, followed, page, refused, skipped, last,
                     taken_back, finished, done, listed):  # fmt: skip
        assert list(leaks(everything_sent(response))) == []


def test_the_token_is_a_number_of_the_assignment_and_a_signature(
    rater: Client, project: Project
) -> None:
    campaign = open_pairs(project)

    tokens = tokens_on(rater.get(at(campaign)))

    assert tokens == [token_of(row) for row in Assignment.objects.order_by("pk")]
    assert [token.split(":")[0] for token in tokens] == [
        str(row.pk) for row in Assignment.objects.order_by("pk")
    ]


def test_a_gold_question_looks_like_any_other(
    rater: Client, project: Project, settings: Settings
) -> None:
    settings.UNDO_SECONDS = 30
    campaign = open_pairs(project, 8, gold_every=2)
    for number in range(8, 14):
        marked.gold(campaign, number)

    pages = [rater.get(at(campaign))]
    for _ in range(12):
        pages.append(say(rater, campaign, token_on(pages[-1]), "first", **HTMX))

    asked = Assignment.objects.filter(answered_at__isnull=False)
    assert {row.gold_id is None for row in asked} == {True, False}
    shapes = set()
    for page in pages[1:]:
        sent = everything_sent(page)
        assert list(leaks(sent)) == []
        shapes.add(re.sub(r'\d+|:[\w-]{20,}|csrfmiddlewaretoken" value="\w+|heron|egret', "", sent))
        assert len(re.findall("<template", sent)) == 2
    assert len(shapes) == 1


def test_progress_goes_on_by_one_whatever_was_asked(rater: Client, project: Project) -> None:
    campaign = open_pairs(project, 6, gold_every=3)
    for number in range(6, 9):
        marked.gold(campaign, number)

    seen, page = [], rater.get(at(campaign))
    while tokens_on(page):
        seen.append(counts_on(page))
        page = say(rater, campaign, token_on(page), "tie", **HTMX)

    total = seen[0][1]
    assert total in (8, 9)
    assert seen == [(done, total - done) for done in range(total)]


def counts_on(page: HttpResponse) -> tuple[int, int]:
    found = re.search(r"<b>(\d+)</b> done(?:, <b>(\d+)</b> to go)?", text(page))
    assert found, text(page)
    return int(found[1]), int(found[2] or 0)


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_answers_stand_in_the_order_of_the_assignment(
    rater: Client, rita: User, project: Project, order: str
) -> None:
    campaign = open_pairs(project, 1)
    assigning.next_assignments(participants.member(rita, campaign))
    Assignment.objects.update(order=order)

    page = text(rater.get(at(campaign)))

    assert (page.index("heron says") < page.index("egret says")) == (order == "ab")


def test_a_remote_image_is_never_loaded_and_one_in_the_data_is_shown(
    rater: Client, project: Project
) -> None:
    images = ["data:image/png;base64,iVBORw0KGgo=", "https://spy.example/eye.png",
              "data:image/svg+xml;base64,PHN2Zz4="]  # fmt: skip
    campaign = wait_for_people(project, [pair(project, 0, ["h"], ["e"], images=images)])

    page = text(rater.get(at(campaign)))

    assert re.findall(r'<img[^>]* src="([^"]+)"', page) == [images[0]]
    assert "<code>https://spy.example/eye.png</code>" in page


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("ar", 'lang="ar" dir="rtl"'),
        ("he-IL", 'lang="he-IL" dir="rtl"'),
        ("de", 'lang="de" dir="auto"'),
        ('x" onfocus="', 'dir="auto"'),
        ("", 'dir="auto"'),
    ],
)
def test_texts_say_their_language_and_direction(
    rater: Client, project: Project, language: str, shown: str
) -> None:
    campaign = wait_for_people(project, [pair(project, 0, ["h"], ["e"], language=language)])

    page = text(rater.get(at(campaign)))

    assert page.count(f"{shown}>") == 3
    assert "onfocus" not in page


# --- Verdicts -------------------------------------------------------------------------------------


@pytest.mark.parametrize("preference", list(Preference))
def test_a_verdict_is_recorded_and_decides(
    rater: Client, rita: User, project: Project, preference: Preference
) -> None:
    campaign = open_pairs(project, 1)
    shown = rater.get(at(campaign))
    assignment = Assignment.objects.get()

    response = say(rater, campaign, token_on(shown), preference, comment="  The first rhymes. ")

    judgment = Judgment.objects.get()
    assert judgment.winner == preference.winner(Order(assignment.order))
    assert (judgment.rater, judgment.order, judgment.reason) == (
        rita, assignment.order, "The first rhymes.",
    )  # fmt: skip
    assert Decision.objects.get().status == "decided"
    assert "Recorded." in text(rater.get(response["Location"]))


def test_all_that_a_campaign_asks_is_kept(rater: Client, project: Project) -> None:
    campaign = open_pairs(
        project, 1, asks_strength=True, reasons=["More correct", "Clearer"],
        criteria=[{"key": "style", "label": "Style"}, {"key": "truth", "label": "Truth"}],
    )  # fmt: skip
    shown = rater.get(at(campaign))
    Assignment.objects.update(order="ba")

    say(
        rater, campaign, token_on(shown), "second:much", reason=["Clearer", "More correct"],
        **{"criterion-style": "first", "criterion-truth": ""},
    )  # fmt: skip

    judgment = Judgment.objects.get()
    assert (judgment.winner, judgment.strength) == ("a", 2)
    assert judgment.details["reasons"] == ["Clearer", "More correct"]
    assert judgment.details["criteria"] == {"style": "b"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"token": "forged"},
        {"token": ""},
        {"preference": "a"},
        {"preference": ""},
        {"preference": "first:much"},
        {"comment": "x" * 5001},
        {"reason": "Because"},
        {"criterion-style": "both_bad"},
    ],
)
def test_what_cannot_be_read_is_not_recorded(
    rater: Client, project: Project, wrong: dict[str, str]
) -> None:
    campaign = open_pairs(
        project, 1, reasons=["Clearer"], criteria=[{"key": "style", "label": "Style"}]
    )
    form = {"token": token_on(rater.get(at(campaign))), "preference": "first", **wrong}

    response = rater.post(at(campaign), form, **HTMX)

    assert 'data-outcome="unread"' in text(response)
    assert Judgment.objects.count() == 0


def test_the_page_has_the_next_pair_ready_but_does_not_show_it(
    rater: Client, project: Project
) -> None:
    campaign = open_pairs(project, 3)

    page = text(rater.get(at(campaign)))

    shown, ready = page.split("<template")
    assert len(re.findall(r"heron says \d", shown)) == len(re.findall(r"heron says \d", ready)) == 1
    assert Assignment.objects.filter(shown_at=None).count() == 1


def test_a_reply_brings_what_the_page_has_not(rater: Client, project: Project) -> None:
    campaign = open_pairs(project, 3)
    now, ready = tokens_on(rater.get(at(campaign)))

    reply = say(rater, campaign, now, "second", has=ready, **HTMX)

    found = re.findall(r'<template data-token="([^"]+)">(\s*<form)?', text(reply))
    assert found[0][0] == ready
    assert [bool(form) for _, form in found] == [False, True]
    assert "<html" not in text(reply)
    assert counts_on(reply) == (1, 2)
    assert Assignment.objects.filter(shown_at=None).count() == 1


def test_the_same_answer_sent_again_counts_once_and_is_no_fault(
    rater: Client, project: Project, settings: Settings
) -> None:
    settings.UNDO_SECONDS = 30
    campaign = open_pairs(project)
    token = token_on(rater.get(at(campaign)))

    replies = [say(rater, campaign, token, "first", comment="x", **HTMX) for _ in range(2)]

    assert all('data-outcome="recorded"' in text(reply) for reply in replies)
    assert Assignment.objects.filter(answered_at__isnull=False).count() == 1


def test_a_different_second_vote_says_so_and_is_not_counted(
    rater: Client, project: Project
) -> None:
    campaign = open_pairs(project)
    token = token_on(rater.get(at(campaign)))
    say(rater, campaign, token, "first")

    by_form = rater.get(say(rater, campaign, token, "second")["Location"])
    in_place = say(rater, campaign, token, "second", **HTMX)

    for response in (by_form, in_place):
        assert "answered that already" in text(response)
    assert Judgment.objects.count() == 1


def test_neither_a_skip_after_a_vote_nor_a_vote_after_a_skip_counts(
    rater: Client, project: Project
) -> None:
    campaign = open_pairs(project)
    voted, skipped = tokens_on(rater.get(at(campaign)))
    say(rater, campaign, voted, "first")
    say(rater, campaign, skipped, "skip")

    for token, preference in ((voted, "skip"), (skipped, "first")):
        assert 'data-outcome="repeated"' in text(say(rater, campaign, token, preference, **HTMX))
    assert Judgment.objects.count() == 1
    assert Assignment.objects.filter(skipped_at=None).count() == 1


def test_the_token_of_another_is_worth_nothing(
    rater: Client, project: Project, member: User
) -> None:
    campaign = open_pairs(project, 4)
    other = Client()
    other.force_login(member)
    theirs = token_on(other.get(at(campaign)))

    assert "could not be read" in text(say(rater, campaign, theirs, "first", **HTMX))
    assert Judgment.objects.count() == 0


def test_a_vote_takes_a_csrf_token(rita: User, project: Project) -> None:
    campaign = open_pairs(project)
    client = Client(enforce_csrf_checks=True)
    client.force_login(rita)
    token = token_on(client.get(at(campaign)))

    assert say(client, campaign, token, "first").status_code == 403
    assert client.post(at(campaign, "/undo")).status_code == 403
    assert Judgment.objects.count() == 0


# --- Taking back ----------------------------------------------------------------------------------


def test_the_last_answer_can_be_taken_back_and_given_anew(
    rater: Client, project: Project, settings: Settings
) -> None:
    settings.UNDO_SECONDS = 30
    campaign = open_pairs(project, 3)
    first, second = tokens_on(rater.get(at(campaign)))
    say(rater, campaign, first, "first", **HTMX)
    assert Judgment.objects.count() == 0

    undone = rater.post(at(campaign, "/undo"), **HTMX)
    assert 'data-outcome="undone"' in text(undone)
    assert tokens_on(undone) == [first, second]

    say(rater, campaign, first, "both_bad", **HTMX)
    say(rater, campaign, second, "tie", **HTMX)
    recording.record_due()
    assert [row.winner for row in Judgment.objects.all()] == ["both_bad"]


def test_without_the_script_undo_shows_the_pair_again(
    rater: Client, project: Project, settings: Settings
) -> None:
    settings.UNDO_SECONDS = 30
    campaign = open_pairs(project)
    first = token_on(rater.get(at(campaign)))
    page = rater.get(say(rater, campaign, first, "first")["Location"])
    assert token_on(page) != first
    assert re.search(r"data-undo[^>]*U Control\+Z\">", text(page)), "the button may be pressed"

    back = rater.post(at(campaign, "/undo"), follow=True)

    assert token_on(back) == first
    assert "Taken back" in text(back)
    assert re.search(r"data-undo[^>]* disabled>", text(back))


def test_what_is_recorded_cannot_be_taken_back(rater: Client, project: Project) -> None:
    campaign = open_pairs(project)
    say(rater, campaign, token_on(rater.get(at(campaign))), "first", **HTMX)

    reply = rater.post(at(campaign, "/undo"), **HTMX)

    assert 'data-outcome="kept"' in text(reply)
    assert Judgment.objects.count() == 1


def test_what_was_skipped_can_be_taken_back(rater: Client, project: Project) -> None:
    campaign = open_pairs(project, 1)
    ended = say(rater, campaign, token_on(rater.get(at(campaign))), "skip", **HTMX)
    assert "Only what you skipped is left" in text(ended)

    page = text(rater.post(at(campaign, "/take-back"), follow=True))

    assert "1 skipped taken back" in page
    assert "Which answer is better?" in page


def test_a_skipped_pair_is_left_to_others(rater: Client, project: Project, member: User) -> None:
    campaign = open_pairs(project, 1)
    say(rater, campaign, token_on(rater.get(at(campaign))), "skip", **HTMX)

    other = Client()
    other.force_login(member)
    assert "heron says 0" in text(other.get(at(campaign)))


# --- Endings --------------------------------------------------------------------------------------


def test_the_end_says_what_was_done(rater: Client, project: Project) -> None:
    campaign = open_pairs(project, 1, thanks="Have a **cake**.")

    page = text(say(rater, campaign, token_on(rater.get(at(campaign))), "tie", **HTMX))

    assert "All done, thank you" in page
    assert re.search(r"<b>1</b> comparison<", page)
    assert "<strong>cake</strong>" in page


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"closed_at": timezone.now()}, "This campaign is closed"),
        ({"deadline": timezone.now() - timedelta(hours=1)}, "This campaign is over"),
        ({"quota": 0}, "You have done your share"),
    ],
)
def test_an_ending_is_told_in_clear_words(
    rater: Client, project: Project, change: dict[str, object], words: str
) -> None:
    campaign = open_pairs(project, **change)

    for address in (at(campaign), at(campaign, "/done")):
        assert words in text(rater.get(address))


def test_whoever_was_stopped_is_given_nothing_and_counts_no_more(
    rater: Client, rita: User, project: Project
) -> None:
    campaign = open_pairs(project)
    token = token_on(rater.get(at(campaign)))
    Participant.objects.filter(user=rita).update(
        stopped_at=timezone.now(), stopped_why="1 of 5 gold questions as expected"
    )

    reply = say(rater, campaign, token, "first", **HTMX)

    assert 'data-outcome="refused"' in text(reply)
    assert "Your part has ended" in text(reply)
    assert list(leaks(everything_sent(reply))) == [], "nor why"
    assert Judgment.objects.count() == 0


def test_what_was_handed_out_before_the_end_still_counts(rater: Client, project: Project) -> None:
    campaign = open_pairs(project)
    token = token_on(rater.get(at(campaign)))
    Campaign.objects.update(closed_at=timezone.now())

    reply = text(say(rater, campaign, token, "first", **HTMX))

    assert 'data-outcome="recorded"' in reply
    assert "This campaign is closed" in reply
    assert Judgment.objects.count() == 1


def test_what_others_hold_is_not_passed_off_as_done(
    rater: Client, project: Project, member: User
) -> None:
    campaign = open_pairs(project, 1)
    assigning.next_assignments(participants.member(member, campaign))

    assert "with others" in text(rater.get(at(campaign)))


def test_finishing_records_and_sums_up(rater: Client, project: Project, settings: Settings) -> None:
    settings.UNDO_SECONDS = 30
    campaign = open_pairs(project, 3)
    say(rater, campaign, token_on(rater.get(at(campaign))), "first", **HTMX)

    page = text(rater.post(at(campaign, "/done"), follow=True))

    assert Judgment.objects.count() == 1
    assert "what you have judged is recorded" in page
    assert "Go on judging" in page


# --- The list, and access -------------------------------------------------------------------------


def test_a_single_campaign_opens_at_once(rater: Client, project: Project) -> None:
    campaign = open_pairs(project)

    assert rater.get(LIST)["Location"] == at(campaign)


def test_several_campaigns_are_listed_with_what_is_left(rater: Client, project: Project) -> None:
    wait_for_people(project, [pair(project, 0, ["h"], ["e"])], title="Poems")
    other = factories.judge(project, "human", "others")
    decisions.ask(other, [pair(project, n, ["h"], ["e"]).pk for n in (1, 2)])

    page = text(rater.get(LIST))

    assert re.findall(r'<a href="/rate/[\w-]+">(.*?)</a>', page) == ["others", "Poems"]
    assert re.findall(r"<b>(\d)</b> for you", page) == ["2", "1"]


def test_an_idle_project_says_where_pairs_come_from(rater: Client) -> None:
    assert "No comparison waits for people" in text(rater.get(LIST))


def test_roles(
    client: Client, project: Project, owner: User, member: User, stranger: User, settings: Settings
) -> None:
    settings.OPEN_READING = True
    campaign = open_pairs(project)
    address = at(campaign)
    assert client.get(address)["Location"] == f"/sign-in?next={address}"
    client.force_login(stranger)
    assert client.get(address).status_code == 403
    Membership.objects.create(project=project, user=stranger, role=Role.VIEWER)
    assert client.get(address).status_code == 403
    for user in (owner, member):
        client.force_login(user)
        assert client.get(address).status_code == 200


def test_who_left_the_project_judges_no_more(rater: Client, rita: User, project: Project) -> None:
    campaign = open_pairs(project)
    token = token_on(rater.get(at(campaign)))
    Membership.objects.filter(user=rita).delete()

    assert say(rater, campaign, token, "first", **HTMX).status_code == 403
    assert Judgment.objects.count() == 0


def test_a_page_is_never_taken_from_a_cache(rater: Client, project: Project) -> None:
    campaign = open_pairs(project)

    for address in (at(campaign), at(campaign, "/done"), LIST):
        assert "no-store" in rater.get(address)["Cache-Control"]


def test_a_conversation_is_shown_turn_by_turn(rater: Client, project: Project) -> None:
    turns = (["heron one", "heron two"], ["egret one", "egret two"])
    campaign = wait_for_people(project, [pair(project, 0, *turns)])

    page = text(rater.get(at(campaign)))

    for bird in ("heron", "egret"):
        said = ("Question 0?", f"{bird} one", "Question 1?", f"{bird} two")
        places = [page.index(words) for words in said]
        assert places == sorted(places)


def test_what_belongs_to_the_prompt_is_there(rater: Client, project: Project) -> None:
    contexts = [{"id": "doc 1", "text": "A passage."}]
    shown = pair(project, 0, ["h"], ["e"], contexts=contexts, system="Be brief.")
    campaign = wait_for_people(project, [shown], instructions="Look for *truth*.")
    Participant.objects.update(warmed_up_at=timezone.now())

    page = text(rater.get(at(campaign), follow=True))
    assert "<em>truth</em>" in page
    rater.post(at(campaign, "/welcome"), follow=True)
    page = text(rater.get(at(campaign)))

    for words in ("The reference.", "A passage.", "Be brief.", "<em>truth</em>"):
        assert words in page


def test_pages_obey_the_content_security_policy(rater: Client, project: Project) -> None:
    campaign = open_pairs(project, 2, asks_strength=True, reasons=["x"],
                          criteria=[{"key": "k", "label": "K"}])  # fmt: skip

    for address in (at(campaign), at(campaign, "/done"), at(campaign, "/welcome")):
        page = text(rater.get(address))
        assert not re.search(r"\sstyle=|<style|<script(?![^>]*\ssrc=)|\son[a-z]+=\"", page), address


def test_queries_do_not_grow_with_what_waits_or_was_done(rater: Client, project: Project) -> None:
    campaign = open_pairs(project, 8)
    counts, page = [], rater.get(at(campaign))
    for _ in range(5):
        with CaptureQueriesContext(connection) as queries:
            page = say(rater, campaign, token_on(page), "tie", **HTMX)
        counts.append(len(queries))

    assert counts[1] == counts[4]


@pytest.mark.parametrize("act", ["", "/undo", "/take-back"])
@pytest.mark.parametrize("sent", [{}, HTMX], ids=["page", "script"])
def test_nothing_is_handed_out_before_the_instructions_are_read(
    rater: Client, project: Project, act: str, sent: dict[str, str]
) -> None:
    campaign = open_pairs(project, instructions="Mind the rhyme.")

    response = rater.post(at(campaign, act), **sent)

    assert response["Location"] == at(campaign, "/welcome")
    assert not Assignment.objects.exists()


@pytest.mark.parametrize("act", ["", "/undo", "/take-back"])
def test_a_live_campaign_hands_out_no_pair(rater: Client, project: Project, act: str) -> None:
    campaign = open_pairs(project, is_live=True)

    response = rater.post(at(campaign, act), **HTMX)

    assert response["Location"] == at(campaign, "/battle")
    assert not Assignment.objects.exists()
