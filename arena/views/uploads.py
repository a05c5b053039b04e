"""Uploading files of JSON lines: one page for all sorts of records."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Any, Generic, TypeVar, cast

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from pydantic import AliasChoices

from arena.common.errors import BulkInvalid, InvalidInput
from arena.datasets.jsonl import parse_lines
from arena.datasets.records import Record, validated
from arena.forms import UploadForm
from arena.models import Project
from arena.services.counts import Counts

MAX_UNPACKED = 2 * 1024**3
GZIP_MAGIC = b"\x1f\x8b"

R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Sort(Generic[R]):
    """A sort of record that can be uploaded. `name` is also the last part of its API address."""

    name: str
    about: str
    record: type[R]
    write: Callable[[Project, Iterable[tuple[int, R]]], Counts]
    example: str


@dataclass(frozen=True)
class Column:
    """A field of a record, for readers."""

    name: str
    required: bool
    description: str


def upload_page(request: HttpRequest, project: Project, sort: Sort[Any]) -> HttpResponse:
    """Show the form, or write a file: all of it, or nothing and a table of its faults."""
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    fault: InvalidInput | None = None
    if form.is_valid():
        try:
            counts = _write(project, sort, form.cleaned_data["file"])
        except InvalidInput as error:
            fault = error
        else:
            told = counts.in_words() or "the file held no record"
            messages.success(request, f"{sort.name.capitalize()}: {told}.")
            return redirect("prompts", project.slug)
    context = {
        "project": project,
        "sort": sort,
        "form": form,
        "fault": fault,
        "lines": fault.errors if isinstance(fault, BulkInvalid) else [],
        "columns": list(_columns(sort.record)),
        "origin": f"{request.scheme}://{request.get_host()}",
    }
    return render(request, "arena/upload.html", context, status=400 if form.is_bound else 200)


def _write(project: Project, sort: Sort[Any], upload: UploadedFile[Any]) -> Counts:
    file = cast("IO[bytes]", upload.file)
    zipped = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
    file.seek(0)
    if not zipped:
        return sort.write(project, validated(parse_lines(_Bounded(file)), sort.record))
    with gzip.GzipFile(fileobj=file) as unzipped:
        lines = _Bounded(cast("IO[bytes]", unzipped))
        return sort.write(project, validated(parse_lines(lines), sort.record))


class _Bounded:
    """Lines of bounded total length: a small gzip file can unpack to anything."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._left = MAX_UNPACKED

    def readline(self, size: int, /) -> bytes:
        line = self._file.readline(size)
        self._left -= len(line)
        if self._left < 0:
            raise InvalidInput("the file unpacks to more than 2 GiB: upload it in parts")
        return line


def _columns(record: type[Record]) -> Iterator[Column]:
    """The fields by the names that the API uses: needed ones first, metadata last."""
    fields = record.model_fields.items()
    for name, field in sorted(
        fields, key=lambda item: (item[0] == "metadata", not item[1].is_required())
    ):
        alias = field.validation_alias
        shown = str(alias.choices[0]) if isinstance(alias, AliasChoices) else name
        yield Column(shown, field.is_required(), (field.description or "").replace("`", ""))
