"""A new password for who has forgotten theirs, by mail."""

from __future__ import annotations

import logging

from django.conf import settings
from django.contrib.auth.forms import PasswordResetForm
from kombu.exceptions import OperationalError

from arena.tasks import send_reset

logger = logging.getLogger(__name__)

CONSOLE = "django.core.mail.backends.console.EmailBackend"


def can_mail() -> bool:
    """Whether mails leave this machine: EMAIL_URL is set."""
    return str(settings.EMAIL_BACKEND) != CONSOLE


def ask_for_reset(email: str, *, site: str) -> None:
    """Have a worker look for accounts with this address, and mail each a link.

    Looking is left to it too, so that the asking page takes equally long for every address.
    `site` is the address of the site. Without a broker the wish is lost, and logged.
    """
    try:
        send_reset.delay(email=email, site=site)
    except OperationalError as error:
        logger.warning("No broker: a mail for a new password is lost (%s)", error)


def mail_reset(email: str, *, site: str) -> None:
    """Mail a link, good for a day, to each account with this address that has a password."""
    form = PasswordResetForm({"email": email})
    if not form.is_valid():
        return
    scheme, _, host = site.rstrip("/").partition("://")
    form.save(
        domain_override=host,
        use_https=scheme == "https",
        subject_template_name="arena/mail/password_reset_subject.txt",
        email_template_name="arena/mail/password_reset.txt",
    )
