from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest

from arena.common.errors import InvalidInput
from arena.common.strictjson import JsonError
from arena.datasets.jsonl import MAX_LINE, parse_lines, records_of
from arena.datasets.records import CompetitorRecord


def test_lines_are_numbered_as_in_the_file() -> None:
    text = b'\xef\xbb\xbf{"a": 1}\r\n\n  \n{"a": 2}\n{"a": 3}'

    assert list(parse_lines(io.BytesIO(text))) == [(1, {"a": 1}), (4, {"a": 2}), (5, {"a": 3})]


def test_a_faulty_line_does_not_end_the_stream() -> None:
    [(_, first), (two, fault), (three, last)] = parse_lines(io.BytesIO(b'1\n{"a": }\n3\n'))

    assert (first, last, two, three) == (1, 3, 2, 3)
    assert isinstance(fault, JsonError)


def test_a_line_that_is_too_long_is_a_fault_of_that_line() -> None:
    text = b"1\n" + b'"' + b"x" * (3 * MAX_LINE) + b'"\n3\n'

    [(_, _), (two, fault), (three, last)] = parse_lines(io.BytesIO(text))

    assert (two, three, last) == (2, 3, 3)
    assert isinstance(fault, JsonError)
    assert fault.message == "is longer than 16 MiB"


@pytest.mark.parametrize("damage", ["cut", "flipped", "plain"])
def test_damaged_gzip_is_said_to_be_damaged(damage: str) -> None:
    whole = gzip.compress(b'{"a": 1}\n' * 10_000)
    middle = len(whole) // 2
    data = {
        "cut": whole[:middle],
        "flipped": whole[:middle] + bytes([whole[middle] ^ 255]) + whole[middle + 1 :],
        "plain": b'{"a": 1}\n',
    }[damage]

    with pytest.raises(InvalidInput, match="gzip"):
        list(parse_lines(gzip.GzipFile(fileobj=io.BytesIO(data))))


def test_a_file_is_read_plain_and_gzipped(tmp_path: Path) -> None:
    text = b'{"name": "owl"}\n{"name": "fox"}\n'
    (tmp_path / "a.jsonl").write_bytes(text)
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(text))

    for name in ("a.jsonl", "b.jsonl.gz"):
        path = tmp_path / name
        progress: list[int] = []
        read = list(records_of(path, CompetitorRecord).open(progress.append))
        assert [(line, record.name) for line, record in read] == [(1, "owl"), (2, "fox")]
        assert progress[-1] == path.stat().st_size
