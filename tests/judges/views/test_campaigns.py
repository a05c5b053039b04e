from __future__ import annotations

import re

import pytest
from django.test import Client
from pytest_django import Settings

from arena.models import Membership, Project, Role
from judges.models import Campaign, Decision
from judges.services import decisions
from tests import factories, raters

pytestmark = pytest.mark.django_db

URL = "/projects/haiku/campaigns"
FILLED = {
    "title": "Which is clearer?", "page": "pairs", "raters": "3", "access": "invited",
    "gold_policy": "stop", "gold_share": "75", "gold_least": "4", "gold_every": "5",
    "criteria": "tone: Friendlier\n\nclarity", "reasons": "shorter\r\nmore exact\n",
    "deadline": "2031-01-01T12:00", "instructions": "Read **both**.", "asks_strength": "on",
}  # fmt: skip


@pytest.fixture
def campaign(project: Project) -> Campaign:
    factories.field(project, prompts=4, competitors=["ann", "ben"])
    made: Campaign = factories.judge(project, "human", "people", raters=2).campaign
    return made


def test_an_empty_list_says_what_a_campaign_is(editor: Client) -> None:
    assert "Nobody is asked yet" in editor.get(URL).content.decode()


def test_one_form_makes_judge_and_campaign(editor: Client, project: Project) -> None:
    answer = editor.post(f"{URL}/new", FILLED)

    made = Campaign.objects.get()
    assert answer["Location"] == f"{URL}/{made.key}/comparisons"
    assert made.criteria == [
        {"key": "tone", "label": "Friendlier"}, {"key": "clarity", "label": "clarity"},
    ]  # fmt: skip
    assert (made.reasons, made.gold_share, made.asks_strength) == (
        ["shorter", "more exact"], 0.75, True,
    )  # fmt: skip
    assert made.deadline is not None
    assert made.judge.params["raters"] == 3
    assert "Which is clearer?" in editor.get(URL).content.decode()


@pytest.mark.parametrize(
    ("entered", "words"),
    [
        ({"raters": "0"}, "greater than or equal to 1"),
        ({"criteria": "Big Words: x"}, "has characters that are not allowed"),
        ({"title": ""}, "required"),
        ({"reasons": "a\na"}, "names a reason twice"),
    ],
)
def test_what_is_wrong_is_said(
    editor: Client, project: Project, entered: dict[str, str], words: str
) -> None:
    answer = editor.post(f"{URL}/new", FILLED | entered)

    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert not Campaign.objects.exists()


def test_the_form_opens_a_campaign_for_live_battles(editor: Client, project: Project) -> None:
    live = FILLED | {"raters": "1", "is_live": "on"}
    refused = editor.post(f"{URL}/new", live)
    assert "set up two competitors first" in refused.content.decode().lower()
    assert not Campaign.objects.exists()
    factories.speakers(project, ["ann", "ben"])

    answer = editor.post(f"{URL}/new", live)

    made = Campaign.objects.get()
    assert made.is_live
    assert answer["Location"] == f"{URL}/{made.key}"
    assert "raters write messages of their own" in editor.get(answer["Location"]).content.decode()
    shown = editor.get(f"{URL}/{made.key}/edit").content.decode()
    assert re.search(r'name="is_live"[^>]* checked', shown)
    editor.post(f"{URL}/{made.key}/edit", FILLED)
    made.refresh_from_db()
    assert not made.is_live


def test_the_form_says_that_an_even_number_ties(editor: Client, campaign: Campaign) -> None:
    odd = factories.judge(campaign.judge.project, "human", "three", raters=3).campaign

    def shown(path: str) -> str:
        return editor.get(f"{URL}/{path}").content.decode()

    assert "a split vote (1 to 1, 2 to 2) counts as a tie" in shown("new")
    assert "a split vote (1 to 1, 2 to 2) counts as a tie" in shown(f"{campaign.key}/edit")
    assert "split vote" not in shown(f"{odd.key}/edit")
    assert "(a split vote is a tie)" in shown(campaign.key)
    assert "split vote" not in shown(odd.key)


