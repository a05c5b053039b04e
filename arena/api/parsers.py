"""The JSON of small requests (`request.data`), as strict as that of bulk uploads."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Mapping
from typing import IO, Any, cast

from django.http import HttpRequest
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.parsers import BaseParser

from arena.api.exceptions import TooLarge
from arena.common.strictjson import JsonError, loads

GZIP_MAGIC = b"\x1f\x8b"
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
        head = stream.read(len(GZIP_MAGIC))
        # A .gz file sent as it is: no JSON begins with these bytes.
        whole = io.BufferedReader(cast("Any", _Prefixed(head, stream)))
        return cast("IO[bytes]", gzip.GzipFile(fileobj=whole)) if head == GZIP_MAGIC else whole
    if encoding in {"gzip", "x-gzip"}:
        return cast("IO[bytes]", gzip.GzipFile(fileobj=stream, mode="rb"))
    raise UnsupportedMediaType(encoding, "Content-Encoding is gzip or left out.")


class _Prefixed(io.RawIOBase):
    """A stream with the bytes back in front that were read to look at them."""

    def __init__(self, head: bytes, rest: IO[bytes]) -> None:
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._head:
            part, self._head = self._head[: len(buffer)], self._head[len(buffer) :]
        else:
            part = self._rest.read(len(buffer))
        buffer[: len(part)] = part
        return len(part)


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
