"""Idempotency-Key: a POST that is sent again is answered again, and done once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from django.db import OperationalError, transaction
from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import APIException

from arena.api.auth import token_of
from arena.api.errors import answer
from arena.api.spool import Spool, spooled
from arena.common.errors import ArenaError, Conflict, InvalidInput
from arena.common.secrets import Unreadable, decrypt, encrypt
from arena.models import IdempotentReply

PREFIX = "/api/v1/"
MAX_KEY = 255

View = Callable[[HttpRequest], HttpResponse]


class IdempotencyKeys:
    """Middleware. The reply is stored in the transaction of the work: both are there or neither.

    A twin that arrives meanwhile waits at the unique key, and is then given the stored reply.
    Only answers of success are kept; after an error the same key may try again.
    """

    def __init__(self, get_response: View) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not _applies(request):
            return self._get_response(request)
        try:
            key = _key(request)
            with spooled(request) as spool:
                return self._once(request, key, _fingerprint(request, spool))
        except (ArenaError, APIException, OperationalError, OSError) as error:
            return answer(error, request)

    def _once(self, request: HttpRequest, key: str, fingerprint: str) -> HttpResponse:
        sender = hashlib.sha256(request.META["HTTP_AUTHORIZATION"].encode()).hexdigest()
        with transaction.atomic():
            reply, is_new = IdempotentReply.objects.get_or_create(
                sender=sender, key=key, defaults={"fingerprint": fingerprint}
            )
            if not is_new:
                return _again(reply, fingerprint)
            response = self._get_response(request)
            if 200 <= response.status_code < 300:
                _keep(reply, response)
            else:
                transaction.set_rollback(True)
        return response


def _applies(request: HttpRequest) -> bool:
    """Without a valid token nothing is stored, not even for a moment: the view says 401."""
    return (
        request.method == "POST"
        and "HTTP_IDEMPOTENCY_KEY" in request.META
        and request.path_info.startswith(PREFIX)
        and token_of(request.META.get("HTTP_AUTHORIZATION", "")) is not None
    )


def _key(request: HttpRequest) -> str:
    key: str = request.META["HTTP_IDEMPOTENCY_KEY"].strip()
    if not key or len(key) > MAX_KEY or not key.isascii() or not key.isprintable():
        raise InvalidInput(f"an Idempotency-Key has 1 to {MAX_KEY} printable ASCII characters")
    return key


def _fingerprint(request: HttpRequest, spool: Spool) -> str:
    """SHA-256 of all that decides what the request does."""
    parts = [
        request.get_full_path(),
        request.META.get("CONTENT_TYPE", ""),
        request.META.get("HTTP_CONTENT_ENCODING", ""),
        spool.sha256,
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _keep(reply: IdempotentReply, response: HttpResponse) -> None:
    """Store the answer to be given again; one that must not be stored (no-store) holds a secret
    and is encrypted."""
    text = response.content.decode()
    reply.is_encrypted = "no-store" in response.get("Cache-Control", "")
    reply.status, reply.body = response.status_code, encrypt(text) if reply.is_encrypted else text
    reply.save(update_fields=["status", "body", "is_encrypted"])


def _body(reply: IdempotentReply) -> str:
    try:
        return decrypt(reply.body) if reply.is_encrypted else reply.body
    except Unreadable:
        raise Conflict("the first answer cannot be read any more; take another key") from None


def _again(reply: IdempotentReply, fingerprint: str) -> HttpResponse:
    if reply.fingerprint != fingerprint:
        raise Conflict("this Idempotency-Key was used for another request")
    headers = {"Idempotent-Replayed": "true"}
    if reply.is_encrypted:
        headers["Cache-Control"] = "no-store"
    return HttpResponse(
        _body(reply),
        status=reply.status,
        content_type="application/json",
        headers=headers,
    )
