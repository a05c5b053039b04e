"""The JSON of small requests (`request.data`), as strict as that of bulk uploads."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Mapping
from typing import IO, Any, cast

from django.http import HttpRequest
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.parsers import BaseParser

from arena.api.exceptions import TooLarge
from arena.common.strictjson import JsonError, loads

MAX_DOCUMENT = 16 * 1024 * 1024


class StrictJson(BaseParser):
    """One JSON document of bounded length, plain or gzipped."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        request: HttpRequest = cast("Any", parser_context)["request"]
        return document(decoded(stream, request))


def decoded(stream: IO[bytes], request: HttpRequest) -> IO[bytes]:
    """The body as its Content-Encoding says. Raises UnsupportedMediaType for others than gzip."""
    encoding = request.META.get("HTTP_CONTENT_ENCODING", "identity").strip().lower()
    if encoding in {"", "identity"}:
        return stream
    if encoding in {"gzip", "x-gzip"}:
        return cast("IO[bytes]", gzip.GzipFile(fileobj=stream, mode="rb"))
    raise UnsupportedMediaType(encoding, "Content-Encoding is gzip or left out.")


def document(stream: IO[bytes], too_large: str = "") -> Any:
    """Parse one JSON document. Raises TooLarge (with this advice) and ParseError."""
    try:
        text = stream.read(MAX_DOCUMENT + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise ParseError("The gzip data is damaged or ends early.") from None
    if len(text) > MAX_DOCUMENT:
        limit = f"A JSON document has at most {MAX_DOCUMENT // 2**20} MiB."
        raise TooLarge(f"{limit} {too_large}".strip())
    try:
        return loads(text)
    except JsonError as error:
        at = f"{error.field} " if error.field else "The body "
        raise ParseError(f"{at}{error.message}.") from None
