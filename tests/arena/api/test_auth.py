from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.test import APIClient

from arena.models import ApiToken, Membership, Project, Role, Scope
from arena.services.tokens import issue_token
from tests.conftest import ClientOf

PROMPTS = "/api/v1/projects/haiku/prompts"
PROMPT = {"id": "p1", "text": "Why?"}


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Bearer nonsense", "Basic b2xnYTo=", "Bearer a b", "ü", "Token x"],
)
def test_without_a_valid_token_it_is_401(project: Project, header: str) -> None:
    client = APIClient()
    if header:
        client.credentials(HTTP_AUTHORIZATION=header)

    for response in (client.get(PROMPTS), client.post(PROMPTS, PROMPT)):
        assert response.status_code == 401
        assert response["WWW-Authenticate"] == 'Bearer realm="arena"'
        assert set(response.json()) == {"code", "message", "fields"}


def test_unknown_and_inactive_users_tokens_look_alike(project: Project, member: User) -> None:
    client = APIClient()
    token = issue_token(member)
    User.objects.filter(pk=member.pk).update(is_active=False)
    answers = []
    for text in (token, token[:-1] + "x"):
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
        answers.append(client.get(PROMPTS).content)

    assert answers[0] == answers[1]


def test_the_scheme_is_written_as_you_like(project: Project, member: User) -> None:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"bearer  {issue_token(member)} ")

    assert client.get(PROMPTS).status_code == 200


def test_a_read_token_reads_only(project: Project, member: User, client_of: ClientOf) -> None:
    client = client_of(member, Scope.READ)

    assert client.get(PROMPTS).status_code == 200
    for response in (
        client.post(PROMPTS, PROMPT),
        client.patch("/api/v1/projects/haiku", {"name": "x"}),
        client.delete("/api/v1/projects/haiku"),
    ):
        assert response.status_code == 403
        assert response.json()["code"] == "permission_denied"
    assert not project.prompts.exists()


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.VIEWER, 403), (Role.RATER, 403), (Role.EDITOR, 200), (Role.OWNER, 200)],
)
def test_writing_takes_an_editor(
    project: Project, stranger: User, client_of: ClientOf, role: Role, status: int
) -> None:
    Membership.objects.create(project=project, user=stranger, role=role)
    client = client_of(stranger)

    assert client.get(PROMPTS).status_code == 200
    assert client.post(PROMPTS, PROMPT).status_code == status


def test_a_stranger_sees_what_is_not_there(
    project: Project, stranger: User, client_of: ClientOf
) -> None:
    client = client_of(stranger)
    hidden = client.get(PROMPTS)
    missing = client.get(PROMPTS.replace("haiku", "sonnet"))

    assert hidden.status_code == missing.status_code == 404
    assert hidden.content.replace(b"haiku", b"sonnet") == missing.content
    assert client.post(PROMPTS, PROMPT).status_code == 404
    assert client.get("/api/v1/projects").json()["results"] == []


def test_the_last_use_is_noted_once_a_minute(project: Project, api: APIClient) -> None:
    def last_use() -> timezone.datetime | None:
        api.get(PROMPTS)
        return ApiToken.objects.get().last_used_at

    first = last_use()
    assert first is not None
    assert last_use() == first
    earlier = first - timedelta(minutes=2)
    ApiToken.objects.update(last_used_at=earlier)
    assert last_use() > earlier


def test_a_signed_in_browser_is_no_token(project: Project, member: User) -> None:
    client = APIClient()
    client.force_login(member)

    assert client.get(PROMPTS).status_code == 401
