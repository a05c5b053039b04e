from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from rest_framework.test import APIClient

from arena.models import IdempotentReply, Invitation, Project, Role
from tests.conftest import ClientOf

LIST = "/api/v1/projects/haiku/invitations"


@pytest.fixture
def boss(project: Project, owner: User, client_of: ClientOf) -> APIClient:
    return client_of(owner)


def test_an_invitation_is_made_listed_and_withdrawn(boss: APIClient, stranger: User) -> None:
    made = boss.post(LIST, {"role": "rater", "note": "spring", "max_uses": 3}).json()

    guest = Client()
    path = made["link"].removeprefix("http://testserver")
    assert guest.get(path).status_code == 200
    (row,) = boss.get(LIST).json()["results"]
    assert row == {name: made[name] for name in made if name not in ("link", "sent")}
    assert (row["state"], row["uses"], row["max_uses"], row["made_by"]) == ("open", 0, 3, "olga")
    assert boss.delete(f"{LIST}/{row['id']}").status_code == 204
    assert boss.get(LIST).json()["results"][0]["state"] == "revoked"
    assert guest.get(path).status_code == 410
    assert boss.delete(f"{LIST}/999999").status_code == 404


def test_with_an_address_it_is_mailed(boss: APIClient) -> None:
    made = boss.post(LIST, {"role": "viewer", "email": "new@example.org"}).json()

    assert made["sent"] is True
    assert made["link"] in mail.outbox[0].body


def test_sent_again_it_is_answered_again_and_the_link_lies_nowhere_in_clear(
    boss: APIClient,
) -> None:
    body, key = {"role": "rater"}, {"HTTP_IDEMPOTENCY_KEY": "once"}

    first, again = boss.post(LIST, body, **key), boss.post(LIST, body, **key)

    assert first.json() == again.json()
    assert again["Idempotent-Replayed"] == "true"
    assert "no-store" in first["Cache-Control"]
    assert "no-store" in again["Cache-Control"]
    assert Invitation.objects.count() == 1
    kept = IdempotentReply.objects.get()
    assert first.json()["link"].rsplit("/", 1)[1] not in kept.body


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "role"),
        ({"role": "king"}, "role"),
        ({"role": "rater", "email": "nonsense"}, "email"),
        ({"role": "rater", "days": 0}, "days"),
        ({"role": "rater", "max_uses": 1001}, "max_uses"),
        ({"role": "rater", "token": "mine"}, "token"),
    ],
)
def test_what_is_wrong_is_named(boss: APIClient, body: Any, field: str) -> None:
    answer = boss.post(LIST, body)

    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == [field]
    assert not Invitation.objects.exists()


def test_only_owners_see_and_make_them(api: APIClient, project: Project, owner: User) -> None:
    for answer in (api.get(LIST), api.post(LIST, {"role": "owner"}), api.delete(f"{LIST}/1")):
        assert answer.status_code == 403

    assert not Invitation.objects.exists()


def test_a_project_of_everybody_has_to_be_claimed_first(db: None, client_of: ClientOf) -> None:
    Project.objects.create(slug="haiku", name="Haiku")
    root = User.objects.create_superuser("root")

    answer = client_of(root).post(LIST, {"role": Role.EDITOR})

    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
