from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from kombu.exceptions import OperationalError

from arena.services import passwords
from arena.tasks import send_reset

SITE = "https://arena.example.org"
NEW = {"new_password1": "ten cranes fly", "new_password2": "ten cranes fly"}


@pytest.fixture
def olga(owner: User) -> User:
    owner.set_password("nine herons wade")
    owner.email = "olga@example.org"
    owner.save()
    return owner


def link_of(text: str) -> str:
    found = re.search(rf"{SITE}(/password-reset/\S+)", text)
    assert found
    return found[1]


def test_a_mail_leads_to_a_new_password_once(client: Client, olga: User) -> None:
    send_reset(email="Olga@Example.org", site=SITE)

    (sent,) = mail.outbox
    assert sent.to == ["olga@example.org"]
    form = client.get(link_of(sent.body), follow=True)
    assert form.status_code == 200
    done = client.post(form.redirect_chain[-1][0], NEW, follow=True)
    assert "Sign in with the new one" in done.content.decode()
    olga.refresh_from_db()
    assert olga.check_password(NEW["new_password1"])
    again = Client().get(link_of(sent.body), follow=True)
    assert "does not work any more" in again.content.decode()


def test_nobody_else_gets_a_mail(olga: User, member: User) -> None:
    member.email = "mina@example.org"  # has no password: signs in elsewhere
    member.set_unusable_password()
    member.save()
    closed = User.objects.create_user("closed", "closed@example.org", "x", is_active=False)

    for email in ("nobody@example.org", member.email, closed.email, "nonsense", ""):
        send_reset(email=email, site=SITE)

    assert mail.outbox == []


def test_a_weak_new_password_is_refused(client: Client, olga: User) -> None:
    send_reset(email=olga.email, site=SITE)
    form = client.get(link_of(mail.outbox[0].body), follow=True)

    answer = client.post(
        form.redirect_chain[-1][0], {"new_password1": "12345", "new_password2": "12345"}
    )

    assert answer.status_code == 400
    olga.refresh_from_db()
    assert olga.check_password("nine herons wade")


def test_without_a_broker_the_wish_is_lost_and_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(**_: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(send_reset, "delay", away)

    passwords.ask_for_reset("olga@example.org", site=SITE)

    assert "is lost" in caplog.text
    assert "olga@" not in caplog.text
