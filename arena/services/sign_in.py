"""Sign-in links: for the owner of a local installation, who has no password yet."""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.core.signing import BadSignature, TimestampSigner
from django.utils import timezone

from arena.common.errors import InvalidInput

VALID_SECONDS = 24 * 3600
LOCAL_OWNER = "owner"

USED = "this sign-in link was used already; `manage.py arena_sign_in` prints a new one"

_signer = TimestampSigner(salt="arena.sign-in")


def local_owner() -> User:
    """The person at this machine: a superuser without a password."""
    user, created = get_user_model().objects.get_or_create(
        username=LOCAL_OWNER, defaults={"is_superuser": True}
    )
    if created:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    return user


def ticket_for(user: User) -> str:
    """A signed ticket that signs `user` in once, within a day."""
    return _signer.sign(f"{user.pk}:{_generation(user)}")


def redeem(ticket: str) -> User:
    """Return the user of a valid ticket; InvalidInput when it is forged, old or used."""
    try:
        pk, generation = _signer.unsign(ticket, max_age=VALID_SECONDS).split(":")
    except (BadSignature, ValueError):
        raise InvalidInput("this sign-in link is not valid, or older than a day") from None
    user = get_user_model().objects.filter(pk=pk, is_active=True).first()
    if user is None or _generation(user) != generation:
        raise InvalidInput(USED)
    mine = get_user_model().objects.filter(pk=user.pk, last_login=user.last_login)
    if not mine.update(last_login=timezone.now()):  # of two at once, one gets in
        raise InvalidInput(USED)
    return user


def _generation(user: User) -> str:
    """Changes at each sign-in, which makes older tickets useless."""
    return str(int(user.last_login.timestamp() * 1e6)) if user.last_login else "0"
