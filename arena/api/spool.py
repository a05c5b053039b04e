"""Request bodies on disk, so that an upload of any length needs little memory."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, Protocol, cast

from django.http import HttpRequest
from rest_framework.exceptions import ParseError

from arena.api.exceptions import LengthRequired, TooLarge

MAX_UPLOAD = 2 * 1024**3
IN_MEMORY = 1024**2
CHUNK = 256 * 1024


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True)
class Spool:
    """The body as it was sent (still gzipped if it was), rewound, and its SHA-256."""

    file: IO[bytes]
    sha256: str


@contextmanager
def spooled(request: HttpRequest) -> Iterator[Spool]:
    """The body of the request, small ones in memory, large ones in a file that vanishes.

    The request can be read again afterwards. Inside another `spooled` of the same request this
    gives the same file, rewound. Raises TooLarge, and ParseError when the body ended early: half
    of an upload may look like a whole one.
    """
    outer: Spool | None = getattr(request, "spool", None)
    if outer is not None:
        outer.file.seek(0)
        yield outer
        return
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as file:
        spool = Spool(cast("IO[bytes]", file), _copy(request, cast("IO[bytes]", file)))
        hand_on = cast("Any", request)
        hand_on.spool, hand_on._stream, hand_on._read_started = spool, file, False
        try:
            yield spool
        finally:
            hand_on.spool = None


def _copy(request: HttpRequest, file: IO[bytes]) -> str:
    declared = request.META.get("CONTENT_LENGTH") or None
    source = request if declared else _unchunked(request)
    sha256 = hashlib.sha256()
    length = 0
    while chunk := source.read(CHUNK):
        length += len(chunk)
        if length > MAX_UPLOAD:
            raise TooLarge(f"An upload has at most {MAX_UPLOAD // 1024**3} GiB; send several.")
        sha256.update(chunk)
        file.write(chunk)
    if declared and str(length) != declared.strip().lstrip("0").rjust(1, "0"):
        raise ParseError("The body ended early; nothing was written.")
    file.seek(0)
    return sha256.hexdigest()


def _unchunked(request: HttpRequest) -> _Readable:
    """The body of a request without Content-Length, which Django takes to be empty."""
    if "HTTP_TRANSFER_ENCODING" not in request.META or "wsgi.input" not in request.META:
        return request
    if not request.META.get("wsgi.input_terminated"):
        raise LengthRequired
    return cast("_Readable", request.META["wsgi.input"])
