"""Schedules and reports as the public contract shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import BaseModel

from tournaments.models import Report, Schedule


class ScheduleShape(BaseModel):
    """A report that is made every period."""

    id: int
    name: str
    period: str
    tournament: int | None
    method: str
    recipients: list[str]
    due_at: datetime
    active: bool

    @classmethod
    def of(cls, row: Schedule) -> Self:
        return cls(
            id=row.pk,
            name=row.name,
            period=row.period,
            tournament=row.tournament_id,
            method=row.method,
            recipients=row.recipients,
            due_at=row.due_at,
            active=row.active,
        )


class ReportShape(BaseModel):
    """A report that was made, and whether it was sent."""

    id: int
    title: str
    schedule: int | None
    rating_run: int
    recipients: list[str]
    created_at: datetime
    sent_at: datetime | None
    send_error: str

    @classmethod
    def of(cls, row: Report) -> Self:
        return cls(
            id=row.pk,
            title=row.title,
            schedule=row.schedule_id,
            rating_run=row.rating_run_id,
            recipients=row.recipients,
            created_at=row.created_at,
            sent_at=row.sent_at,
            send_error=row.send_error,
        )
