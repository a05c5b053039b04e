from __future__ import annotations

import gzip
import io
import json
import tempfile
import tracemalloc
from collections.abc import Iterable
from typing import Any

import pytest
from django.test import RequestFactory
from rest_framework.request import Request
from rest_framework.test import APIClient

from arena.api import bulk, spool
from arena.api.bulk import NDJSON, upload
from arena.api.parsers import MAX_DOCUMENT
from arena.datasets.records import OutputRecord
from arena.models import Competitor, Output, Project, Prompt
from arena.services.counts import Counts

PROMPTS = "/api/v1/projects/haiku/prompts"


def post(api: APIClient, body: bytes, content_type: str = NDJSON, **headers: str) -> Any:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return api.generic("POST", PROMPTS, body, content_type=content_type, headers=names)


def line(name: str) -> bytes:
    return json.dumps({"id": name, "text": "Why?"}).encode() + b"\n"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (line("p1"), "application/json"),
        (b"[" + line("p1") + b"," + line("p2") + b"]", "application/json"),
        (line("p1"), "application/json; charset=utf-8"),
        (line("p1") + line("p2"), NDJSON),
        (line("p1") + line("p2").strip(), "application/jsonl; charset=UTF-8"),
        (b"\n\n" + line("p1") + b"\r\n", NDJSON),
        (b"", NDJSON),
        (b"[]", "application/json"),
    ],
)
@pytest.mark.parametrize("zipped", [False, True])
def test_all_forms_of_an_upload(
    project: Project, api: APIClient, body: bytes, content_type: str, zipped: bool
) -> None:
    headers = {"Content_Encoding": "gzip"} if zipped else {}
    response = post(api, gzip.compress(body) if zipped else body, content_type, **headers)

    assert response.status_code == 200
    assert response.json()["created"] == body.count(b"Why?")


@pytest.mark.parametrize(
    ("bad", "field", "message"),
    [
        (b'{"id": "p2", "text": "\xff"}', "", "is not UTF-8"),
        (b'{"id": "p2", "text": "\\ud800"}', "", "surrogate"),
        (b'{"id": "p2", "text": "a\\u0000b"}', "text", "NUL"),
        (b'{"id": "p2", "text": "a\x00b"}', "", "not valid JSON"),
        (b'{"id": "p2", "text": "x", "n": NaN}', "", "not valid JSON"),
        (b'{"id": "p2", "text": "x", "n": 1e999}', "n", "too large"),
        (b'{"id": "p2", "text": "x"', "", "not valid JSON"),
        (b"[" * 100_000, "", "recursion"),
        (b'["p2"]', "", "must be a JSON object"),
        (b"null", "", "must be a JSON object"),
        (b'{"id": "p2"}', "text", "is missing"),
        (b'{"id": "p1", "text": "Again?"}', "id", "on line 1 already"),
        (b'{"id": {"$ne": 1}, "text": "x"}', "id", "must be text"),
    ],
)
def test_a_hostile_line_is_named_and_nothing_is_written(
    project: Project, api: APIClient, bad: bytes, field: str, message: str
) -> None:
    response = post(api, line("p1") + b"\n" + bad + b"\n" + line("p4"))

    assert response.status_code == 400
    body = response.json()
    assert (body["code"], body["fields"]) == ("invalid_lines", {})
    [fault] = body["errors"]
    assert (fault["line"], fault["field"]) == (3, field)
    assert message in fault["message"]
    assert not Prompt.objects.exists()


def test_items_of_an_array_are_numbered(project: Project, api: APIClient) -> None:
    response = post(api, b"[" + line("p1") + b', {"id": "p2"}]', "application/json")

    assert response.json()["errors"] == [
        {"line": 2, "field": "text", "message": "is missing: a prompt has `text` or `messages`"}
    ]


def test_a_hundred_faults_are_named(project: Project, api: APIClient) -> None:
    response = post(api, b"{}\n" * 5000)

    assert len(response.json()["errors"]) == 100
    assert "100 or more" in response.json()["message"]


def test_a_faulty_line_999_leaves_the_database_as_it_was(project: Project, api: APIClient) -> None:
    post(api, line("p0"))
    before = list(Prompt.objects.values())
    lines = [line(f"p{number}") for number in range(3000)]
    lines[0] = b'{"id": "p0", "text": "Changed?"}\n'
    lines[998] = b'{"id": "p998", "text": 5}\n'

    response = post(api, b"".join(lines))

    assert [fault["line"] for fault in response.json()["errors"]] == [999]
    assert list(Prompt.objects.values()) == before


