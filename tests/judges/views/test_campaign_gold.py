from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from arena.models import Membership, Project, Role
from judges.models import Campaign, GoldQuestion
from judges.services import decisions
from tests import factories, raters

pytestmark = pytest.mark.django_db

LINE = {"prompt": "p0", "competitor_a": "ann", "competitor_b": "ben", "expected": "a"}


@pytest.fixture
def campaign(project: Project) -> Campaign:
    factories.field(project, prompts=4, competitors=["ann", "ben"], text="<script>x</script> ")
    made: Campaign = factories.judge(project, "human", "people", raters=2).campaign
    return made


@pytest.fixture
def url(campaign: Campaign) -> str:
    return f"/projects/haiku/campaigns/{campaign.key}/gold"


def file(*lines: object) -> SimpleUploadedFile:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    return SimpleUploadedFile("gold.jsonl", text.encode())


def test_a_prompt_then_two_outputs_then_what_is_right(editor: Client, url: str) -> None:
    page = editor.get(f"{url}/new", {"prompt": "p1"}).content.decode()
    assert "Output A" in page
    query = "?prompt=p1&a=ben&b=ann"
    page = editor.get(f"{url}/new{query}").content.decode()
    assert "Question 1?" in page
    assert "<script>x" not in page

    entered = {"expected": "a", "explanation": "Better.", "warm_up": "1"}
    answer = editor.post(f"{url}/new{query}", entered)

    assert answer["Location"] == url
    made = GoldQuestion.objects.get()
    assert (made.expected, made.is_warm_up, made.explanation) == ("b", True, "Better.")
    assert "warm-up" in editor.get(url).content.decode()


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"prompt": "p9"}, "no prompt with this id"),
        ({"prompt": "p0", "a": "ann", "b": "ann"}, "two different"),
        ({"prompt": "\x00"}, "no prompt with this id"),
    ],
)
def test_what_cannot_be_chosen_is_said(
    editor: Client, url: str, query: dict[str, str], words: str
) -> None:
    assert words in editor.get(f"{url}/new", query).content.decode()


def test_what_waits_for_raters_cannot_be_gold(
    editor: Client, url: str, campaign: Campaign, project: Project
) -> None:
    decisions.ask(campaign.judge, [row.pk for row in factories.all_comparisons(project)])

    answer = editor.post(f"{url}/new?prompt=p1&a=ann&b=ben", {"expected": "a"})

    assert answer.status_code == 400
    assert "must not see it twice" in answer.content.decode()


def test_a_file_is_written_whole_or_its_faults_are_listed(editor: Client, url: str) -> None:
    answer = editor.post(url, {"file": file(LINE, LINE | {"prompt": "p9"}, "{")})
    page = answer.content.decode()
    assert answer.status_code == 400
    assert "no output of &#x27;ann&#x27; to &#x27;p9&#x27;" in page
    assert not GoldQuestion.objects.exists()

    page = editor.post(url, {"file": file(LINE)}, follow=True).content.decode()
    assert "1 new" in page


def test_a_click_makes_gold_where_raters_agreed_and_another_retires_it(
    editor: Client, url: str, campaign: Campaign, project: Project, settings: object
) -> None:
    settings.UNDO_SECONDS = 0  # type: ignore[attr-defined]
    [first, *_] = factories.all_comparisons(project)
    decisions.ask(campaign.judge, [first.pk])
    for name in ("rita", "raul"):
        Membership.objects.create(project=project, user=raters.user(name), role=Role.RATER)
        raters.vote(campaign, name, "a")
    assert "Where raters agreed" in editor.get(url).content.decode()

    editor.post(f"{url}/make", {"comparison": str(first.pk)})
    made = GoldQuestion.objects.get()
    assert made.expected == "a"
    page = editor.post(f"{url}/make", {"comparison": "no"}, follow=True).content.decode()
    assert "do not agree" in page
    editor.post(f"{url}/{made.pk}/retire")

    made.refresh_from_db()
    assert made.retired_at is not None
