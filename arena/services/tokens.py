"""API tokens. The database keeps their SHA-256 only."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.contrib.auth.models import User
from django.db.models import Q
from django.utils import timezone

from arena.models import ApiToken, Scope

PREFIX = "arn_"
HINT_LENGTH = 8
MAX_DAYS = 3650


def issue_token(
    user: User, scope: Scope = Scope.WRITE, *, name: str = "", days: int | None = None
) -> str:
    """Make a token, for ever or for so many days, and return it; nobody can see it again."""
    token = PREFIX + secrets.token_urlsafe(32)
    ApiToken.objects.create(
        user=user,
        name=name,
        digest=digest(token),
        hint=token[:HINT_LENGTH],
        scope=scope,
        expires_at=timezone.now() + timedelta(days=days) if days else None,
    )
    return token


def find_token(token: str) -> ApiToken | None:
    """The token in force that has this text; None if there is none, or its user left."""
    in_force = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    return (
        ApiToken.objects.select_related("user")
        .filter(in_force, digest=digest(token), user__is_active=True)
        .first()
    )


def digest(token: str) -> str:
    """SHA-256 in hexadecimal. A plain hash will do: the token has 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()
