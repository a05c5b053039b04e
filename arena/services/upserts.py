"""The engine of all bulk writes: a stream of records in, rows created or replaced, or nothing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Hashable, Iterable, Sequence
from typing import ClassVar, Generic, TypeVar

from django.db import connection, transaction
from django.db.models import Model, Q

from arena.common.bulk import Faults, batches
from arena.common.errors import NotFound
from arena.common.planner import refresh_statistics
from arena.datasets.records import Record
from arena.models import Comparison, Project
from arena.services.counts import Counts

R = TypeVar("R", bound=Record)
M = TypeVar("M", bound=Model)


class Upsert(ABC, Generic[R, M]):
    """Write records by the client's own keys: a new key makes a row, a known one replaces it.

    All or nothing: the whole stream is read, then BulkInvalid names every faulty line (the first
    hundred). A row is changed when one of `fields` differs; then `columns` are written. Fields in
    `frozen` are what judgments rest on: they may not change once the row has been compared.
    """

    model: ClassVar[type[Model]]
    noun: ClassVar[str]
    key_field: ClassVar[str]
    fields: ClassVar[tuple[str, ...]]
    columns: ClassVar[tuple[str, ...]]
    frozen: ClassVar[tuple[str, ...]] = ()
    remedy: ClassVar[str] = ""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.faults = Faults()
        self.counts = Counts()
        self._batch: dict[int, R] = {}

    @abstractmethod
    def rows(self, batch: Sequence[tuple[int, R]]) -> list[tuple[int, M]]:
        """The records as unsaved rows; what cannot be resolved is noted as a fault."""

    @abstractmethod
    def key(self, row: M) -> Hashable:
        """What makes the row the same as one that is stored."""

    @abstractmethod
    def stored(self, rows: Collection[M]) -> Iterable[M]:
        """The stored rows that have the keys of `rows`."""

    def compared(self, pks: Collection[int]) -> set[int]:
        """Which of the rows have been compared; asked only where something is frozen."""
        raise NotImplementedError

    def fault(self, line: int, field: str, message: str) -> None:
        """Note a fault of the present batch at the field's name that its sender used."""
        self.faults.add(line, self._batch[line].sent_as(field), message)

    def finish(self) -> None:
        """Called when all rows are written, inside the transaction."""

    def run(self, records: Iterable[tuple[int, R]]) -> Counts:
        """Write all records in one transaction. Raises BulkInvalid; NotFound if the project went.

        Uploads to one project go one after the other, so that none sees half of another.
        """
        with transaction.atomic():
            locked = Project.objects.select_for_update(no_key=True).filter(pk=self.project.pk)
            if not locked.exists():
                raise NotFound(f"project {self.project.slug!r} was deleted")
            for batch in batches(self.faults.watch(records), lambda record: record.characters):
                self._batch = dict(batch)
                self._write(self._distinct(self.rows(batch)))
            self.faults.raise_if_any()
            self.finish()
            self.faults.raise_if_any()
            refresh_statistics(self.model, rows=self.counts.created)
        return self.counts

    def _distinct(self, rows: list[tuple[int, M]]) -> list[tuple[int, M]]:
        return [
            (line, row)
            for line, row in rows
            if not self.faults.is_repeated(
                self.key(row), line, self._batch[line].sent_as(self.key_field), f"this {self.noun}"
            )
        ]

    def _write(self, rows: list[tuple[int, M]]) -> None:
        known = {self.key(row): row for row in self.stored([row for _, row in rows])}
        new, changed = [], []
        for line, row in rows:
            old = known.get(self.key(row))
            if old is None:
                new.append(row)
            elif names := [name for name in self.fields if _differs(old, row, name)]:
                row.pk = old.pk
                changed.append((line, row, names))
        self._refuse_frozen(changed)
        if self.faults:
            return
        self.model._default_manager.bulk_create(new)
        self._replace([row for _, row, _ in changed])
        self.counts.created += len(new)
        self.counts.updated += len(changed)
        self.counts.unchanged += len(rows) - len(new) - len(changed)

    def _replace(self, rows: list[M]) -> None:
        """One INSERT .. ON CONFLICT (id) DO UPDATE: ten times as fast as bulk_update."""
        if rows:
            self.model._default_manager.bulk_create(
                rows, update_conflicts=True, unique_fields=["id"], update_fields=self.columns
            )

    def _refuse_frozen(self, changed: list[tuple[int, M, list[str]]]) -> None:
        touched = [(line, row, set(names) & set(self.frozen)) for line, row, names in changed]
        touched = [item for item in touched if item[2]]
        if not touched:
            return
        pks = [row.pk for _, row, _ in touched]
        # The lock keeps new comparisons of these rows out until the change is committed.
        list(self.model._default_manager.select_for_update().filter(pk__in=pks).values_list("pk"))
        compared = self.compared(pks)
        for line, row, names in touched:
            if row.pk in compared:
                for name in sorted(names):
                    self.fault(line, name, f"was judged already; {self.remedy}")


def _differs(old: Model, new: Model, name: str) -> bool:
    return bool(getattr(old, name) != getattr(new, name))


def rows_by_key(
    model: type[M], columns: Sequence[str], keys: Collection[tuple[int, ...]]
) -> list[M]:
    """The rows whose `columns` equal one of `keys`: exact for composite keys, by the index.

    Two `IN` filters instead would fetch the product of all values.
    """
    if not keys:
        return []
    quote = connection.ops.quote_name
    # Both databases name the columns of VALUES column1, column2, ...
    match = " AND ".join(
        f"row.{quote(name)} = wanted.column{n}" for n, name in enumerate(columns, start=1)
    )
    one = "(" + ", ".join(["%s"] * len(columns)) + ")"
    values = ", ".join([one] * len(keys))
    sql = (
        f"SELECT row.* FROM (VALUES {values}) AS wanted"  # noqa: S608  # names from code only
        f" JOIN {quote(model._meta.db_table)} AS row ON {match}"
    )
    return list(model._default_manager.raw(sql, [part for key in keys for part in key]))


def outputs_compared(pks: Collection[int]) -> set[int]:
    """Those of the outputs that are in a comparison."""
    rows = Comparison.objects.filter(Q(output_a__in=pks) | Q(output_b__in=pks))
    return {pk for pair in rows.values_list("output_a_id", "output_b_id") for pk in pair}
