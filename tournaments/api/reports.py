"""Reports and their schedules."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from drf_spectacular.utils import extend_schema
from pydantic import AfterValidator, Field
from rest_framework.request import Request
from rest_framework.response import Response

from arena.api.docs import idempotent, query, responses
from arena.api.pagination import filters, page
from arena.api.projects import ProjectView
from arena.api.replies import reply
from arena.api.serializers.common import Page, Strict, checked
from arena.models import Project
from tournaments.models import Tournament
from tournaments.queries import tournament_of
from tournaments.services import reporting
from tournaments.services.shapes.reports import ReportShape, ScheduleShape


def _with_zone(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("needs a time zone, e.g. 2026-01-31T08:00:00Z")
    return moment


class NewReport(Strict):
    """A report to be made now, and sent when it has recipients."""

    title: str = Field("", max_length=300)
    tournament: int | None = None
    method: str = "bradley_terry"
    recipients: list[str] = Field(default_factory=list, max_length=50)


class NewSchedule(Strict):
    """A report to be made every period; the first at `due_at`, or a period from now."""

    name: str = Field("", max_length=200)
    period: str = "weekly"
    tournament: int | None = None
    method: str = "bradley_terry"
    recipients: list[str] = Field(default_factory=list, max_length=50)
    due_at: Annotated[datetime, AfterValidator(_with_zone)] | None = None


class ReportPage(Page[ReportShape]):
    """Reports."""


class SchedulePage(Page[ScheduleShape]):
    """Schedules."""


def _tournament(project: Project, pk: int | None) -> Tournament | None:
    return tournament_of(project, pk) if pk is not None else None


@extend_schema(tags=["reports"])
class Reports(ProjectView):
    @extend_schema(summary="List reports", parameters=query(), responses=responses(ReportPage, 404))
    def get(self, request: Request, slug: str) -> Response:
        filters(request, ())
        return page(request, self.project.reports.all(), ReportShape.of)

    @extend_schema(
        summary="Make a report now",
        parameters=idempotent(),
        request=NewReport,
        responses=responses({201: ReportShape}, 404, 409),
    )
    def post(self, request: Request, slug: str) -> Response:
        new = checked(NewReport, request.data)
        report = reporting.make_report(
            project=self.project,
            tournament=_tournament(self.project, new.tournament),
            method=new.method,
            recipients=new.recipients,
            title=new.title,
        )
        return reply(ReportShape.of(report), status=201)


@extend_schema(tags=["reports"])
class Schedules(ProjectView):
    @extend_schema(
        summary="List schedules", parameters=query(), responses=responses(SchedulePage, 404)
    )
    def get(self, request: Request, slug: str) -> Response:
        filters(request, ())
        return page(request, self.project.schedules.all(), ScheduleShape.of)

    @extend_schema(
        summary="Schedule a report",
        parameters=idempotent(),
        request=NewSchedule,
        responses=responses({201: ScheduleShape}, 404, 409),
    )
    def post(self, request: Request, slug: str) -> Response:
        new = checked(NewSchedule, request.data)
        schedule = reporting.schedule_report(
            project=self.project,
            name=new.name,
            period=new.period,
            tournament=_tournament(self.project, new.tournament),
            method=new.method,
            recipients=new.recipients,
            first=new.due_at,
        )
        return reply(ScheduleShape.of(schedule), status=201)
