"""JSON lines, plain or gzipped, read as a stream of numbered records."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Generic, Protocol, TypeVar, cast

from arena.common.errors import InvalidInput
from arena.common.strictjson import JsonError, loads
from arena.datasets.records import Record, validated

MAX_LINE = 16 * 1024 * 1024
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

R = TypeVar("R", bound=Record)


class Lines(Protocol):
    """Bytes that can be read line by line."""

    def readline(self, size: int, /) -> bytes: ...


@dataclass(frozen=True)
class Source(Generic[R]):
    """A file of records. `open` starts a stream of (1-based line, record)."""

    path: Path
    open: Callable[[Callable[[int], object]], Iterator[tuple[int, R]]]
    """Takes a function that is told the number of bytes read, for a progress bar."""


def parse_lines(stream: Lines) -> Iterator[tuple[int, object]]:
    """Yield (1-based line, parsed JSON, or the JsonError that it turned out to be).

    Blank lines are passed over. Raises InvalidInput when gzipped data is damaged.
    """
    for number, line in _numbered(stream):
        if len(line) > MAX_LINE:
            yield number, JsonError(f"is longer than {MAX_LINE // 2**20} MiB")
        elif text := line.strip():
            try:
                yield number, loads(text)
            except JsonError as error:
                yield number, error


def _numbered(stream: Lines) -> Iterator[tuple[int, bytes]]:
    """The lines; of one that is too long the first MAX_LINE + 1 bytes."""
    number = 0
    while line := _read(stream):
        number += 1
        rest = line
        while len(rest) > MAX_LINE and not rest.endswith(b"\n"):
            rest = _read(stream)
        yield number, line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line


def _read(stream: Lines) -> bytes:
    try:
        return stream.readline(MAX_LINE + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise InvalidInput("the gzip data is damaged or ends early") from None


def records_of(path: Path, model: type[R]) -> Source[R]:
    """The records of a file; its name ends in .gz when it is gzipped."""

    def read(progress: Callable[[int], object]) -> Iterator[tuple[int, R]]:
        with ExitStack() as stack:
            raw = stack.enter_context(path.open("rb"))
            stream = _unzipped(raw, stack) if path.suffix == ".gz" else raw
            for line, record in validated(parse_lines(stream), model):
                progress(raw.tell())
                yield line, record

    return Source(path, read)


def _unzipped(raw: IO[bytes], stack: ExitStack) -> IO[bytes]:
    return cast("IO[bytes]", stack.enter_context(gzip.GzipFile(fileobj=raw)))
