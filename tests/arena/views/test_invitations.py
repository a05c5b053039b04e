from __future__ import annotations

import re
from datetime import timedelta
from smtplib import SMTPServerDisconnected

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from arena.models import Invitation, Membership, Project, Role
from arena.services import invitations
from arena.services.passwords import CONSOLE
from arena.views import invitations as views

pytestmark = pytest.mark.django_db

INVITE = "/projects/haiku/invitations"
FORM = {"role": "rater", "days": "7", "max_uses": "1"}
PERSON = {"username": "nina", "password1": "nine herons wade", "password2": "nine herons wade"}


@pytest.fixture
def boss(client: Client, owner: User, project: Project) -> Client:
    client.force_login(owner)
    return client


def link_on(page: str) -> str:
    found = re.search(r"http://testserver(/invitations/[\w-]+)", page)
    assert found
    return found[1]


def test_the_link_is_shown_once_and_lets_somebody_in(boss: Client, project: Project) -> None:
    made = boss.post(INVITE, FORM, follow=True)
    link = link_on(made.content.decode())
    assert made.redirect_chain == [("/projects/haiku/people", 302)]
    assert "no-store" in made["Cache-Control"]
    assert link not in boss.get("/projects/haiku/people").content.decode()
    assert Invitation.objects.count() == 1, "loading the page again made no other"
    guest = Client()

    page = guest.get(link)
    assert "olga invites you" in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    assert Invitation.objects.get().uses == 0  # a preview of the link uses nothing up
    there = guest.post(link, PERSON)

    assert there["Location"] == "/projects/haiku/rate"
    assert project.role_of(get_user_model().objects.get(username="nina")) is Role.RATER
    closed = Client().get(link)
    assert closed.status_code == 410
    assert "was used already" in closed.content.decode()


def test_who_is_signed_in_joins_by_a_button(boss: Client, project: Project, stranger: User) -> None:
    link = link_on(boss.post(INVITE, {**FORM, "role": "viewer"}, follow=True).content.decode())
    guest = Client()
    guest.force_login(stranger)

    assert "Join as saul" in guest.get(link).content.decode()
    assert project.role_of(stranger) is None
    assert guest.post(link)["Location"] == "/projects/haiku"
    assert project.role_of(stranger) is Role.VIEWER


def test_who_has_an_account_signs_in_and_comes_back(
    boss: Client, project: Project, stranger: User
) -> None:
    stranger.set_password("nine herons wade")
    stranger.save()
    link = link_on(boss.post(INVITE, FORM, follow=True).content.decode())
    guest = Client()
    assert f'href="/sign-in?next={link}"' in guest.get(link).content.decode()

    form = {"username": "saul", "password": "nine herons wade", "next": link}

    assert guest.post("/sign-in", form)["Location"] == link


def test_joining_takes_a_csrf_token(boss: Client, project: Project, stranger: User) -> None:
    link = link_on(boss.post(INVITE, FORM, follow=True).content.decode())
    guest = Client(enforce_csrf_checks=True)
    guest.force_login(stranger)

    assert guest.post(link).status_code == 403
    assert project.role_of(stranger) is None


