"""Probes for whoever keeps the process alive."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from redis import Redis, RedisError

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 2


@never_cache
def livez(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """The process answers. Asks nothing else: a restart would not mend what others have."""
    return JsonResponse({"status": "ok"})


@never_cache
def readyz(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """Whether requests can be served: 503 while database or broker do not answer."""
    checks = {"database": _answers(_ask_database)}
    if settings.REDIS_URL:
        checks["broker"] = _answers(_ask_broker)
    ready = all(answer == "ok" for answer in checks.values())
    body = {"status": "ok" if ready else "unavailable", "checks": checks}
    return JsonResponse(body, status=200 if ready else 503)


def _answers(ask: Callable[[], object]) -> str:
    try:
        ask()
    except (DatabaseError, RedisError, OSError) as error:
        logger.warning("not ready: %s", error)
        return "no answer"  # the reason may name hosts and users, so it is only logged
    return "ok"


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _ask_broker() -> None:
    patience = {"socket_timeout": PATIENCE_SECONDS, "socket_connect_timeout": PATIENCE_SECONDS}
    with Redis.from_url(settings.REDIS_URL, **patience) as client:
        client.ping()
