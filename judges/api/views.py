"""Judges, their kinds, and the judgments on record."""

from __future__ import annotations

from functools import partial
from typing import Any

from drf_spectacular.utils import extend_schema
from pydantic import Field, RootModel
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from arena.api.bulk import upload
from arena.api.docs import idempotent, query, responses, upload_body
from arena.api.pagination import filters, page
from arena.api.plugins import PluginList, listing
from arena.api.projects import ProjectView
from arena.api.replies import reply
from arena.api.serializers.common import Page, Strict, UpsertCounts, checked
from arena.datasets.records import JudgmentRecord
from judges.kinds import registry
from judges.models import Judgment
from judges.services.judges import define
from judges.services.records import import_judgments
from judges.services.shapes import JudgeShape, JudgmentShape

JUDGMENT_FILTERS = {
    "prompt": "comparison__prompt__key",
    "judge": "judge__name",
}


class NewJudge(Strict):
    """A judge to be defined, or a new version of one."""

    name: str = Field(min_length=1, max_length=100)
    kind: str
    params: dict[str, Any] = Field(default_factory=dict)
    version: int | None = Field(None, ge=1, description="refused when it gets another number")


class JudgmentUpload(RootModel[JudgmentRecord | list[JudgmentRecord]]):
    """One judgment, or many."""


class JudgePage(Page[JudgeShape]):
    """Judges."""


class JudgmentPage(Page[JudgmentShape]):
    """Judgments."""


@extend_schema(tags=["judges"])
class JudgeKinds(APIView):
    @extend_schema(
        summary="List the kinds of judges and the schema of their params",
        responses=responses(PluginList),
    )
    def get(self, request: Request) -> Response:
        return Response(listing(registry))


@extend_schema(tags=["judges"])
class Judges(ProjectView):
    @extend_schema(
        summary="List judges, all versions", parameters=query(), responses=responses(JudgePage, 404)
    )
    def get(self, request: Request, slug: str) -> Response:
        filters(request, ())
        rows = self.project.judges.prefetch_related("seats__member")
        return page(request, rows, JudgeShape.of)

    @extend_schema(
        summary="Define a judge",
        description=(
            "The same definition again answers 200 and changes nothing. Other params make a new "
            "version; a version that was used is never changed."
        ),
        parameters=idempotent(),
        request=NewJudge,
        responses=responses({200: JudgeShape, 201: JudgeShape}, 404, 409),
    )
    def post(self, request: Request, slug: str) -> Response:
        new = checked(NewJudge, request.data)
        before = set(self.project.judges.values_list("pk", flat=True))
        judge = define(
            project=self.project,
            name=new.name,
            kind=new.kind,
            params=new.params,
            version=new.version,
        )
        status = 200 if judge.pk in before else 201
        return reply(JudgeShape.of(judge), status)


@extend_schema(tags=["judges"])
class Judgments(ProjectView):
    @extend_schema(
        summary="List the judgments on record, imported or made here, with usage",
        parameters=query("prompt", "judge"),
        responses=responses(JudgmentPage, 404),
    )
    def get(self, request: Request, slug: str) -> Response:
        given = filters(request, JUDGMENT_FILTERS)
        wanted = {JUDGMENT_FILTERS[name]: value for name, value in given.items()}
        rows = Judgment.objects.filter(judge__project=self.project, **wanted).select_related(
            "judge",
            "comparison__prompt",
            "comparison__output_a__competitor",
            "comparison__output_b__competitor",
        )
        return page(request, rows, JudgmentShape.of)

    @extend_schema(
        summary="Import judgments made elsewhere",
        description=(
            "A judge of kind `recorded` is made for each name. A record is known by its `id`; "
            "without one it is the n-th of its judge on this pair in this order, so sending a "
            "batch again records nothing twice. A judgment on record never changes."
        ),
        parameters=idempotent(),
        request=upload_body(JudgmentUpload, JudgmentRecord),
        responses=responses(UpsertCounts, 404, 409, 413, 415, bulk=True),
    )
    def post(self, request: Request, slug: str) -> Response:
        return upload(request, JudgmentRecord, partial(import_judgments, self.project))