def test_a_member_keeps_a_higher_role(boss: Client, project: Project, owner: User) -> None:
    link = link_on(boss.post(INVITE, FORM, follow=True).content.decode())

    assert "owner there already" in boss.get(link).content.decode()
    boss.post(link)

    assert project.role_of(owner) is Role.OWNER


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"username": "OLGA"}, "username"),
        ({"username": "two words"}, "username"),
        ({"password2": "other"}, "password2"),
        ({"password1": "12345678", "password2": "12345678"}, "password2"),
        ({"password1": "ninaninanina", "username": "ninaninanina", "password2": "ninaninanina"},
         "password2"),
        ({"email": "nonsense"}, "email"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_new_account_is_said(
    boss: Client, project: Project, change: dict[str, str], field: str
) -> None:
    link = link_on(boss.post(INVITE, FORM, follow=True).content.decode())

    answer = Client().post(link, {**PERSON, **change})

    assert answer.status_code == 400
    assert field in answer.context["form"].errors
    assert get_user_model().objects.count() == 2
    assert Invitation.objects.get().uses == 0


def test_a_withdrawn_link_says_so(boss: Client) -> None:
    link = link_on(boss.post(INVITE, FORM, follow=True).content.decode())
    pk = Invitation.objects.get().pk

    page = boss.post(f"{INVITE}/{pk}/revoke", follow=True).content.decode()

    assert "is withdrawn" in page
    assert "was withdrawn" in Client().get(link).content.decode()
    assert Client().post(link, PERSON).status_code == 410
    assert not get_user_model().objects.filter(username="nina").exists()


def test_an_expired_link_says_so(boss: Client) -> None:
    link = link_on(boss.post(INVITE, FORM, follow=True).content.decode())
    Invitation.objects.update(expires_at=timezone.now() - timedelta(days=1))

    assert "has expired" in Client().get(link).content.decode()


def test_an_unknown_link_says_so(client: Client, db: None) -> None:
    answer = client.get("/invitations/nonsense")

    assert answer.status_code == 404
    assert "perhaps a part of the link was lost" in answer.content.decode()


def test_who_is_too_late_by_a_moment_is_told(
    boss: Client, project: Project, stranger: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = link_on(boss.post(INVITE, FORM, follow=True).content.decode())
    used, accept = Invitation.objects.filter(), invitations.accept

    def late(token: str, *, user: User) -> Project:
        used.update(uses=1)
        return accept(token, user=user)

    monkeypatch.setattr(invitations, "accept", late)
    guest = Client()
    guest.force_login(stranger)

    for sender, form in ((guest, {}), (Client(), PERSON)):
        used.update(uses=0)
        answer = sender.post(link, form)
        assert answer.status_code == 410
        assert "used already" in answer.content.decode()
    assert not get_user_model().objects.filter(username="nina").exists()


def test_with_an_address_it_goes_out_by_mail(boss: Client) -> None:
    page = boss.post(INVITE, {**FORM, "email": "new@example.org"}, follow=True).content.decode()

    (sent,) = mail.outbox
    assert link_on(page) in sent.body
    assert "on its way by mail" in page


def test_without_mail_the_link_is_to_be_copied(boss: Client, settings: Settings) -> None:
    settings.EMAIL_BACKEND = CONSOLE

    assert "sends no mail" in boss.get("/projects/haiku/people").content.decode()
    page = boss.post(INVITE, {**FORM, "email": "new@example.org"}, follow=True).content.decode()

    assert "Copy its link" in page
    assert mail.outbox == []


def test_a_mail_that_cannot_be_sent_loses_no_invitation(
    boss: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise SMTPServerDisconnected("gone")

    monkeypatch.setattr(views, "mail_invitation", away)

    page = boss.post(INVITE, {**FORM, "email": "new@example.org"}, follow=True).content.decode()

    assert "could not be sent" in page
    assert link_on(page)


@pytest.mark.parametrize(
    ("change", "field"),
    [({"role": "king"}, "role"), ({"days": "0"}, "days"), ({"max_uses": "9999"}, "max_uses"),
     ({"email": "x"}, "email"), ({"note": "x" * 301}, "note")],
)  # fmt: skip
def test_a_faulty_invitation_is_not_made(boss: Client, change: dict[str, str], field: str) -> None:
    answer = boss.post(INVITE, {**FORM, **change})

    assert answer.status_code == 400
    assert field in answer.context["form"].errors
    assert not Invitation.objects.exists()


def test_a_superuser_invites_nobody_into_a_project_of_everybody(client: Client, db: None) -> None:
    Project.objects.create(slug="haiku", name="Haiku")
    client.force_login(get_user_model().objects.create_superuser("root"))

    answer = client.post(INVITE, FORM)

    assert answer.status_code == 400
    assert not Membership.objects.exists()
