"""Cursor pages: `{"results": [...], "next": url | null, "previous": url | null}`."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from pydantic import BaseModel
from rest_framework.exceptions import NotFound as BadCursor
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from arena.common.errors import InvalidInput

MAX_LIMIT = 1000
_PAGING = ("limit", "cursor")

M = TypeVar("M", bound=Model)


class CursorPages(CursorPagination):
    """Pages by id, oldest first: stable while rows are added, and as fast at the end as before.

    Query: `limit` (1 to 1000, default 100) and the `cursor` of a link.
    """

    page_size = 100
    max_page_size = MAX_LIMIT
    page_size_query_param = "limit"
    ordering = "id"

    def get_page_size(self, request: Request) -> int:
        asked = request.query_params.get("limit")
        if asked is None:
            return self.page_size
        if not re.fullmatch("[0-9]{1,4}", asked) or not 1 <= int(asked) <= MAX_LIMIT:
            raise InvalidInput(
                "the limit is not valid", {"limit": f"must be a number from 1 to {MAX_LIMIT}"}
            )
        return int(asked)

    def decode_cursor(self, request: Request) -> Cursor | None:
        wrong = InvalidInput("the cursor is not valid", {"cursor": "take it from a link as it is"})
        try:
            cursor = super().decode_cursor(request)
        except BadCursor:
            raise wrong from None
        position = cursor.position if cursor else None
        if position is not None and not re.fullmatch("[0-9]{1,18}", str(position)):
            raise wrong
        return cursor

    def get_paginated_response(self, data: Any) -> Response:
        return Response(
            {"results": data, "next": self.get_next_link(), "previous": self.get_previous_link()}
        )


def page(request: Request, rows: QuerySet[M], shape: Callable[[M], BaseModel]) -> Response:
    """The page of `rows` that the request asks for, each in its shape."""
    return page_at_once(request, rows, lambda found: map(shape, found))


def page_at_once(
    request: Request, rows: QuerySet[M], shapes: Callable[[Sequence[M]], Iterable[BaseModel]]
) -> Response:
    """The same for rows whose shapes are found together, by few queries."""
    pages = CursorPages()
    found = pages.paginate_queryset(rows, request) or []
    return pages.get_paginated_response([one.model_dump(mode="json") for one in shapes(found)])


def filters(request: Request, names: Collection[str]) -> dict[str, str]:
    """The filters of a list that the query gives. InvalidInput for one that does not exist:
    passed over, a misspelt filter would look like a list of everything."""
    given = request.query_params.dict()
    faults = {name: "is not a filter here" for name in given if name not in {*names, *_PAGING}}
    faults |= {name: "holds a NUL character" for name in given if "\x00" in given[name]}
    if faults:
        known = ", ".join([*names, *_PAGING])
        raise InvalidInput(f"the query is not valid; it may have: {known}", faults)
    return {name: given[name] for name in names if name in given}
