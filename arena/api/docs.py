"""Documenting endpoints: what @extend_schema is given, said once."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from pydantic import BaseModel

from arena.api.bulk import JSON, NDJSON
from arena.api.serializers.common import BulkError, Error

_QUERY = {
    "limit": "rows on a page, 1 to 1000; 100 if left out",
    "cursor": "a place in the list; taken from `next` or `previous`",
    "category": "only of prompts of this category",
    "language": "only of prompts in this language",
    "tag": "only of prompts with this tag",
    "prompt": "only of the prompt with this id",
    "competitor": "only of the competitor with this name",
    "judge": "only of the judge with this name",
}
_KEY = OpenApiParameter(
    "Idempotency-Key",
    location=OpenApiParameter.HEADER,
    description="any text of yours; a request sent again with it is answered again, and done once",
)


_WHY = {
    400: "The request is not valid; `fields` or `errors` says where.",
    401: "There is no valid token.",
    403: "The token may only read, or the role in the project does not suffice.",
    404: "There is no such project, or the token may not know of it.",
    409: "Not possible in the present state, or the Idempotency-Key was used for something else.",
    413: "The body is too large; the message says how large it may be, and what to do instead.",
    415: "Content-Type or Content-Encoding is not one of those taken here.",
}


def responses(success: Any, *more: int, bulk: bool = False) -> dict[int, Any]:
    """`success` under 200 (a mapping names other statuses), and the errors that may come."""
    errors: dict[int, Any] = {
        status: OpenApiResponse(BulkError if bulk and status == 400 else Error, _WHY[status])
        for status in (400, 401, 403, *more)
    }
    return errors | (success if isinstance(success, dict) else {200: success})


def query(*names: str) -> list[OpenApiParameter]:
    """Parameters of a list: these filters, `limit` and `cursor`."""
    return [
        OpenApiParameter(
            name,
            int if name == "limit" else str,
            description=_QUERY.get(name, f"only of this {name}"),
        )
        for name in (*names, "limit", "cursor")
    ]


def idempotent() -> list[OpenApiParameter]:
    """The header of a POST."""
    return [_KEY]


def upload_body(many: type[BaseModel], one: type[BaseModel]) -> dict[str, Any]:
    """The request of a bulk upload: `many` is one record or an array, `one` is a line."""
    return {JSON: many, NDJSON: one}
