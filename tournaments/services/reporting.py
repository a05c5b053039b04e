"""Reports: made when due, kept for good, sent by mail."""

from __future__ import annotations

import logging
from calendar import monthrange
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.text import slugify

from arena.common.errors import InvalidInput
from arena.models import Project
from tournaments.models import Period, Report, Schedule, Tournament
from tournaments.ratings import registry as methods
from tournaments.reports import document
from tournaments.services.rating import rate

logger = logging.getLogger(__name__)

MAX_SEND_ATTEMPTS = 5
STEPS = {
    Period.HOURLY: timedelta(hours=1),
    Period.DAILY: timedelta(days=1),
    Period.WEEKLY: timedelta(weeks=1),
}


def make_report(
    *,
    project: Project,
    tournament: Tournament | None = None,
    method: str = "bradley_terry",
    recipients: list[str] | None = None,
    schedule: Schedule | None = None,
    due_at: datetime | None = None,
    title: str = "",
) -> Report:
    """Fit, draw and keep a report; it is sent by the next `send_due` when it has recipients."""
    run = rate(project=project, tournament=tournament, method=method)
    subject = tournament.name if tournament else project.name
    title = title or f"{subject}: ranking of {timezone.localdate():%d %B %Y}"
    title = " ".join(title.split())  # it becomes a mail's subject, which has one line
    return Report.objects.create(
        project=project,
        schedule=schedule,
        rating_run=run,
        title=title,
        html=document.render(run, title),
        due_at=due_at,
        recipients=_addresses(recipients or []),
    )


def schedule_report(
    *,
    project: Project,
    name: str,
    period: str,
    recipients: list[str],
    tournament: Tournament | None = None,
    method: str = "bradley_terry",
    first: datetime | None = None,
) -> Schedule:
    """Have a report made every period, the first one at `first` (default: a period from now)."""
    if period not in Period.values:
        raise InvalidInput(
            "a report comes hourly, daily, weekly or monthly", fields={"period": f"not {period!r}"}
        )
    methods.get(method)
    return Schedule.objects.create(
        project=project,
        name=name.strip() or f"{period.capitalize()} ranking",
        period=period,
        tournament=tournament,
        method=method,
        recipients=_addresses(recipients),
        due_at=first or after(timezone.now(), Period(period)),
    )


def send_due() -> None:
    """Make the reports of all due schedules, then send what was not sent yet."""
    due = Schedule.objects.filter(active=True, due_at__lte=timezone.now())
    for pk in list(due.values_list("pk", flat=True)):
        try:
            _make_due(pk)
        except Exception:  # one that cannot be made must not stop the others
            logger.exception("the report of schedule %s could not be made", pk)
    unsent = Report.objects.filter(sent_at=None, send_attempts__lt=MAX_SEND_ATTEMPTS)
    for report in unsent.exclude(recipients=[]).order_by("id"):
        _send(report)


def after(moment: datetime, period: Period) -> datetime:
    """One period later; a month later is the same day, or the last one of a shorter month."""
    if period in STEPS:
        return moment + STEPS[period]
    year, month = divmod(moment.year * 12 + moment.month, 12)
    day = min(moment.day, monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


@transaction.atomic
def _make_due(pk: int) -> None:
    """Make the report of one due schedule and set its next time, both or neither."""
    now = timezone.now()
    due = Schedule.objects.filter(pk=pk, active=True, due_at__lte=now)
    schedule = due.select_for_update(skip_locked=True).first()
    if schedule is None:  # another worker has it
        return
    make_report(
        project=schedule.project,
        tournament=schedule.tournament,
        method=schedule.method,
        recipients=schedule.recipients,
        schedule=schedule,
        due_at=schedule.due_at,
    )
    while schedule.due_at <= now:
        schedule.due_at = after(schedule.due_at, Period(schedule.period))
    schedule.save(update_fields=["due_at"])


def _send(report: Report) -> None:
    """Send one report. The attempt is claimed first, so that two workers do not send it twice."""
    claimed = Report.objects.filter(
        pk=report.pk, sent_at=None, send_attempts=report.send_attempts
    ).update(send_attempts=F("send_attempts") + 1)
    if not claimed:
        return
    link = f"{settings.SITE_URL}/projects/{report.project.slug}/reports/{report.pk}"
    mail = EmailMessage(
        subject=report.title,
        body=f"{report.title}\n\nThe report is attached; it also stands at {link}\n",
        to=report.recipients,
    )
    mail.attach(f"{slugify(report.title) or 'report'}.html", report.html, "text/html")
    try:
        mail.send()
    except (OSError, ValueError) as error:  # refused, unreachable; a header that is none
        logger.warning("report %s was not sent: %s", report.pk, error)
        Report.objects.filter(pk=report.pk).update(send_error=str(error)[:500])
        return
    Report.objects.filter(pk=report.pk).update(sent_at=timezone.now(), send_error="")


def _addresses(recipients: list[str]) -> list[str]:
    for address in recipients:
        try:
            validate_email(address)
        except ValidationError as error:
            raise InvalidInput("not a mail address", fields={"recipients": str(address)}) from error
    return list(dict.fromkeys(recipients))