@pytest.mark.parametrize(
    ("body", "content_type", "encoding", "status", "words"),
    [
        (b"x", "text/csv", "", 415, "application/x-ndjson"),
        (b"x", "", "", 415, "application/x-ndjson"),
        (b"a=1", "application/x-www-form-urlencoded", "", 415, "application/json"),
        (b"x", NDJSON, "br", 415, "gzip"),
        (b"{}", "application/json; charset=latin-1", "", 415, "UTF-8"),
        (b"not gzip", NDJSON, "gzip", 400, "gzip"),
        (gzip.compress(b"\n" * 999, mtime=0)[:-9], NDJSON, "gzip", 400, "gzip"),
        (gzip.compress(b"[{}]" * 999, mtime=0)[:-9], "application/json", "gzip", 400, "gzip"),
        (b"", "application/json", "", 400, "JSON"),
        (b'"text"', "application/json", "", 400, "object"),
        (b"[{}", "application/json", "", 400, "JSON"),
        (b"[" + b" " * MAX_DOCUMENT + b"]", "application/json", "", 413, "x-ndjson"),
        (
            gzip.compress(b"[" + b" " * MAX_DOCUMENT, mtime=0),
            "application/json",
            "gzip",
            413,
            "x-ndjson",
        ),
    ],
)
def test_bodies_that_cannot_be_read(
    project: Project,
    api: APIClient,
    body: bytes,
    content_type: str,
    encoding: str,
    status: int,
    words: str,
) -> None:
    response = post(api, body, content_type, **({"Content_Encoding": encoding} if encoding else {}))

    assert response.status_code == status
    assert words in response.json()["message"]


def test_an_upload_that_ends_early_is_refused(project: Project, api: APIClient) -> None:
    """Cut after a whole line it would look complete."""
    response = api.generic(
        "POST",
        PROMPTS,
        b"",
        content_type=NDJSON,
        CONTENT_LENGTH=str(2 * len(line("p1"))),
        **{"wsgi.input": io.BytesIO(line("p1"))},
    )

    assert response.status_code == 400
    assert not Prompt.objects.exists()


def chunked(api: APIClient, **environ: Any) -> Any:
    return api.generic(
        "POST",
        PROMPTS,
        b"",
        content_type=NDJSON,
        CONTENT_LENGTH="",
        HTTP_TRANSFER_ENCODING="chunked",
        **{"wsgi.input": io.BytesIO(line("p1")), **environ},
    )


def test_a_chunked_upload_is_read_where_the_server_can(project: Project, api: APIClient) -> None:
    assert chunked(api, **{"wsgi.input_terminated": True}).json()["created"] == 1


def test_a_chunked_upload_is_refused_where_it_cannot(project: Project, api: APIClient) -> None:
    assert chunked(api).status_code == 411


def test_the_upload_is_bounded_packed_and_unpacked(
    project: Project, api: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = b"".join(line(f"p{number}") for number in range(5000))
    monkeypatch.setattr(bulk, "MAX_UPLOAD", 100_000)
    packed = post(api, gzip.compress(body), Content_Encoding="gzip")
    monkeypatch.setattr(spool, "MAX_UPLOAD", 100_000)
    plain = post(api, body)

    assert (packed.status_code, plain.status_code) == (413, 413)
    assert not Prompt.objects.exists()


def test_the_spool_hands_the_same_body_to_all_who_ask() -> None:
    request = RequestFactory().post("/", b"abc", content_type=NDJSON)

    with spool.spooled(request) as outer:
        assert outer.file.read() == b"abc"
        with spool.spooled(request) as inner:
            assert inner is outer
            assert inner.file.read() == b"abc"
        outer.file.seek(0)
        assert request.read() == b"abc"


def outputs(count: int) -> bytes:
    """Gzipped JSON lines of `count` outputs to ten prompts, about 600 bytes each."""
    with tempfile.TemporaryFile() as file:
        with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=1) as packed:
            for number in range(count):
                row = {"prompt": f"p{number % 10}", "competitor": f"c{number % 1000 // 10}"}
                text = f"{number:x} " * 100
                packed.write(
                    json.dumps({**row, "sample": number // 1000, "text": text}).encode() + b"\n"
                )
        file.seek(0)
        return file.read()


def test_a_hundred_thousand_outputs_in_one_request(project: Project, api: APIClient) -> None:
    asked = [{"role": "user", "content": "Why?"}]
    Prompt.objects.bulk_create(
        Prompt(project=project, key=f"p{number}", messages=asked) for number in range(10)
    )

    response = api.generic(
        "POST",
        "/api/v1/projects/haiku/outputs",
        outputs(100_000),
        content_type=NDJSON,
        headers={"Content-Encoding": "gzip"},
    )

    assert response.json() == {"created": 100_000, "updated": 0, "unchanged": 0}
    assert (Output.objects.count(), Competitor.objects.count()) == (100_000, 100)


def test_reading_a_hundred_thousand_outputs_needs_little_memory() -> None:
    """Spooling and validating: 60 MB of text must not be held at once."""
    body = outputs(100_000)
    request = RequestFactory().generic(
        "POST", "/", body, content_type=NDJSON, headers={"Content-Encoding": "gzip"}
    )
    seen = 0

    def count(records: Iterable[tuple[int, OutputRecord]]) -> Counts:
        nonlocal seen
        seen = sum(1 for _ in records)
        return Counts()

    tracemalloc.start()
    try:
        upload(Request(request), OutputRecord, count)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert seen == 100_000
    assert peak < 10_000_000
