"""Bearer tokens: who asks, and whether the token may write."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from arena.models import ApiToken, Scope
from arena.services.tokens import find_token

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from drf_spectacular.openapi import AutoSchema
    from rest_framework.views import APIView

USE_NOTED_EVERY = timedelta(minutes=1)


def token_of(authorization: str) -> ApiToken | None:
    """The token that an Authorization header carries.

    None if it is unknown, has expired, or its user left.
    """
    scheme, _, secret = authorization.partition(" ")
    if scheme.lower() != "bearer":
        return None
    return find_token(secret.strip())


class BearerToken(BaseAuthentication):
    """`Authorization: Bearer TOKEN`. One answer for every fault: nobody learns which it was."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken]:
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if not header:
            raise NotAuthenticated("Send a token, as Authorization: Bearer TOKEN.")
        token = token_of(header)
        if token is None:
            raise AuthenticationFailed("The API token is not valid.")
        _note_use(token)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="arena"'


def sender(request: Request) -> User:
    """Who sent the request; every view behind HasScope has one."""
    assert request.user.is_authenticated
    return request.user


class HasScope(BasePermission):
    """A valid token; one with the scope `read` may only read."""

    message = "This token may only read."

    def has_permission(self, request: Request, view: APIView) -> bool:
        token = request.auth
        if not isinstance(token, ApiToken):
            return False
        return request.method in SAFE_METHODS or token.scope == Scope.WRITE


class BearerTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema names the two above."""

    target_class = BearerToken
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": (
                "A token from `python manage.py arena_token USER`. "
                "With `--scope read` it may only read."
            ),
        }


def _note_use(token: ApiToken) -> None:
    """Remember the use, at most once a minute: reading should not write."""
    now = timezone.now()
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - USE_NOTED_EVERY)
    if token.last_used_at is None or token.last_used_at < now - USE_NOTED_EVERY:
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
