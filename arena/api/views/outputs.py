"""Outputs of a project's competitors."""

from __future__ import annotations

from functools import partial

from django.db.models import Q
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from arena.api.bulk import upload
from arena.api.docs import idempotent, query, responses, upload_body
from arena.api.pagination import filters, page
from arena.api.projects import ProjectView
from arena.api.serializers.common import UpsertCounts
from arena.api.serializers.items import OutputItem, OutputPage
from arena.api.serializers.uploads import OutputUpload
from arena.datasets.records import OutputRecord
from arena.models import Output
from arena.queries import prompts_where
from arena.services.outputs import upsert_outputs

FILTERS = ("prompt", "competitor", "category", "language", "tag")
_FIELDS = {"prompt": "prompt__key", "competitor": "competitor__name"}


@extend_schema(tags=["outputs"])
class Outputs(ProjectView):
    """What competitors answered to prompts."""

    @extend_schema(
        operation_id="list_outputs",
        summary="List outputs",
        parameters=query(*FILTERS),
        responses=responses(OutputPage, 404),
    )
    def get(self, request: Request, slug: str) -> Response:
        given = filters(request, FILTERS)
        own = Q(**{field: given[name] for name, field in _FIELDS.items() if name in given})
        rows = Output.objects.filter(
            own, prompts_where(given, prefix="prompt__"), prompt__project=self.project
        )
        return page(request, rows.select_related("prompt", "competitor"), OutputItem.of)

    @extend_schema(
        operation_id="upsert_outputs",
        summary="Create or replace outputs",
        description=(
            "Goes by `prompt`, `competitor` and `sample`. A record replaces the whole output, so a "
            "field left out gets its default. All or nothing: with one faulty record nothing is "
            "written. A text that has been compared cannot change; send the new one under another "
            "`sample`, or as another competitor. Send many as JSON lines, gzipped if you like: "
            "100,000 in one request are fine."
        ),
        parameters=idempotent(),
        request=upload_body(OutputUpload, OutputRecord),
        responses=responses(UpsertCounts, 404, 409, 413, 415, bulk=True),
    )
    def post(self, request: Request, slug: str) -> Response:
        return upload(request, OutputRecord, partial(upsert_outputs, self.project))
