"""What all bulk writes share: faults by line, batches of bounded size."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TypeVar

from arena.common.errors import BulkInvalid, LineError

MAX_FAULTS = 100
BATCH_ROWS = 1000
BATCH_CHARACTERS = 8_000_000

T = TypeVar("T")


class Faults:
    """The faults of one bulk write; gives up at the 101st, since one mistake is often on each line.

    True while there are any.
    """

    def __init__(self) -> None:
        self._errors: list[LineError] = []
        self._first_line: dict[Hashable, int] = {}

    def __bool__(self) -> bool:
        return bool(self._errors)

    def add(self, line: int, field: str, message: str) -> None:
        """Note a fault; BulkInvalid when there are too many to go on."""
        if len(self._errors) >= MAX_FAULTS:
            raise self._error(truncated=True)
        self._errors.append(LineError(line, field, message))

    def is_repeated(self, key: Hashable, line: int, field: str, what: str) -> bool:
        """Whether `key` came on an earlier line already, which is noted as a fault."""
        first = self._first_line.setdefault(key, line)
        if first == line:
            return False
        self.add(line, field, f"{what} is on line {first} already")
        return True

    def watch(self, records: Iterable[T]) -> Iterator[T]:
        """Pass on `records`; the BulkInvalid that ends them joins the faults found here.

        A reader yields the good records and, at its end, raises for the bad ones.
        """
        try:
            yield from records
        except BulkInvalid as error:
            for fault in error.errors:
                self.add(fault.line, fault.field, fault.message)
            if error.truncated:
                raise self._error(truncated=True) from None

    def raise_if_any(self) -> None:
        """Raise BulkInvalid with all faults in the order of lines."""
        if self._errors:
            raise self._error(truncated=False)

    def _error(self, truncated: bool) -> BulkInvalid:
        return BulkInvalid(sorted(self._errors, key=lambda fault: fault.line), truncated)


def batches(
    records: Iterable[tuple[int, T]], characters: Callable[[T], int]
) -> Iterator[list[tuple[int, T]]]:
    """Cut a stream into batches of bounded length and bounded total text."""
    batch: list[tuple[int, T]] = []
    total = 0
    for line, record in records:
        batch.append((line, record))
        total += characters(record)
        if len(batch) >= BATCH_ROWS or total >= BATCH_CHARACTERS:
            yield batch
            batch, total = [], 0
    if batch:
        yield batch
