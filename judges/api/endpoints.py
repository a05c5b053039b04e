"""The endpoints of a project. Keys come in and never go out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Self

from drf_spectacular.utils import extend_schema
from pydantic import BaseModel, Field
from rest_framework.request import Request
from rest_framework.response import Response

from arena.api.docs import idempotent, query, responses
from arena.api.pagination import filters, page
from arena.api.projects import ProjectView
from arena.api.replies import reply
from arena.api.serializers.common import Page, Strict, checked
from arena.models import Role
from judges.models import Endpoint
from judges.services import endpoints

HIDDEN = "write-only; stored encrypted and sent to `base_url` alone"


class NewEndpoint(endpoints.EndpointSettings):
    """An endpoint to be defined."""

    api_key: str = Field("", description=HIDDEN)


class EndpointChanges(Strict):
    """What is to be changed; the rest stays. `null` removes a price or limit."""

    base_url: str = ""
    model: str = ""
    api_key_env: str = ""
    api_key: str = Field("", description=f'{HIDDEN}; "" removes it')
    headers: dict[str, str] = Field(default_factory=dict)
    price_in: float | None = None
    price_out: float | None = None
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    max_in_flight: int | None = None


class EndpointShape(BaseModel):
    """An endpoint; `has_key` says whether a key is stored, `used_by` which judges name it."""

    name: str
    base_url: str
    model: str
    api_key_env: str
    has_key: bool
    headers: dict[str, str]
    price_in: float | None
    price_out: float | None
    requests_per_minute: int | None
    tokens_per_minute: int | None
    max_in_flight: int | None
    used_by: list[str]
    created_at: datetime

    @classmethod
    def of(cls, row: Endpoint, used_by: list[str]) -> Self:
        """The row without its key."""
        own = {name: getattr(row, name) for name in endpoints.EndpointSettings.model_fields}
        return cls(
            **own,
            has_key=bool(row.api_key_encrypted),
            used_by=used_by,
            created_at=row.created_at,
        )


class EndpointPage(Page[EndpointShape]):
    """Endpoints."""


class EndpointView(ProjectView):
    """Only those who may change endpoints may see them."""

    roles = {"GET": Role.EDITOR}

    def shaper(self) -> Callable[[Endpoint], EndpointShape]:
        """Shapes rows together with the judges that name them."""
        used_by = endpoints.used_by(self.project)
        return lambda row: EndpointShape.of(row, [str(one) for one in used_by.get(row.name, [])])

    def answer(self, row: Endpoint, status: int = 200) -> Response:
        """The row as JSON."""
        return reply(self.shaper()(row), status)


@extend_schema(tags=["endpoints"])
class Endpoints(EndpointView):
    @extend_schema(
        operation_id="endpoints_list",
        summary="List endpoints",
        description="Takes an editor of the project.",
        parameters=query(),
        responses=responses(EndpointPage, 404),
    )
    def get(self, request: Request, slug: str) -> Response:
        filters(request, ())
        return page(request, self.project.endpoints.all(), self.shaper())

    @extend_schema(
        summary="Define an endpoint",
        description=(
            "An OpenAI-compatible address with key, prices and limits, which judges name as "
            "`endpoint`. The key is given as `api_key`, or by the name of an environment variable "
            "as `api_key_env`. Limits hold for all workers together."
        ),
        parameters=idempotent(),
        request=NewEndpoint,
        responses=responses({201: EndpointShape}, 404, 409),
    )
    def post(self, request: Request, slug: str) -> Response:
        new = checked(NewEndpoint, request.data)
        settings = new.model_dump(exclude={"api_key"})
        row = endpoints.define(project=self.project, settings=settings, api_key=new.api_key)
        return self.answer(row, status=201)


@extend_schema(tags=["endpoints"])
class OneEndpoint(EndpointView):
    @extend_schema(
        operation_id="endpoints_read",
        summary="Read an endpoint",
        responses=responses(EndpointShape, 404),
    )
    def get(self, request: Request, slug: str, name: str) -> Response:
        return self.answer(endpoints.named(self.project, name))

    @extend_schema(
        summary="Change an endpoint",
        description=(
            "`base_url` and `model` are frozen (409) once a judge names the endpoint; key, "
            "headers, prices and limits may change at any time. With another `base_url` the "
            "stored key is removed, unless a new one comes with it."
        ),
        request=EndpointChanges,
        responses=responses(EndpointShape, 404, 409),
    )
    def patch(self, request: Request, slug: str, name: str) -> Response:
        changes: dict[str, Any] = checked(EndpointChanges, request.data).model_dump(
            exclude_unset=True
        )
        key = changes.pop("api_key", None)
        row = endpoints.change(endpoints.named(self.project, name), changes, api_key=key)
        return self.answer(row)

    @extend_schema(
        summary="Delete an endpoint",
        description="Refused (409) while a version of a judge names it.",
        responses=responses({204: None}, 404, 409),
    )
    def delete(self, request: Request, slug: str, name: str) -> Response:
        endpoints.delete(endpoints.named(self.project, name))
        return Response(status=204)
