from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from arena.models import Membership, Project, Role
from arena.services import audit

pytestmark = pytest.mark.django_db

PEOPLE = "/projects/haiku/people"
LOG = "/projects/haiku/log"


@pytest.fixture
def rater(project: Project, stranger: User) -> User:
    Membership.objects.create(project=project, user=stranger, role=Role.RATER)
    return stranger


@pytest.fixture
def boss(client: Client, owner: User, project: Project) -> Client:
    client.force_login(owner)
    return client


def test_owners_manage(boss: Client, rater: User) -> None:
    page = boss.get(PEOPLE).content.decode()

    for words in ("olga", "mina", "saul", "Make an invitation", "Change", "Remove", ">Log<"):
        assert words in page


@pytest.mark.parametrize("role", [Role.EDITOR, Role.VIEWER])
def test_editors_and_viewers_read(
    client: Client, project: Project, member: User, role: Role
) -> None:
    project.memberships.filter(user=member).update(role=role)
    client.force_login(member)

    page = client.get(PEOPLE).content.decode()

    assert "olga" in page
    assert "Leave" in page
    for words in ("Make an invitation", ">Change<", ">Log<", "Remove olga"):
        assert words not in page


def test_raters_do_not_see_who_else_judges(client: Client, rater: User) -> None:
    client.force_login(rater)

    for path in (PEOPLE, LOG):
        answer = client.get(path)
        assert answer.status_code == 403
        assert "mina" not in answer.content.decode()
    assert PEOPLE not in client.get("/projects/haiku/rate").content.decode()


def test_strangers_do_not_learn_that_there_is_a_project(
    client: Client, project: Project, stranger: User
) -> None:
    assert client.get(PEOPLE)["Location"].startswith("/sign-in")
    client.force_login(stranger)
    for path in (PEOPLE, LOG):
        assert client.get(path).status_code == 404
    assert client.post(f"{PEOPLE}/claim").status_code == 404
    assert client.post(f"{PEOPLE}/mina/remove").status_code == 404


def test_a_role_is_changed(boss: Client, project: Project, member: User) -> None:
    boss.post(f"{PEOPLE}/mina/role", {"role": "viewer"})

    assert project.role_of(member) is Role.VIEWER
    assert boss.post(f"{PEOPLE}/mina/role", {"role": "king"}).status_code == 400
    assert boss.post(f"{PEOPLE}/nobody/role", {"role": "viewer"}, follow=True).status_code == 200


def test_only_owners_change_and_remove(client: Client, project: Project, member: User) -> None:
    client.force_login(member)

    assert client.post(f"{PEOPLE}/mina/role", {"role": "owner"}).status_code == 403
    client.post(f"{PEOPLE}/olga/remove")
    assert client.post("/projects/haiku/invitations", {"role": "owner"}).status_code == 403

    assert project.role_of(member) is Role.EDITOR
    assert project.memberships.count() == 2


def test_the_last_owner_is_told_why_they_stay(boss: Client, project: Project) -> None:
    page = boss.post(f"{PEOPLE}/olga/remove", follow=True).content.decode()

    assert "keeps an owner" in page
    assert project.memberships.count() == 2


def test_who_leaves_lands_where_they_may_be(client: Client, project: Project, rater: User) -> None:
    client.force_login(rater)

    assert client.post(f"{PEOPLE}/saul/remove")["Location"] == "/"
    assert project.role_of(rater) is None


def test_a_name_from_outside_does_no_harm(boss: Client, project: Project) -> None:
    evil = User.objects.create_user("eve", first_name="<script>alert(1)</script>")
    Membership.objects.create(project=project, user=evil, role=Role.VIEWER)
    audit.record(project, evil, "campaign.closed", "<img src=x>", why="<b>")

    for path in (PEOPLE, LOG):
        page = boss.get(path).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page


def test_a_project_of_everybody_explains_itself_and_can_be_claimed(
    client: Client, stranger: User, settings: Settings
) -> None:
    project = Project.objects.create(slug="haiku", name="Haiku")
    assert "Sign in to make it yours" in client.get(PEOPLE).content.decode()
    client.force_login(stranger)
    assert "belongs to everybody" in client.get(PEOPLE).content.decode()

    page = client.post(f"{PEOPLE}/claim", follow=True).content.decode()

    assert "is yours now" in page
    assert project.role_of(stranger) is Role.OWNER
    assert client.post(f"{PEOPLE}/claim").status_code == 409


def test_claiming_takes_an_account(client: Client, settings: Settings) -> None:
    project = Project.objects.create(slug="haiku", name="Haiku")

    assert client.post(f"{PEOPLE}/claim")["Location"].startswith("/sign-in")
    assert not project.memberships.exists()


def test_a_visit_is_noted(client: Client, project: Project, member: User) -> None:
    project.memberships.update(seen_at=None)
    client.force_login(member)

    client.get("/projects/haiku/data")

    assert project.memberships.get(user=member).seen_at is not None


def rows(page: str) -> list[str]:
    return re.findall(r"<tr>.*?</tr>", page.split("<tbody>")[1], re.DOTALL)


def test_the_log_is_read_newest_first_and_filtered(
    boss: Client, project: Project, owner: User, member: User
) -> None:
    audit.record(project, owner, "member.role_changed", "mina", role="editor", former="viewer")
    audit.record(project, member, "campaign.closed", "spring")
    audit.record(project, None, "rater.quarantined", "saul", reason="too fast")

    first, second, third = rows(boss.get(LOG).content.decode())
    assert "Arena" in first
    assert "Left out the judgments of saul: too fast." in first
    assert "Closed the campaign “spring”." in second
    assert "Made mina an editor, who was a viewer." in third
    assert len(rows(boss.get(LOG, {"act": "campaign.closed"}).content.decode())) == 1
    assert len(rows(boss.get(LOG, {"person": "MINA"}).content.decode())) == 2
    assert "No entry fits" in boss.get(LOG, {"person": "nobody\0"}).content.decode()


def test_the_log_has_pages(boss: Client, project: Project, owner: User) -> None:
    for number in range(60):
        audit.record(project, owner, "campaign.closed", f"c{number}")

    assert len(rows(boss.get(LOG).content.decode())) == 50
    assert len(rows(boss.get(LOG, {"page": "2"}).content.decode())) == 10
    assert boss.get(LOG, {"page": "x"}).status_code == 200


def test_an_empty_log_says_what_will_be_in_it(boss: Client) -> None:
    assert "Nothing yet" in boss.get(LOG).content.decode()


def test_other_projects_entries_stay_theirs(boss: Client, owner: User) -> None:
    other = Project.objects.create(slug="other", name="Other")
    audit.record(other, owner, "campaign.closed", "secret plan")

    assert "secret plan" not in boss.get(LOG).content.decode()
    assert "campaign" not in boss.get(LOG).content.decode().split("<main")[1].split("Nothing")[0]
