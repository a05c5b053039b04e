"""Addresses as somebody outside has to write them."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def absolute(request: HttpRequest, path: str) -> str:
    """The whole address of a page: under SITE_URL when that is set, else under the name by which
    the request reached us, which ALLOWED_HOSTS has checked."""
    if settings.SITE_URL_GIVEN:
        return f"{settings.SITE_URL_GIVEN.rstrip('/')}{path}"
    return request.build_absolute_uri(path)