def test_settings_keep_what_makes_the_verdict(editor: Client, campaign: Campaign) -> None:
    page = editor.get(f"{URL}/{campaign.key}/edit").content.decode()
    assert "Frozen, because verdicts rest on it." in page

    editor.post(f"{URL}/{campaign.key}/edit", FILLED | {"raters": "9", "page": "ranking"})

    campaign.refresh_from_db()
    assert (campaign.title, campaign.judge.params["raters"]) == ("Which is clearer?", 2)
    shown = editor.get(f"{URL}/{campaign.key}/edit").content.decode()
    assert "tone: Friendlier\nclarity: clarity" in shown
    assert "2031-01-01T12:00" in shown


def test_closing_says_who_waits_and_reopening_undoes_it(
    editor: Client, campaign: Campaign, project: Project
) -> None:
    decisions.ask(campaign.judge, [row.pk for row in factories.all_comparisons(project)])

    page = editor.post(f"{URL}/{campaign.key}/close", follow=True).content.decode()
    assert "4 comparisons wait for people, and nobody is given any" in page
    page = editor.post(f"{URL}/{campaign.key}/reopen", follow=True).content.decode()
    assert "is open again" in page
    again = editor.post(f"{URL}/{campaign.key}/reopen", follow=True).content.decode()
    assert "open already" in again


def test_a_selection_is_shown_before_it_is_asked(editor: Client, campaign: Campaign) -> None:
    query = {"how": "sample", "count": "3", "seed": "0", "margin": "20"}
    page = editor.get(f"{URL}/{campaign.key}/comparisons", query).content.decode()
    assert "3 comparisons" in page
    assert not Decision.objects.exists()

    editor.post(f"{URL}/{campaign.key}/comparisons", query)

    assert Decision.objects.count() == 3
    left = editor.get(f"{URL}/{campaign.key}/comparisons", query).content.decode()
    assert "1 comparison" in left


def test_a_selection_without_its_judge_is_refused(editor: Client, campaign: Campaign) -> None:
    query = {"how": "unsure", "count": "3", "seed": "0", "margin": "20"}
    answer = editor.get(f"{URL}/{campaign.key}/comparisons", query)

    assert answer.status_code == 400
    assert "is missing" in answer.content.decode()


def test_the_page_lists_raters_and_never_runs_what_they_call_themselves(
    editor: Client, campaign: Campaign, project: Project, settings: object
) -> None:
    decisions.ask(campaign.judge, [row.pk for row in factories.all_comparisons(project)])
    Membership.objects.create(project=project, user=raters.user("rita"), role=Role.RATER)
    raters.vote(campaign, "rita", "a")
    campaign.participants.update(name="<script>alert(1)</script>")

    page = editor.get(f"{URL}/{campaign.key}").content.decode()

    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page


def test_instructions_are_previewed_as_raters_see_them(editor: Client) -> None:
    text = {"instructions": "Read **both** <img src=x onerror=alert(1)>"}
    page = editor.post(f"{URL}/preview", text).content.decode()

    assert "<strong>both</strong>" in page
    assert "<img" not in page


def test_only_editors_may(client: Client, project: Project, campaign: Campaign) -> None:
    Membership.objects.create(project=project, user=raters.user("rita"), role=Role.RATER)
    client.force_login(raters.user("rita"))

    for path in ("", "/new", f"/{campaign.key}", f"/{campaign.key}/edit", f"/{campaign.key}/gold"):
        assert client.get(URL + path).status_code == 403
    assert client.post(f"{URL}/{campaign.key}/close").status_code == 403


def test_addresses_for_raters_stand_under_that_of_the_site(
    editor: Client, campaign: Campaign, settings: Settings
) -> None:
    settings.SITE_URL_GIVEN = "https://arena.example.org"
    Campaign.objects.update(access="open")

    page = editor.get(f"{URL}/{campaign.key}").content.decode()

    assert f"https://arena.example.org/rate/{campaign.key}" in page
