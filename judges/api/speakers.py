"""The competitors that answer live, and how each is asked."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from drf_spectacular.utils import extend_schema
from pydantic import BaseModel
from rest_framework.request import Request
from rest_framework.response import Response

from arena.api.auth import sender
from arena.api.docs import idempotent, query, responses
from arena.api.pagination import filters, page
from arena.api.projects import ProjectView
from arena.api.replies import reply
from arena.api.serializers.common import Page, checked
from arena.common.errors import NotFound
from arena.models import Role
from judges.models import Speaker
from judges.services.people import live


class SpeakerShape(BaseModel):
    """How a competitor is asked. `model` is what is sent, be it its own or the endpoint's."""

    competitor: str
    endpoint: str
    model: str
    system: str
    temperature: float | None
    max_tokens: int
    retired_at: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, row: Speaker) -> Self:
        """The row."""
        return cls(
            competitor=row.competitor.name,
            endpoint=row.endpoint.name,
            model=row.model or row.endpoint.model,
            system=row.system,
            temperature=row.temperature,
            max_tokens=row.max_tokens,
            retired_at=row.retired_at,
            created_at=row.created_at,
        )


class SpeakerPage(Page[SpeakerShape]):
    """Speakers."""


class SpeakerView(ProjectView):
    """Only those who may change speakers may see them: raters shall not know who answers."""

    roles = {"GET": Role.EDITOR}


@extend_schema(tags=["campaigns"])
class Speakers(SpeakerView):
    @extend_schema(
        operation_id="speakers_list",
        summary="List speakers",
        description="Competitors that answer in live battles. Takes an editor of the project.",
        parameters=query(),
        responses=responses(SpeakerPage, 404),
    )
    def get(self, request: Request, slug: str) -> Response:
        filters(request, ())
        return page(request, live.all_speakers(self.project), SpeakerShape.of)

    @extend_schema(
        summary="Set up a speaker",
        description=(
            "Lets a competitor take part in live battles, or changes how it is asked; a retired "
            "one comes back. Refused (409) where raters have voted on it as it was."
        ),
        parameters=idempotent(),
        request=live.SpeakerSettings,
        responses=responses({201: SpeakerShape}, 404, 409),
    )
    def post(self, request: Request, slug: str) -> Response:
        given = checked(live.SpeakerSettings, request.data).model_dump()
        row = live.set_up(self.project, given, by=sender(request))
        return reply(SpeakerShape.of(row), status=201)


@extend_schema(tags=["campaigns"])
class OneSpeaker(SpeakerView):
    @extend_schema(
        summary="Retire a speaker",
        description="It takes part no more; votes on it stay.",
        responses=responses({204: None}, 404),
    )
    def delete(self, request: Request, slug: str, name: str) -> Response:
        found = live.all_speakers(self.project).filter(competitor__name=name).first()
        if found is None:
            raise NotFound(f"no speaker is called {name!r} in {self.project.slug}")
        live.retire(found, by=sender(request))
        return Response(status=204)
