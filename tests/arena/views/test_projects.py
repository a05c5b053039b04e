from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from arena.models import Membership, Project, Role

pytestmark = pytest.mark.django_db


def names_on(client: Client) -> list[str]:
    return [project.name for project in client.get("/").context["projects"]]


def test_everyone_sees_their_own_projects_and_those_of_everybody(
    client: Client, project: Project, member: User, stranger: User
) -> None:
    Project.objects.create(slug="open", name="Open")

    client.force_login(member)
    assert names_on(client) == ["Haiku", "Open"]
    client.force_login(stranger)
    assert names_on(client) == ["Open"]


def test_a_card_says_what_is_in_the_project_and_ones_role(
    client: Client, project: Project, member: User
) -> None:
    project.prompts.create(key="p", messages=[{"role": "user", "content": "?"}])
    project.competitors.create(name="ann")
    project.competitors.create(name="ben")
    client.force_login(member)

    page = client.get("/").content.decode()

    assert "1 prompt, 2 competitors" in page
    assert "editor" in page


def test_the_first_run_says_what_to_do(client: Client, stranger: User) -> None:
    client.force_login(stranger)

    page = client.get("/").content.decode()

    assert "make demo" in page
    assert "arena_import" in page
    assert 'href="/projects/new"' in page


def test_reading_takes_an_account_unless_reading_is_open(
    client: Client, settings: Settings
) -> None:
    settings.OPEN_READING = False
    assert client.get("/")["Location"] == "/sign-in?next=/"

    settings.OPEN_READING = True
    assert client.get("/").status_code == 200


def test_the_creator_becomes_the_owner(client: Client, stranger: User) -> None:
    client.force_login(stranger)

    response = client.post("/projects/new", {"name": "Ünïcode haiku!", "description": "Short."})

    made = Project.objects.get()
    assert response["Location"] == f"/projects/{made.slug}/data/upload"
    assert (made.slug, made.name, made.description) == ("unicode-haiku", "Ünïcode haiku!", "Short.")
    assert list(made.memberships.values_list("user", "role")) == [(stranger.pk, "owner")]


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"name": "Haiku 2", "slug": "haiku"}, "slug"),
        ({"name": "Haiku", "slug": "Bad Slug"}, "slug"),
        ({"name": "New", "slug": ""}, "slug"),
        ({"name": "俳句", "slug": ""}, "slug"),
        ({"name": " ", "slug": "haiku-2"}, "name"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    client: Client, project: Project, member: User, form: dict[str, str], field: str
) -> None:
    client.force_login(member)

    response = client.post("/projects/new", form)

    assert response.status_code == 400
    assert list(response.context["form"].errors) == [field]
    assert Project.objects.count() == 1


def test_creating_takes_an_account(client: Client) -> None:
    assert client.get("/projects/new")["Location"] == "/sign-in?next=/projects/new"


def test_queries_do_not_grow_with_projects(client: Client, stranger: User) -> None:
    client.force_login(stranger)
    counts = []
    for number in range(3):
        made = Project.objects.create(slug=f"p{number}", name="P")
        Membership.objects.create(project=made, user=stranger, role=Role.VIEWER)
        with CaptureQueriesContext(connection) as queries:
            client.get("/")
        counts.append(len(queries))

    assert counts[0] == counts[2]
