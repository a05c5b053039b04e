"""A person's own account."""

from __future__ import annotations

from django.contrib.auth.models import User

from arena.services.mails import tell_of_new_email


def save_profile(user: User, *, name: str, email: str) -> None:
    """Change name and email; the former address is told, since by it the account could be had."""
    former = user.email
    user.first_name, user.last_name, user.email = name, "", email
    user.save(update_fields=["first_name", "last_name", "email"])
    if former and former != email:
        tell_of_new_email(former, user)
