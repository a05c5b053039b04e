from __future__ import annotations

from smtplib import SMTPServerDisconnected

import pytest
from django.contrib.auth.models import User
from django.core import mail

from arena.services import mails
from arena.services.accounts import save_profile


def test_the_former_address_is_told(owner: User) -> None:
    save_profile(owner, name="Olga O.", email="old@example.org")
    assert mail.outbox == []  # there was none

    save_profile(owner, name="Olga", email="new@example.org")
    save_profile(owner, name="Olga Orlova", email="new@example.org")

    (sent,) = mail.outbox
    assert sent.to == ["old@example.org"]
    assert "new@example.org" not in sent.body
    owner.refresh_from_db()
    assert (owner.get_full_name(), owner.email) == ("Olga Orlova", "new@example.org")


def test_it_is_saved_even_if_the_mail_cannot_be_sent(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise SMTPServerDisconnected("gone")

    monkeypatch.setattr(mails, "send_mail", away)
    owner.email = "old@example.org"

    save_profile(owner, name="", email="new@example.org")

    owner.refresh_from_db()
    assert owner.email == "new@example.org"
