"""Accounts of people who sign in by OpenID Connect.

They are found by issuer and `sub` alone. A name or an address of mail proves nothing: at many
providers people write it themselves. Who has an account already connects it while signed in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from arena.common.errors import Conflict, NotFound
from arena.models import ExternalIdentity

MAX_TWINS = 1000


@dataclass(frozen=True)
class Identity:
    """What a checked id token says; `email` is empty unless the provider has verified it."""

    issuer: str
    subject: str
    username: str
    name: str
    email: str

    @property
    def label(self) -> str:
        """What people recognise it by."""
        return (self.email or self.username or self.name or self.subject)[:200]


def user_of(identity: Identity) -> User | None:
    """Whose identity it is; None when nobody's. A closed account is nobody's."""
    found = _find(identity)
    if found is None or not found.user.is_active:
        return None
    if found.label != identity.label:
        found.label = identity.label
        found.save(update_fields=["label"])
    return found.user


def is_known(identity: Identity) -> bool:
    """Whether it is connected to an account, closed ones included."""
    return _find(identity) is not None


@transaction.atomic
def make_account(identity: Identity) -> User:
    """A new account without a password, connected to `identity`. Raises Conflict if it is known."""
    user = get_user_model().objects.create_user(
        _free_username(identity), identity.email, first_name=identity.name[:150]
    )
    _connect(user, identity)
    return user


@transaction.atomic
def connect(user: User, identity: Identity) -> None:
    """Let `user` sign in by `identity` too. Raises Conflict when it is somebody else's."""
    found = _find(identity)
    if found is None:
        _connect(user, identity)
    elif found.user_id != user.pk:
        raise Conflict(f"{identity.label} is connected to another account")


@transaction.atomic
def disconnect(user: User, pk: int) -> None:
    """Undo `connect`. Raises Conflict when it is the only way in: there is no password."""
    found = user.external_identities.filter(pk=pk).first()
    if found is None:
        raise NotFound("there is no such sign-in of yours")
    if not user.has_usable_password() and user.external_identities.count() == 1:
        raise Conflict("set a password first: this is your only way to sign in")
    found.delete()


def _find(identity: Identity) -> ExternalIdentity | None:
    known = ExternalIdentity.objects.select_related("user")
    return known.filter(issuer=identity.issuer, subject=identity.subject).first()


def _connect(user: User, identity: Identity) -> None:
    try:
        with transaction.atomic():
            user.external_identities.create(
                issuer=identity.issuer, subject=identity.subject, label=identity.label
            )
    except IntegrityError:
        raise Conflict(f"{identity.label} is connected to an account already") from None


def _free_username(identity: Identity) -> str:
    """A username like theirs that nobody has."""
    wish = identity.username or identity.email.partition("@")[0] or identity.name
    base = re.sub(r"[^\w.@+-]+", "-", wish).strip("-")[:140] or "member"
    users = get_user_model().objects
    for name in (base, *(f"{base}-{number}" for number in range(2, MAX_TWINS))):
        if not users.filter(username__iexact=name).exists():
            return name
    raise Conflict(f"too many accounts are called {base}")
