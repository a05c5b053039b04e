"""Errors of HTTP that DRF lacks. Apart from `errors`: parsers are loaded before DRF's views."""

from __future__ import annotations

from rest_framework import status
from rest_framework.exceptions import APIException


class TooLarge(APIException):
    """The body is larger than this address takes; says what to do instead."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = "The body is too large."
    default_code = "too_large"


class LengthRequired(APIException):
    status_code = status.HTTP_411_LENGTH_REQUIRED
    default_detail = "Send a Content-Length; this server does not take chunked bodies."
    default_code = "length_required"


class Busy(APIException):
    """The database is away, or another write holds it for too long."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = "The database is busy or out of reach; nothing was written. Try again."
    default_code = "unavailable"
    wait = 5
