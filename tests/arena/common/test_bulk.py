from __future__ import annotations

from collections.abc import Iterator

import pytest

from arena.common.bulk import BATCH_ROWS, MAX_FAULTS, Faults, batches
from arena.common.errors import BulkInvalid, LineError


def test_faults_come_in_the_order_of_lines() -> None:
    faults = Faults()
    faults.add(7, "b", "bad")
    faults.add(2, "a", "worse")

    with pytest.raises(BulkInvalid) as caught:
        faults.raise_if_any()

    assert caught.value.errors == [LineError(2, "a", "worse"), LineError(7, "b", "bad")]


def test_no_faults_raise_nothing() -> None:
    faults = Faults()
    faults.raise_if_any()

    assert not faults


def test_the_fault_after_the_hundredth_ends_it() -> None:
    faults = Faults()
    for line in range(1, MAX_FAULTS + 1):
        faults.add(line, "a", "bad")

    with pytest.raises(BulkInvalid, match="100 or more") as caught:
        faults.add(101, "a", "bad")

    assert [error.line for error in caught.value.errors] == list(range(1, 101))


def test_a_repeated_key_names_the_first_line() -> None:
    faults = Faults()

    assert not faults.is_repeated("k", 3, "id", "this prompt")
    assert not faults.is_repeated("l", 4, "id", "this prompt")
    assert faults.is_repeated("k", 9, "id", "this prompt")
    with pytest.raises(BulkInvalid) as caught:
        faults.raise_if_any()
    assert caught.value.errors == [LineError(9, "id", "this prompt is on line 3 already")]


def test_the_faults_of_a_reader_join_those_of_the_service() -> None:
    def reader() -> Iterator[int]:
        yield from (1, 2)
        raise BulkInvalid([LineError(1, "a", "unreadable")])

    faults = Faults()
    for number in faults.watch(reader()):
        if number == 2:
            faults.add(2, "b", "unknown")

    with pytest.raises(BulkInvalid) as caught:
        faults.raise_if_any()
    assert [error.line for error in caught.value.errors] == [1, 2]


def test_batches_are_bounded_by_rows_and_by_text() -> None:
    many = list(enumerate(["x"] * (2 * BATCH_ROWS + 1), start=1))
    long = list(enumerate(["x" * 5_000_000] * 3, start=1))

    assert [len(batch) for batch in batches(many, len)] == [BATCH_ROWS, BATCH_ROWS, 1]
    assert [len(batch) for batch in batches(long, len)] == [2, 1]
    assert [item for batch in batches(many, len) for item in batch] == many
