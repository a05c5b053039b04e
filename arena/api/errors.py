"""Every error of the API has one shape: `{"code", "message", "fields"}`.

A faulty bulk upload adds `"errors": [{"line", "field", "message"}]`.
"""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import OperationalError
from django.http import Http404, HttpRequest, JsonResponse
from django.http.request import UnreadablePostError
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from arena.api.exceptions import Busy, TooLarge
from arena.common.errors import (
    ArenaError,
    BulkInvalid,
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
)

logger = logging.getLogger(__name__)

_STATUS: dict[type[ArenaError], int] = {
    InvalidInput: 400,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
}


def handle(error: Exception, context: dict[str, Any]) -> Response:
    """DRF's exception handler: the answer for anything that a view raises."""
    if isinstance(error, ArenaError):
        return Response(body_of(error), status=status_of(error))
    answer = exception_handler(_as_api_exception(error), context)
    if answer is not None:
        answer.data = _reshaped(answer.data)
        return answer
    request = context.get("request")
    logger.error("the API failed", exc_info=error)
    got_request_exception.send(sender=None, request=getattr(request, "_request", None))
    return Response(INTERNAL, status=500)


INTERNAL = {
    "code": "internal",
    "message": "Something went wrong here; it was logged.",
    "fields": {},
}


def status_of(error: ArenaError) -> int:
    """The HTTP status of what a service raised."""
    return next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 400)


def body_of(error: ArenaError) -> dict[str, Any]:
    """The body of what a service raised."""
    body: dict[str, Any] = {
        "code": error.code,
        "message": error.message,
        "fields": error.fields,
    }
    if isinstance(error, BulkInvalid):
        body["errors"] = [
            {"line": fault.line, "field": fault.field, "message": fault.message}
            for fault in error.errors
        ]
    return body


def answer(error: Exception, request: HttpRequest) -> JsonResponse:
    """The same outside a DRF view (in a middleware)."""
    response = handle(error, {"request": request})
    return JsonResponse(response.data, status=response.status_code)


def _as_api_exception(error: Exception) -> Exception:
    if isinstance(error, Http404):
        return exceptions.NotFound()
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied()
    if isinstance(error, RequestDataTooBig):
        return TooLarge()
    if isinstance(error, UnreadablePostError | SuspiciousOperation):
        return exceptions.ParseError("The request could not be read.")
    if isinstance(error, OperationalError):
        logger.warning("the database refused: %s", error)
        return Busy()
    return error


def _reshaped(detail: Any) -> dict[str, Any]:
    """DRF's `{"detail": ...}`, or its map of fields to lists of messages, in our shape."""
    if isinstance(detail, dict) and set(detail) == {"detail"}:
        message = detail["detail"]
        return {"code": message.code, "message": str(message), "fields": {}}
    named = detail if isinstance(detail, dict) else {"": detail}
    fields = {name: _sentence(messages) for name, messages in named.items()}
    return {"code": "invalid", "message": "The request is not valid.", "fields": fields}


def _sentence(messages: Any) -> str:
    return " ".join(map(str, messages)) if isinstance(messages, list) else str(messages)
