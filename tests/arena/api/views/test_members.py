from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from arena.models import Membership, Project, Role, Scope
from tests.conftest import ClientOf

LIST = "/api/v1/projects/haiku/members"


@pytest.fixture
def boss(project: Project, owner: User, client_of: ClientOf) -> APIClient:
    return client_of(owner)


def test_members_are_listed(boss: APIClient, member: User) -> None:
    answer = boss.get(LIST).json()

    assert [(row["username"], row["role"]) for row in answer["results"]] == [
        ("olga", "owner"),
        ("mina", "editor"),
    ]
    assert set(answer["results"][0]) == {"username", "name", "role", "joined_at", "seen_at"}
    assert (answer["next"], answer["previous"]) == (None, None)


def test_viewers_read_and_raters_do_not(
    project: Project, stranger: User, client_of: ClientOf
) -> None:
    client = client_of(stranger)
    assert client.get(LIST).status_code == 404
    row = Membership.objects.create(project=project, user=stranger, role=Role.VIEWER)
    assert client.get(LIST).status_code == 200
    row.role = Role.RATER
    row.save()
    refused = client.get(LIST)

    assert refused.status_code == 403
    assert "mina" not in refused.content.decode()


def test_an_owner_adds_changes_and_removes(
    boss: APIClient, project: Project, stranger: User
) -> None:
    made = boss.post(LIST, {"username": "saul", "role": "viewer"})
    assert (made.status_code, made.json()["role"]) == (201, "viewer")
    assert boss.post(LIST, {"username": "saul", "role": "owner"}).status_code == 409
    assert boss.patch(f"{LIST}/saul", {"role": "editor"}).json()["role"] == "editor"
    assert project.role_of(stranger) is Role.EDITOR
    assert boss.delete(f"{LIST}/saul").status_code == 204
    assert boss.delete(f"{LIST}/saul").status_code == 404
    assert project.role_of(stranger) is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"username": "nobody", "role": "viewer"}, "username"),
        ({"username": "saul", "role": "king"}, "role"),
        ({"username": "saul"}, "role"),
        ({"username": "", "role": "viewer"}, "username"),
        ({"username": "saul", "role": "viewer", "rank": 1}, "rank"),
        ({"username": "\x00", "role": "viewer"}, None),
    ],
)
def test_what_is_wrong_is_named(
    boss: APIClient, stranger: User, body: Any, field: str | None
) -> None:
    answer = boss.post(LIST, body)

    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == ([field] if field else [])


def test_the_last_owner_stays(boss: APIClient, project: Project, owner: User) -> None:
    for answer in (boss.delete(f"{LIST}/olga"), boss.patch(f"{LIST}/olga", {"role": "viewer"})):
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict")

    assert project.role_of(owner) is Role.OWNER


def test_editors_do_not_manage_people(
    api: APIClient, project: Project, stranger: User, member: User
) -> None:
    answers = (
        api.post(LIST, {"username": "saul", "role": "viewer"}),
        api.patch(f"{LIST}/mina", {"role": "owner"}),
        api.delete(f"{LIST}/olga"),
    )

    assert {answer.status_code for answer in answers} == {403}
    assert project.role_of(member) is Role.EDITOR


@pytest.mark.parametrize("role", Role)
def test_everyone_may_leave(
    project: Project, stranger: User, client_of: ClientOf, role: Role
) -> None:
    Membership.objects.create(project=project, user=stranger, role=role)

    assert client_of(stranger).delete(f"{LIST}/saul").status_code == 204
    assert project.role_of(stranger) is None


def test_a_token_that_may_only_read_changes_nobody(
    project: Project, owner: User, client_of: ClientOf
) -> None:
    client = client_of(owner, Scope.READ)

    assert client.get(LIST).status_code == 200
    assert client.delete(f"{LIST}/mina").status_code == 403


def test_a_project_of_everybody_is_claimed_by_making_oneself_its_owner(
    stranger: User, member: User, client_of: ClientOf
) -> None:
    project = Project.objects.create(slug="haiku", name="Haiku")
    client = client_of(stranger)

    assert client.get(LIST).json()["results"] == []
    assert client.post(LIST, {"username": "mina", "role": "owner"}).status_code == 403
    assert client.post(LIST, {"username": "saul", "role": "owner"}).status_code == 201
    assert client_of(member).get(LIST).status_code == 404
    assert project.role_of(stranger) is Role.OWNER
