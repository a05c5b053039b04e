"""Mails about accounts, in plain text."""

from __future__ import annotations

import logging
from smtplib import SMTPException

from django.contrib.auth.models import User
from django.core.mail import send_mail
from django.template.loader import render_to_string

from arena.models import Invitation

logger = logging.getLogger(__name__)


def mail_invitation(invitation: Invitation, link: str) -> None:
    """Send an invitation to its address. Raises SMTPException or OSError when that fails."""
    text = render_to_string("arena/mail/invitation.txt", {"invitation": invitation, "link": link})
    title = f"Invitation to {invitation.project.name}"
    send_mail(" ".join(title.split()), text, None, [invitation.email])


def tell_of_new_email(former: str, user: User) -> None:
    """Tell the former address of an account that it has another one now."""
    text = render_to_string("arena/mail/email_changed.txt", {"user": user})
    try:
        send_mail("The email of your Arena account was changed", text, None, [former])
    except (SMTPException, OSError) as error:
        logger.warning("%s could not be told that the email was changed: %s", former, error)
