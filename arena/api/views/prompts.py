"""Prompts of a project."""

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
from arena.api.serializers.items import PromptItem, PromptPage
from arena.api.serializers.uploads import PromptUpload
from arena.datasets.records import PromptRecord, SentPrompt
from arena.queries import prompts_where
from arena.services.prompts import upsert_prompts

FILTERS = ("category", "language", "tag")


@extend_schema(tags=["prompts"])
class Prompts(ProjectView):
    shows_names = False

    """What the project asks."""

    @extend_schema(
        operation_id="list_prompts",
        summary="List prompts",
        parameters=query(*FILTERS),
        responses=responses(PromptPage, 404),
    )
    def get(self, request: Request, slug: str) -> Response:
        where = prompts_where(filters(request, FILTERS))
        return page(request, self.project.prompts.filter(where), PromptItem.of)

    @extend_schema(
        operation_id="upsert_prompts",
        summary="Create or replace prompts",
        description=(
            "Goes by `id`. A record replaces the whole prompt, so a field left out gets its "
            "default. All or nothing: with one faulty record nothing is written. What was asked "
            "cannot change once outputs to it have been compared. A record with "
            "`prompt_id` and a competitor is refused: it is an output."
        ),
        parameters=idempotent(),
        request=upload_body(PromptUpload, PromptRecord),
        responses=responses(UpsertCounts, 404, 409, 413, 415, bulk=True),
    )
    def post(self, request: Request, slug: str) -> Response:
        return upload(request, SentPrompt, partial(upsert_prompts, self.project))
