"""Competitors of a project."""

from __future__ import annotations

from functools import partial

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from arena.api.bulk import upload
from arena.api.docs import idempotent, query, responses, upload_body
from arena.api.pagination import filters, page
from arena.api.projects import ProjectView
from arena.api.serializers.common import UpsertCounts
from arena.api.serializers.items import CompetitorItem, CompetitorPage
from arena.api.serializers.uploads import CompetitorUpload
from arena.datasets.records import CompetitorRecord
from arena.services.competitors import upsert_competitors


@extend_schema(tags=["competitors"])
class Competitors(ProjectView):
    """The things under test."""

    @extend_schema(
        operation_id="list_competitors",
        summary="List competitors",
        parameters=query(),
        responses=responses(CompetitorPage, 404),
    )
    def get(self, request: Request, slug: str) -> Response:
        filters(request, ())
        rows = self.project.competitors.select_related("version_of")
        return page(request, rows, CompetitorItem.of)

    @extend_schema(
        operation_id="upsert_competitors",
        summary="Create or replace competitors",
        description=(
            "Goes by `name`. A record replaces the whole competitor, so a field left out gets its "
            "default. All or nothing. `version_of` names one of the project or of this request."
        ),
        parameters=idempotent(),
        request=upload_body(CompetitorUpload, CompetitorRecord),
        responses=responses(UpsertCounts, 404, 409, 413, 415, bulk=True),
    )
    def post(self, request: Request, slug: str) -> Response:
        return upload(request, CompetitorRecord, partial(upsert_competitors, self.project))
