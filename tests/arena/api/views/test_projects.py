from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from arena.models import Project, Role
from tests.conftest import ClientOf

LIST = "/api/v1/projects"
ONE = "/api/v1/projects/haiku"


def test_a_project_is_created_and_read(api: APIClient) -> None:
    made = api.post(LIST, {"slug": "odes", "name": "Odes", "description": "Long poems"})

    assert made.status_code == 201
    assert set(made.json()) == {"slug", "name", "description", "created_at"}
    assert api.get(f"{LIST}/odes").json() == made.json()
    assert made.json()["created_at"].endswith("Z")


def test_a_slug_that_is_taken_is_a_conflict(
    project: Project, stranger: User, client_of: ClientOf
) -> None:
    response = client_of(stranger).post(LIST, {"slug": "haiku"})

    assert (response.status_code, response.json()["code"]) == (409, "conflict")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "slug"),
        ({"slug": "Big Words"}, "slug"),
        ({"slug": "x", "name": "\u0000"}, None),
        ({"slug": "x", "name": 5}, "name"),
        ({"slug": "x", "nmae": "X"}, "nmae"),
        ([], ""),
        ("x", ""),
    ],
)
def test_a_bad_project_is_refused(api: APIClient, body: Any, field: str | None) -> None:
    response = api.post(LIST, body)

    assert response.status_code == 400
    assert list(response.json()["fields"]) == ([] if field is None else [field])
    assert not Project.objects.exists()


def test_where_people_sign_in_a_project_is_private(
    api: APIClient, member: User, stranger: User, settings: Any
) -> None:
    settings.OPEN_READING = False
    api.post(LIST, {"slug": "mine"})
    api.post(LIST, {"slug": "ours", "private": False})

    assert Project.objects.get(slug="mine").role_of(member) is Role.OWNER
    assert Project.objects.get(slug="mine").role_of(stranger) is None
    assert Project.objects.get(slug="ours").role_of(stranger) is Role.EDITOR


def test_on_ones_own_machine_a_project_is_shared(
    api: APIClient, stranger: User, settings: Any
) -> None:
    settings.OPEN_READING = True
    api.post(LIST, {"slug": "ours"})
    api.post(LIST, {"slug": "mine", "private": True})

    assert Project.objects.get(slug="ours").role_of(stranger) is Role.EDITOR
    assert Project.objects.get(slug="mine").role_of(stranger) is None


def test_the_list_has_what_the_token_may_see(
    project: Project, api: APIClient, stranger: User, client_of: ClientOf
) -> None:
    Project.objects.create(slug="shared", name="Shared")

    def seen(client: APIClient) -> set[str]:
        return {row["slug"] for row in client.get(LIST).json()["results"]}

    assert seen(api) == {"haiku", "shared"}
    assert seen(client_of(stranger)) == {"shared"}


def test_name_and_description_change_and_the_slug_stays(project: Project, api: APIClient) -> None:
    changed = api.patch(ONE, {"name": "Short poems"})
    refused = api.patch(ONE, {"slug": "poems"})

    assert (changed.json()["name"], changed.json()["slug"]) == ("Short poems", "haiku")
    assert (refused.status_code, list(refused.json()["fields"])) == (400, ["slug"])


def test_deleting_takes_an_owner(
    project: Project, api: APIClient, owner: User, client_of: ClientOf
) -> None:
    assert api.delete(ONE).status_code == 403
    assert client_of(owner).delete(ONE).status_code == 204
    assert not Project.objects.exists()


def test_a_shared_project_can_be_deleted_by_everybody(stranger: User, client_of: ClientOf) -> None:
    Project.objects.create(slug="shared", name="Shared")

    assert client_of(stranger).delete(f"{LIST}/shared").status_code == 204
