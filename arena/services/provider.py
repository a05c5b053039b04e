"""The OpenID Connect provider (OIDC_ISSUER): the authorization code flow with PKCE, by Authlib.

Import it where it is used: Authlib takes over half a second to load.
"""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.django_client import DjangoIntegration, DjangoOAuth2App
from django.conf import settings
from django.http import HttpRequest, HttpResponseRedirect
from joserfc.errors import JoseError
from requests import RequestException

from arena.common.errors import Forbidden
from arena.services.identities import Identity

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 10
SIGNATURES = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
)  # fmt: skip
"""Only those made with a key that the provider keeps to itself: neither "none" nor HMAC."""

_FAULTS = (AuthlibBaseError, JoseError, RequestException, ValueError, RuntimeError, LookupError)


class Refused(Forbidden):
    """The provider did not sign the person in, or cannot be believed."""


def begin(request: HttpRequest, callback: str) -> HttpResponseRedirect:
    """Send the person to the provider, which sends them back to the address `callback`.

    State, nonce and PKCE's secret wait in the session. Raises Refused.
    """
    try:
        there: HttpResponseRedirect = _provider().authorize_redirect(request, callback)
    except _FAULTS as error:
        raise _refused(error) from error
    return there


def finish(request: HttpRequest) -> Identity:
    """Who the provider says has come back.

    The code is exchanged, and the id token checked: signature, issuer, audience, times, nonce.
    Raises Refused.
    """
    try:
        provider = _provider()
        claims = provider.authorize_access_token(request).get("userinfo")
        if not claims or not str(claims["sub"]):
            raise ValueError("there is no id token")
        issuer = provider.load_server_metadata()["issuer"]
    except _FAULTS as error:
        raise _refused(error) from error
    return Identity(
        issuer=issuer,
        subject=str(claims["sub"]),
        username=_text(claims, "preferred_username"),
        name=_text(claims, "name"),
        email=_text(claims, "email") if claims.get("email_verified") is True else "",
    )


class _Provider(DjangoOAuth2App):  # type: ignore[misc]  # Authlib has no types
    """Authlib's client, which believes only the issuer that it was told, and public keys."""

    def load_server_metadata(self) -> dict[str, Any]:
        metadata: dict[str, Any] = super().load_server_metadata()
        if str(metadata.get("issuer", "")).rstrip("/") != settings.OIDC_ISSUER.rstrip("/"):
            self.server_metadata.clear()
            raise ValueError(f"the provider calls itself {metadata.get('issuer')!r}")
        metadata["id_token_signing_alg_values_supported"] = SIGNATURES
        return metadata


def _provider() -> _Provider:
    return _made(
        settings.OIDC_ISSUER,
        settings.OIDC_CLIENT_ID,
        settings.OIDC_CLIENT_SECRET,
        settings.OIDC_SCOPES,
    )


@lru_cache(maxsize=1)
def _made(issuer: str, client_id: str, secret: str, scopes: str) -> _Provider:
    """Kept for the life of the process, with what the provider says of itself."""
    parts = urlsplit(issuer)
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise ValueError("OIDC_ISSUER has to begin with https://")
    return _Provider(
        DjangoIntegration("oidc"),
        name="oidc",
        client_id=client_id,
        client_secret=secret or None,
        server_metadata_url=f"{issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={
            "scope": " ".join(dict.fromkeys(["openid", *scopes.split()])),
            "code_challenge_method": "S256",
            "default_timeout": TIMEOUT_SECONDS,
        },
    )


def _refused(error: Exception) -> Refused:
    """One sentence for everybody; what it was stands in the server's log."""
    logger.warning("sign-in by OpenID Connect failed: %s: %s", type(error).__name__, error)
    return Refused(f"signing in with {settings.OIDC_NAME} did not work; please try again")


def _text(claims: dict[str, Any], name: str) -> str:
    value = claims.get(name)
    return value.replace("\x00", "").strip() if isinstance(value, str) else ""
