from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from arena.models import Membership, Project, Role, Scope
from judges.models import Judgment
from tests import factories
from tests.conftest import ClientOf
from tests.fakes.openai_server import Canned, FakeOpenAI

pytestmark = pytest.mark.django_db
URL = "/api/v1/projects/haiku/judges/stub/try"


@pytest.fixture(autouse=True)
def data(project: Project) -> None:
    factories.field(project, prompts=1, competitors=["ann", "ben"])


def test_all_that_was_said_comes_back(api: APIClient, project: Project) -> None:
    with FakeOpenAI(verdict="quality") as server:
        factories.stub_judge(project, server.base_url)
        reply = api.post(URL, {"prompt": "p0", "a": "ann", "b": "ben", "order": "ba"})
    assert reply.status_code == 200
    said = reply.json()
    assert (said["first"], said["preference"], said["winner"]) == ("ben", "first", "ben")
    assert said["error"] is said["silence"] is None
    assert said["usage"]["calls"] == 1
    assert said["calls"][0]["response_format"] == "json_schema"
    assert not Judgment.objects.exists()


def test_own_texts_can_be_tried(api: APIClient, project: Project) -> None:
    with FakeOpenAI() as server:
        factories.stub_judge(project, server.base_url)
        reply = api.post(URL, {"text": "Longer?", "first": "yes", "second": "no, not at all"})
    assert reply.json()["preference"] == "second"


def test_faults_of_the_endpoint_are_an_answer(api: APIClient, project: Project) -> None:
    with FakeOpenAI() as server:
        server.script(Canned(status=404, body={"error": {"message": "no such model"}}))
        factories.stub_judge(project, server.base_url)
        reply = api.post(URL, {})
    assert reply.status_code == 200
    assert "404" in reply.json()["error"]
    assert "/v1" in reply.json()["advice"]


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"timeout": 61}, 400, "timeout"),
        ({"order": "up"}, 400, "order"),
        ({"order": "unknown"}, 400, "order"),
        ({"model": "x"}, 400, "model"),
        ({"prompt": "p9"}, 404, ""),
        ({"a": "zoe"}, 400, "a"),
    ],
)
def test_what_is_wrong_is_named(
    api: APIClient, project: Project, body: dict[str, object], status: int, field: str
) -> None:
    factories.stub_judge(project, "http://127.0.0.1:1/v1")
    reply = api.post(URL, body)
    assert reply.status_code == status
    assert not field or field in reply.json()["fields"]


def test_a_name_with_a_slash_is_reached(api: APIClient, project: Project) -> None:
    factories.judge(project, "human", "a/b")
    assert api.post("/api/v1/projects/haiku/judges/a/b/try", {}).status_code == 409


def test_only_editors_may(client_of: ClientOf, project: Project, stranger: User) -> None:
    factories.stub_judge(project, "http://127.0.0.1:1/v1")
    assert client_of(stranger).post(URL, {}).status_code == 404
    Membership.objects.create(project=project, user=stranger, role=Role.RATER)
    assert client_of(stranger).post(URL, {}).status_code == 403


def test_a_reading_token_may_not(client_of: ClientOf, project: Project, member: User) -> None:
    factories.stub_judge(project, "http://127.0.0.1:1/v1")
    assert client_of(member, Scope.READ).post(URL, {}).status_code == 403
