"""Replies that were paid for: found again by key, kept for a while, then forgotten."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from judges.models import StoredReply

FORGET_BATCH = 5_000


@dataclass(frozen=True)
class PaidReply:
    """A reply on its way to the table."""

    key: str
    project_id: int
    owner: str
    reply: Mapping[str, Any]


def find(keys: Collection[str]) -> dict[str, PaidReply]:
    """The replies that are stored under these keys."""
    rows = StoredReply.objects.filter(pk__in=keys)
    return {
        row[0]: PaidReply(*row) for row in rows.values_list("key", "project_id", "owner", "reply")
    }


def store(replies: Collection[PaidReply]) -> None:
    """Store replies; what is stored under a key already stays."""
    if not replies:
        return
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    rows = [(r.key, r.project_id, r.owner, storable(dumped(r.reply))) for r in replies]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_INSERT_JSON, [now, json.dumps(rows, ensure_ascii=False)])
        else:
            cursor.executemany(_INSERT_ROW, [(*row, now) for row in rows])


_INSERT_ROW = """
    INSERT INTO judges_storedreply (key, project_id, owner, reply, created_at)
    VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT DO NOTHING
"""
_INSERT_JSON = """
    INSERT INTO judges_storedreply (key, project_id, owner, reply, created_at)
    SELECT sent ->> 0, (sent ->> 1)::bigint, sent ->> 2, (sent ->> 3)::jsonb, %s
    FROM json_array_elements(%s) AS sent
    ON CONFLICT DO NOTHING
"""


def forget_old(now: datetime | None = None) -> int:
    """Delete replies older than REPLY_DAYS; judgments keep what they were made of."""
    before = (now or timezone.now()) - timedelta(days=settings.REPLY_DAYS)
    old = StoredReply.objects.filter(created_at__lt=before).values_list("pk", flat=True)
    count = 0
    # In pieces, so that no worker waits long for the table.
    while batch := list(old[:FORGET_BATCH]):
        count += StoredReply.objects.filter(pk__in=batch).delete()[0]
    return count


def dumped(value: Mapping[str, Any]) -> str:
    """`value` as JSON text, with other letters than ASCII as they are."""
    return json.dumps(dict(value), ensure_ascii=False, separators=(",", ":"))


def storable(text: str) -> str:
    """`text` as every database takes it: NUL and lone surrogates become U+FFFD."""
    clean = text.encode("utf-8", "replace").decode("utf-8")
    return clean.replace("\0", "\ufffd").replace("\\u0000", "\\ufffd")
