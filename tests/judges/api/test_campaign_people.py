from __future__ import annotations

import json

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from arena.models import IdempotentReply, Project
from judges.models import Campaign, GoldQuestion, RaterLink
from judges.services.people import participants
from tests import factories

pytestmark = pytest.mark.django_db

GOLD = {"prompt": "p0", "competitor_a": "ben", "competitor_b": "ann", "expected": "a"}


@pytest.fixture
def campaign(project: Project) -> Campaign:
    factories.field(project, prompts=3, competitors=["ann", "ben"])
    made: Campaign = factories.judge(project, "human", "people").campaign
    Campaign.objects.update(access="invited")
    return made


@pytest.fixture
def url(campaign: Campaign) -> str:
    return f"/api/v1/projects/haiku/campaigns/{campaign.key}"


def test_gold_is_added_listed_and_retired(api: APIClient, url: str) -> None:
    lines = "\n".join(json.dumps(GOLD | {"prompt": f"p{n}", "warm_up": n == 0}) for n in range(2))
    answer = api.post(f"{url}/gold", lines, content_type="application/x-ndjson")

    assert answer.json() == {"created": 2, "updated": 0, "unchanged": 0}
    rows = api.get(f"{url}/gold").json()["results"]
    assert [(row["prompt"], row["expected"], row["warm_up"]) for row in rows] == [
        ("p0", "b", True), ("p1", "b", False),
    ]  # fmt: skip
    assert (rows[0]["competitor_a"], rows[0]["answered"]) == ("ann", 0)
    assert api.delete(f"{url}/gold/{rows[0]['id']}").status_code == 204
    assert api.get(f"{url}/gold").json()["results"][0]["retired_at"]
    assert api.delete(f"{url}/gold/99").status_code == 404


def test_faulty_gold_is_named_by_line(api: APIClient, url: str) -> None:
    answer = api.post(f"{url}/gold", [GOLD, GOLD | {"expected": "x"}], format="json")

    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert (error["line"], error["field"]) == (2, "expected")
    assert not GoldQuestion.objects.exists()


def test_a_link_is_made_shown_once_and_revoked(api: APIClient, url: str) -> None:
    answer = api.post(f"{url}/links", {"label": "class 5b", "places": 30}, format="json")
    made = answer.json()

    assert answer.status_code == 201
    token = made["url"].rsplit("/", 1)[1]
    assert participants.link_of(token).pk == made["id"]
    listed = api.get(f"{url}/links")
    assert token not in listed.content.decode()
    assert listed.json()["results"][0]["state"] == "open"
    assert api.delete(f"{url}/links/{made['id']}").status_code == 204
    assert api.get(f"{url}/links").json()["results"][0]["state"] == "revoked"
    assert api.delete(f"{url}/links/99").status_code == 404


def test_a_link_sent_again_is_answered_again_and_stored_nowhere_in_clear(
    api: APIClient, url: str
) -> None:
    once, again = (
        api.post(f"{url}/links", {}, format="json", headers={"Idempotency-Key": "k"}).json()
        for _ in range(2)
    )

    assert once == again
    assert RaterLink.objects.count() == 1
    kept = IdempotentReply.objects.get()
    assert once["url"].rsplit("/", 1)[1] not in kept.body


def test_a_link_that_cannot_be_is_refused(api: APIClient, url: str) -> None:
    wrong = api.post(f"{url}/links", {"places": 0}, format="json")
    assert (wrong.status_code, set(wrong.json()["fields"])) == (400, {"places"})
    Campaign.objects.update(access="members")
    assert api.post(f"{url}/links", {}, format="json").status_code == 409
    assert not RaterLink.objects.exists()


def test_raters_are_listed(api: APIClient, url: str, campaign: Campaign) -> None:
    link, _ = participants.new_link(campaign, label="class 5b")
    campaign.refresh_from_db()
    participants.guest(campaign, name="Gus", link=link)

    [row] = api.get(f"{url}/raters").json()["results"]

    assert (row["name"], row["is_guest"], row["link"], row["judged"]) == ("Gus", True, link.pk, 0)


def test_a_link_stands_under_the_address_of_the_site(
    api: APIClient, url: str, settings: Settings
) -> None:
    settings.SITE_URL_GIVEN = "https://arena.example.org"

    made = api.post(f"{url}/links", {}, format="json").json()

    assert made["url"].startswith("https://arena.example.org/rate/join/")
