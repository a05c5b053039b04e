from __future__ import annotations

from django.contrib.auth.models import User
from django.core import mail

from arena.models import Project, Role
from arena.services.invitations import invite
from arena.services.mails import mail_invitation


def test_an_invitation_says_who_what_and_where(project: Project, owner: User) -> None:
    project.name = "Haiku & <more>\nBcc: x@y.example"
    made, _ = invite(
        project, actor=owner, role=Role.RATER, email="new@example.org", note="Hello <3"
    )

    mail_invitation(made, "https://arena.example.org/invitations/x")

    (sent,) = mail.outbox
    assert sent.to == ["new@example.org"]
    assert sent.recipients() == ["new@example.org"]
    assert sent.subject == "Invitation to Haiku & <more> Bcc: x@y.example"
    for words in ("olga invites you", "as rater", "Hello <3", "arena.example.org/invitations/x"):
        assert words in sent.body
