"""The log of a project: who did what, when. Rows are added and never changed."""

from __future__ import annotations

from django.contrib.auth.models import User
from pydantic import JsonValue

from arena.models import AuditEntry, Project

SUBJECT_LENGTH = 300


def record(
    project: Project, actor: User | None, act: str, subject: str = "", **details: JsonValue
) -> AuditEntry:
    """Add an entry, in the transaction of what it tells of: both are written, or neither.

    `act` is a noun and a verb ("campaign.closed"), `subject` names in words what it was done to,
    `details` are whatever JSON helps to understand it; no secrets. Without an actor it was done
    by a command, or by Arena itself.
    """
    subject = subject.replace("\x00", "")  # which Postgres does not store
    return AuditEntry.objects.create(
        project=project,
        actor=actor,
        actor_name=actor.get_username() if actor else "",
        act=act,
        subject=subject[:SUBJECT_LENGTH],
        details=details,
    )
