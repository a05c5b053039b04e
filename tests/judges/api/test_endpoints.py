"""Endpoints over the API: who may see them, and that no key ever comes out."""

from __future__ import annotations

import json
import logging

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from arena.models import Membership, Project, Role, Scope
from judges.models import Endpoint
from judges.services.people import battles, live, participants
from tests import factories
from tests.conftest import ClientOf

URL = "/api/v1/projects/haiku/endpoints"
KEY = "sk-nobody-may-see-this"
NEW = {"name": "gpu", "base_url": "http://127.0.0.1:8000/v1", "model": "m", "api_key": KEY}


@pytest.fixture(autouse=True)
def nothing_betrays_the_key(caplog: pytest.LogCaptureFixture, project: Project) -> object:
    with caplog.at_level(logging.DEBUG):
        yield
    assert KEY not in caplog.text
    assert KEY not in json.dumps(list(Endpoint.objects.values()), default=str)


def test_the_way_of_an_endpoint(api: APIClient, project: Project) -> None:
    made = api.post(URL, {**NEW, "requests_per_minute": 60})
    assert made.status_code == 201
    assert made.json() == {
        "name": "gpu",
        "base_url": NEW["base_url"],
        "model": "m",
        "api_key_env": "",
        "has_key": True,
        "headers": {},
        "price_in": None,
        "price_out": None,
        "requests_per_minute": 60,
        "tokens_per_minute": None,
        "max_in_flight": None,
        "used_by": [],
        "created_at": made.json()["created_at"],
    }
    factories.judge(project, "llm", "mini", endpoint="gpu")
    listed = api.get(URL).json()["results"]
    assert [(row["name"], row["used_by"]) for row in listed] == [("gpu", ["mini v1"])]
    changed = api.patch(f"{URL}/gpu", {"requests_per_minute": None, "max_in_flight": 3})
    assert (changed.json()["requests_per_minute"], changed.json()["max_in_flight"]) == (None, 3)
    assert api.get(f"{URL}/gpu").json() == changed.json()
    assert api.patch(f"{URL}/gpu", {"api_key": ""}).json()["has_key"] is False


def test_what_is_not_possible_says_why(api: APIClient, project: Project) -> None:
    api.post(URL, NEW)
    factories.judge(project, "llm", "mini", endpoint="gpu")
    for response in (
        api.post(URL, NEW),
        api.patch(f"{URL}/gpu", {"model": "n"}),
        api.delete(f"{URL}/gpu"),
    ):
        assert response.status_code == 409
        assert "gpu" in response.json()["message"] or "mini v1" in response.json()["message"]
    assert api.get(f"{URL}/cpu").status_code == 404
    assert api.patch(f"{URL}/gpu", {"name": "x"}).status_code == 400
    assert list(api.patch(f"{URL}/gpu", {"price_in": -1, "price_out": 1}).json()["fields"]) == [
        "price_in"
    ]


@pytest.mark.parametrize("body", [[], "x", {"name": "gpu"}, {**NEW, "api_key": [KEY]}])
def test_bodies_that_make_no_sense(api: APIClient, body: object) -> None:
    response = api.post(URL, body)
    assert response.status_code == 400
    assert KEY not in response.content.decode()
    assert not Endpoint.objects.exists()


def test_an_endpoint_that_nobody_names_can_be_deleted(api: APIClient) -> None:
    api.post(URL, NEW)
    assert api.delete(f"{URL}/gpu").status_code == 204
    assert api.get(URL).json()["results"] == []


def test_no_answer_holds_the_key(api: APIClient) -> None:
    sent_twice = [api.post(URL, NEW, headers={"Idempotency-Key": "once"}) for _ in range(2)]
    answers = [*sent_twice, api.get(URL), api.get(f"{URL}/gpu"), api.patch(f"{URL}/gpu", {})]
    assert [answer.status_code for answer in answers] == [201, 201, 200, 200, 200]
    for answer in answers:
        assert KEY not in answer.content.decode()
        assert "encrypted" not in answer.content.decode()


@pytest.mark.parametrize("role", [Role.VIEWER, Role.RATER])
def test_only_editors_see_or_change_endpoints(
    api: APIClient, project: Project, stranger: User, client_of: ClientOf, role: Role
) -> None:
    api.post(URL, NEW)
    Membership.objects.create(project=project, user=stranger, role=role)
    client = client_of(stranger)
    answers = [
        client.get(URL),
        client.post(URL, NEW),
        client.get(f"{URL}/gpu"),
        client.patch(f"{URL}/gpu", {}),
        client.delete(f"{URL}/gpu"),
    ]
    assert [answer.status_code for answer in answers] == [403] * 5


def test_others_do_not_learn_of_them(
    api: APIClient, stranger: User, member: User, client_of: ClientOf
) -> None:
    api.post(URL, NEW)
    assert client_of(stranger).get(f"{URL}/gpu").status_code == 404
    assert client_of(member, Scope.READ).patch(f"{URL}/gpu", {}).status_code == 403


def test_no_edit_in_the_middle_of_a_battle(api: APIClient, project: Project, member: User) -> None:
    api.post(URL, NEW)
    for name in ("heron", "egret"):
        live.set_up(project, {"competitor": name, "endpoint": "gpu"}, by=member)
    rater = participants.guest(live.begin(project, "Ask anything", "open", by=member))
    battles.say(rater, "Why?")

    refused = api.patch(f"{URL}/gpu", {"model": "another"})

    assert refused.status_code == 409
    assert "another endpoint" in refused.json()["message"]
    assert list(refused.json()["fields"]) == ["model"]
    assert Endpoint.objects.get().model == "m"
