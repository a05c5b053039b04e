"""Bulk uploads: one object, an array, or JSON lines; gzip accepted; read as a stream.

The body is spooled first, so that the transaction lasts as long as the work and not as long as
the sender's connection needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import IO, TypeVar

from django.utils.http import parse_header_parameters
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.response import Response

from arena.api.exceptions import TooLarge
from arena.api.parsers import decoded, document
from arena.api.spool import MAX_UPLOAD, spooled
from arena.datasets.jsonl import Lines, parse_lines
from arena.datasets.records import Record, validated
from arena.services.counts import Counts

JSON = "application/json"
NDJSON = "application/x-ndjson"
_LINES = {NDJSON, "application/ndjson", "application/jsonl", "application/x-jsonlines"}

R = TypeVar("R", bound=Record)


def upload(
    request: Request, model: type[R], write: Callable[[Iterable[tuple[int, R]]], Counts]
) -> Response:
    """Hand the records of the body to `write` and answer with its counts.

    Records are numbered by line, or by item of an array. Raises BulkInvalid for faulty records,
    TooLarge, ParseError and UnsupportedMediaType.
    """
    media_type = _media_type(request)
    with spooled(request._request) as spool:
        body = decoded(spool.file, request._request)
        items = parse_lines(_Bounded(body)) if media_type in _LINES else _items(body)
        counts = write(validated(items, model))
    return Response(counts.as_dict())


def _media_type(request: Request) -> str:
    media_type, parameters = parse_header_parameters(request.content_type or "")
    if media_type not in {JSON, *_LINES}:
        raise UnsupportedMediaType(media_type, f"Content-Type is {JSON} or {NDJSON}.")
    if parameters.get("charset", "utf-8").lower() not in {"utf-8", "utf8"}:
        raise UnsupportedMediaType(media_type, "The charset is UTF-8.")
    return str(media_type)


def _items(body: IO[bytes]) -> Iterator[tuple[int, object]]:
    advice = f"Send many records as JSON lines: Content-Type: {NDJSON}."
    value = document(body, too_large=advice)
    if not isinstance(value, dict | list):
        raise ParseError("The body must be a JSON object or an array of objects.")
    return enumerate(value if isinstance(value, list) else [value], start=1)


class _Bounded:
    """Lines of bounded total length: a small gzip file can unpack to anything."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._left = MAX_UPLOAD

    def readline(self, size: int, /) -> bytes:
        line = self._lines.readline(size)
        self._left -= len(line)
        if self._left < 0:
            raise TooLarge(
                f"An upload unpacks to at most {MAX_UPLOAD // 1024**3} GiB; send several."
            )
        return line
