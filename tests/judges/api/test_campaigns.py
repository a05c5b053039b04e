from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from arena.models import AuditEntry, Membership, Project, Role
from judges.models import Campaign, Decision, Judge
from tests import factories
from tests.conftest import ClientOf

pytestmark = pytest.mark.django_db

URL = "/api/v1/projects/haiku/campaigns"


@pytest.fixture
def key(api: APIClient, project: Project) -> str:
    factories.field(project, prompts=3, competitors=["ann", "ben"])
    return str(api.post(URL, {"title": "Which?", "raters": 2}, format="json").json()["key"])


def test_a_campaign_is_made_read_listed_and_changed(api: APIClient, project: Project) -> None:
    new = {
        "title": "Which is clearer?", "name": "clarity", "raters": 3, "page": "ranking",
        "access": "invited", "deadline": "2031-01-01T12:00:00Z", "gold_every": 6,
        "criteria": [{"key": "tone", "label": "Friendlier"}],
    }  # fmt: skip
    answer = api.post(URL, new, format="json")
    made = answer.json()

    assert answer.status_code == 201
    assert {name: made[name] for name in new if name != "name"} | {"name": made["judge"]} == new
    assert (made["state"], made["progress"]["waiting"], made["judge_version"]) == ("open", 0, 1)
    assert api.get(f"{URL}/{made['key']}").json() == made
    assert api.get(URL).json()["results"] == [made]

    changed = api.patch(f"{URL}/{made['key']}", {"quota": 9, "deadline": None}, format="json")
    assert changed.status_code == 200
    assert changed.json() == {**made, "quota": 9, "deadline": None}


def test_a_campaign_of_live_battles_is_made_and_turned_off(
    api: APIClient, project: Project
) -> None:
    new = {"title": "Ask anything", "is_live": True}
    refused = api.post(URL, new, format="json")
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert not Judge.objects.exists()
    factories.speakers(project, ["ann", "ben"])
    assert api.post(URL, new | {"raters": 2}, format="json").status_code == 409

    made = api.post(URL, new, format="json")

    assert (made.status_code, made.json()["is_live"]) == (201, True)
    at = f"{URL}/{made.json()['key']}"
    assert api.patch(at, {"quota": 9}, format="json").json()["is_live"] is True
    assert api.patch(at, {"is_live": False}, format="json").json()["is_live"] is False
    acts = AuditEntry.objects.order_by("pk").values_list("act", flat=True)
    assert list(acts) == [
        "campaign.created", "campaign.live", "campaign.changed", "campaign.not_live",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "title"),
        ({"title": "x", "raters": 0}, "params.raters"),
        ({"title": "x", "page": "film"}, "params.page"),
        ({"title": "x", "criteria": [{"key": "a"}]}, "criteria.0.label"),
        ({"title": "x", "colour": 1}, "colour"),
    ],
)
def test_what_is_wrong_is_named(api: APIClient, project: Project, body: object, field: str) -> None:
    answer = api.post(URL, body, format="json")

    assert answer.status_code == 400
    assert set(answer.json()["fields"]) == {field}
    assert not Judge.objects.exists()


def test_what_makes_the_verdict_is_frozen(api: APIClient, key: str) -> None:
    answer = api.patch(f"{URL}/{key}", {"raters": 5}, format="json")

    assert answer.status_code == 409
    assert answer.json()["fields"] == {"raters": "is frozen"}


def test_closing_and_reopening(api: APIClient, key: str) -> None:
    assert api.post(f"{URL}/{key}/reopen").status_code == 409
    assert api.post(f"{URL}/{key}/close").json()["state"] == "closed"
    assert api.post(f"{URL}/{key}/close").status_code == 409
    assert api.post(f"{URL}/{key}/reopen").json()["state"] == "open"
    actors = set(AuditEntry.objects.values_list("act", "actor_name"))
    assert ("campaign.closed", "mina") in actors


def test_a_selection_is_previewed_and_asked(api: APIClient, key: str) -> None:
    body = {"selection": {"how": "sample", "count": 2}, "preview": True}
    shown = api.post(f"{URL}/{key}/comparisons", body, format="json").json()

    assert (shown["found"], shown["chosen"], shown["added"]) == (3, 2, 0)
    assert shown["minutes"] > 0
    assert not Decision.objects.exists()

    asked = api.post(f"{URL}/{key}/comparisons", body | {"preview": False}, format="json").json()
    assert asked == {**shown, "added": 2}
    assert Decision.objects.filter(status="waiting").count() == 2


def test_a_list_is_asked(api: APIClient, key: str) -> None:
    named = {"prompt": "p0", "competitor_a": "ben", "competitor_b": "ann"}
    for added, known in ((1, 0), (0, 1)):
        answer = api.post(f"{URL}/{key}/comparisons", {"comparisons": [named]}, format="json")
        assert (answer.json()["added"], answer.json()["known"]) == (added, known)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "selection"),
        ({"comparisons": [{"prompt": "p0"}]}, "comparisons.0.competitor_a"),
        ({"selection": {"how": "guess"}}, "selection.how"),
        ({"selection": {"how": "split"}}, "judge"),
        (
            {"comparisons": [{"prompt": "p0", "competitor_a": "ann", "competitor_b": "zoe"}]},
            "comparisons.0.competitor_b",
        ),
    ],
)
def test_what_cannot_be_asked_is_named(api: APIClient, key: str, body: object, field: str) -> None:
    answer = api.post(f"{URL}/{key}/comparisons", body, format="json")

    assert answer.status_code == 400
    assert field in answer.json()["fields"]
    assert not Decision.objects.exists()


def test_raters_viewers_and_strangers_see_none(
    key: str, project: Project, stranger: User, client_of: ClientOf
) -> None:
    assert client_of(stranger).get(f"{URL}/{key}").status_code == 404
    for role in (Role.VIEWER, Role.RATER):
        Membership.objects.update_or_create(project=project, user=stranger, defaults={"role": role})
        for path in ("", f"/{key}", f"/{key}/gold", f"/{key}/links", f"/{key}/raters"):
            assert client_of(stranger).get(URL + path).status_code == 403


def test_a_campaign_of_another_project_is_not_found(api: APIClient, key: str) -> None:
    factories.judge(factories.project("other"), "human", "people")
    elsewhere = Campaign.objects.get(judge__project__slug="other").key

    assert api.get(f"{URL}/{elsewhere}").status_code == 404
