"""The log of a project."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from arena.api.docs import query, responses
from arena.api.pagination import filters, page
from arena.api.projects import ProjectView
from arena.api.serializers.people import LogItem, LogPage
from arena.models import Role


@extend_schema(tags=["people"])
class Log(ProjectView):
    """Who did what. Entries are added, and never changed."""

    roles = {"GET": Role.OWNER}

    @extend_schema(
        operation_id="read_log",
        summary="Read the log",
        parameters=query("act", "actor"),
        responses=responses(LogPage, 404),
    )
    def get(self, request: Request, slug: str) -> Response:
        given = filters(request, ("act", "actor"))
        found = self.project.audit_entries.all()
        if "act" in given:
            found = found.filter(act=given["act"])
        if "actor" in given:
            found = found.filter(actor_name=given["actor"])
        return page(request, found, LogItem.of)
