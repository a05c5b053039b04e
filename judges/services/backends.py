"""What judges that call models get from this process: endpoints, keys, limits."""

from __future__ import annotations

import hashlib
import logging
import os
from functools import lru_cache

from django.conf import settings
from django.core.cache import cache

from arena.common.errors import InvalidInput
from arena.common.secrets import Unreadable, decrypt
from arena.models import Project
from judges.contracts import Backend, EndpointRow, Gate, JudgeError, ReplyStore
from judges.kinds import registry
from judges.llm.gate import EndpointGate, Trouble
from judges.llm.judging import ModelJudge
from judges.llm.limits import LocalLimits
from judges.llm.limits_redis import RedisLimits
from judges.models import Endpoint, Judge

logger = logging.getLogger(__name__)

REMEMBERED = 180
"""Seconds for which trouble is shown after its last sign."""


def backend_of(project: Project, replies: ReplyStore | None = None) -> Backend:
    """What the judges of a project call through. The gate is one for the whole process."""
    return Backend(
        endpoints={row.name: _clear(row) for row in project.endpoints.all()},
        replies=replies,
        gate=gate(),
        environ=os.environ,
        namespace=str(project.pk),
    )


def gate() -> Gate:
    """The gate of this process; limits are shared through Redis where there is one."""
    return _gate(settings.REDIS_URL)


def trouble_of(judge: Judge) -> Trouble | None:
    """Since when a judge's endpoint does not reply, and what it answered last."""
    try:
        kind = registry.build(judge.kind, judge.params)
    except InvalidInput:  # params that an upgrade no longer understands
        return None
    if not isinstance(kind, ModelJudge):
        return None
    kind.connect(backend_of(judge.project))
    try:
        found = cache.get(_cache_key(kind.model.address))
    except JudgeError:  # it cannot be called at all; its failures say why
        return None
    return found if isinstance(found, Trouble) else None


@lru_cache(maxsize=1)
def _gate(redis_url: str) -> EndpointGate:
    limits = RedisLimits(redis_url) if redis_url else LocalLimits()
    return EndpointGate(limits, report=_remember)


def _remember(address: str, trouble: Trouble | None) -> None:
    """Let other processes know; that of the web site is another one."""
    try:
        if trouble is None:
            cache.delete(_cache_key(address))
        else:
            cache.set(_cache_key(address), trouble, REMEMBERED)
    except Exception as error:  # noqa: BLE001  # whatever a cache raises, calls must go on
        logger.warning("trouble with an endpoint could not be noted: %s", error)


def _cache_key(address: str) -> str:
    return f"endpoint-trouble:{hashlib.sha256(address.encode()).hexdigest()}"


def _clear(row: Endpoint) -> EndpointRow:
    """The row as judges see it, with its key in clear. One that cannot be read says so."""
    key, unusable = "", ""
    try:
        key = decrypt(row.api_key_encrypted) if row.api_key_encrypted else ""
    except Unreadable:
        unusable = (
            f"the key of the endpoint {row.name} cannot be read any more, because SECRET_KEY was "
            "changed: enter the key again, or list the former SECRET_KEY in SECRET_KEY_FALLBACKS"
        )
    return EndpointRow(
        name=row.name,
        base_url=row.base_url,
        model=row.model,
        api_key_env=row.api_key_env,
        api_key=key,
        headers=row.headers,
        price_in=row.price_in,
        price_out=row.price_out,
        requests_per_minute=row.requests_per_minute,
        tokens_per_minute=row.tokens_per_minute,
        max_in_flight=row.max_in_flight,
        unusable=unusable,
    )
