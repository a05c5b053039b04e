"""API tokens. The database keeps their SHA-256 only."""

from __future__ import annotations

import hashlib
import secrets

from django.contrib.auth.models import User

from arena.models import ApiToken, Scope

PREFIX = "arn_"
HINT_LENGTH = 8


def issue_token(user: User, scope: Scope = Scope.WRITE) -> str:
    """Make a token and return it; nobody can see it again."""
    token = PREFIX + secrets.token_urlsafe(32)
    ApiToken.objects.create(user=user, digest=digest(token), hint=token[:HINT_LENGTH], scope=scope)
    return token


def digest(token: str) -> str:
    """SHA-256 in hexadecimal. A plain hash will do: the token has 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()
