"""An OpenID Connect provider for tests: discovery, keys, authorization code flow with PKCE, and id
tokens that are really signed (RS256). It signs whoever `person` says in, without asking."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

CLIENT_ID, CLIENT_SECRET = "arena", "a client's secret"


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass
class Key:
    """A signing key, and its public half as a JWK."""

    kid: str
    private: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )

    def jwk(self) -> dict[str, str]:
        numbers = self.private.public_key().public_numbers()
        return {
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid,
            "n": _b64(numbers.n.to_bytes(256, "big")), "e": _b64(numbers.e.to_bytes(3, "big")),
        }  # fmt: skip

    def sign(self, claims: dict[str, Any]) -> str:
        header = {"alg": "RS256", "typ": "JWT", "kid": self.kid}
        text = ".".join(_b64(json.dumps(part).encode()) for part in (header, claims))
        signature = self.private.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{text}.{_b64(signature)}"


def unsigned(claims: dict[str, Any]) -> str:
    """An id token with the algorithm "none"."""
    parts = ({"alg": "none", "typ": "JWT"}, claims)
    return ".".join([*(_b64(json.dumps(part).encode()) for part in parts), ""])


def by_hmac(claims: dict[str, Any], secret: str) -> str:
    """An id token signed with the client's secret instead of the provider's key."""
    import hmac

    parts = ({"alg": "HS256", "typ": "JWT"}, claims)
    text = ".".join(_b64(json.dumps(part).encode()) for part in parts)
    return f"{text}.{_b64(hmac.digest(secret.encode(), text.encode(), 'sha256'))}"


class FakeProvider:
    """A server in a thread. `person` are the claims about who signs in; `claims` overrides those
    of the token; `make_token` replaces how it is made; `seen` counts requests by path."""

    def __init__(self) -> None:
        self.person: dict[str, Any] = {"sub": "u-1", "preferred_username": "ada"}
        self.claims: dict[str, Any] = {}
        self.key = Key("k1")
        self.published = [self.key]
        self.issuer_said: str | None = None
        self.make_token: Callable[[dict[str, Any]], str] = self.sign
        self.seen: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                owner.get(self)

            def do_POST(self) -> None:
                owner.post(self)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )
        self.issuer = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> FakeProvider:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def sign(self, claims: dict[str, Any]) -> str:
        """An id token, signed with the key that is in use."""
        return self.key.sign(claims)

    def get(self, request: BaseHTTPRequestHandler) -> None:
        address = urlsplit(request.path)
        self.seen.append(address.path)
        if address.path == "/.well-known/openid-configuration":
            _answer(request, self._discovery())
        elif address.path == "/keys":
            _answer(request, {"keys": [key.jwk() for key in self.published]})
        elif address.path == "/authorize":
            asked = {name: values[0] for name, values in parse_qs(address.query).items()}
            request.send_response(302)
            request.send_header("Location", self.authorize(asked))
            request.end_headers()
        else:
            request.send_error(404)

    def authorize(self, asked: dict[str, str]) -> str:
        """Where the person is sent back to, with a code."""
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT_ID
        assert "openid" in asked["scope"].split()
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def post(self, request: BaseHTTPRequestHandler) -> None:
        self.seen.append(request.path)
        body = request.rfile.read(int(request.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        asked = self._codes.pop(form.get("code", ""), None)
        if asked is None or not self._fits(request, form, asked):
            _answer(request, {"error": "invalid_grant"}, 400)
            return
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300,
            "nonce": asked["nonce"], **self.person, **self.claims,
        }  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        token = {"access_token": "at", "token_type": "Bearer", "expires_in": 300}
        _answer(request, {**token, "id_token": self.make_token(claims)})

    def _fits(
        self, request: BaseHTTPRequestHandler, form: dict[str, str], asked: dict[str, str]
    ) -> bool:
        challenge = _b64(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        return (
            challenge == asked["code_challenge"]
            and form.get("redirect_uri") == asked["redirect_uri"]
            and request.headers.get("Authorization") == f"Basic {basic}"
        )

    def _discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer_said or self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
        }


def _answer(request: BaseHTTPRequestHandler, body: dict[str, Any], status: int = 200) -> None:
    data = json.dumps(body).encode()
    request.send_response(status)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", str(len(data)))
    request.end_headers()
    request.wfile.write(data)
