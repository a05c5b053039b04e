"""Writing competitors."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from arena.datasets.records import CompetitorRecord
from arena.models import Competitor, Project
from arena.services.counts import Counts
from arena.services.upserts import Upsert


def upsert_competitors(project: Project, records: Iterable[tuple[int, CompetitorRecord]]) -> Counts:
    """Create or replace competitors by their names, all or nothing.

    `version_of` names a competitor of the project or of the same request, in any order. Raises
    BulkInvalid, also when versions would go in a circle.
    """
    return _Competitors(project).run(records)


def ensure_competitors(project: Project, names: Collection[str]) -> dict[str, int]:
    """{name: id} of the competitors with these names; those that are new are created."""
    found = _ids(project, names)
    new = [Competitor(project=project, name=name) for name in sorted(set(names) - found.keys())]
    Competitor.objects.bulk_create(new)
    return found | {row.name: row.pk for row in new}


def _ids(project: Project, names: Collection[str]) -> dict[str, int]:
    return dict(project.competitors.filter(name__in=names).values_list("name", "pk"))


class _Competitors(Upsert[CompetitorRecord, Competitor]):
    """Versions are linked at the end, when all that may be named exist."""

    model = Competitor
    noun = "competitor"
    key_field = "name"
    fields = ("metadata", "parent")
    columns = ("metadata",)

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        self._parents: dict[str, tuple[int, str | None]] = {}

    def rows(self, batch: Sequence[tuple[int, CompetitorRecord]]) -> list[tuple[int, Competitor]]:
        rows = []
        for line, record in batch:
            row = Competitor(project=self.project, name=record.name, metadata=record.metadata)
            _note_parent(row, record.version_of)
            self._parents[record.name] = (line, record.version_of)
            rows.append((line, row))
        return rows

    def key(self, row: Competitor) -> str:
        return row.name

    def stored(self, rows: Collection[Competitor]) -> Iterable[Competitor]:
        names = {row.name for row in rows}
        found = list(self.project.competitors.filter(name__in=names).select_related("version_of"))
        for row in found:
            _note_parent(row, row.version_of.name if row.version_of else None)
        return found

    def finish(self) -> None:
        field = self.project.competitors.select_related("version_of")
        parents = {row.name: row.version_of.name if row.version_of else None for row in field}
        wanted = {name: parent for name, (_, parent) in self._parents.items()}
        self._check(parents | wanted)
        self.faults.raise_if_any()
        by_name = {row.name: row for row in field}
        changed = [by_name[name] for name in wanted if parents[name] != wanted[name]]
        for row in changed:
            parent = wanted[row.name]
            row.version_of = by_name[parent] if parent else None
        Competitor.objects.bulk_update(changed, ["version_of"], batch_size=200)

    def _check(self, parents: dict[str, str | None]) -> None:
        for name, (line, parent) in self._parents.items():
            if parent is not None and parent not in parents:
                self.faults.add(line, "version_of", f"no competitor is called {parent!r}")
            elif _goes_in_a_circle(name, parents):
                self.faults.add(line, "version_of", "the versions would go in a circle")


def _note_parent(row: Competitor, parent: str | None) -> None:
    """Keep the name beside the row, for comparing: the id may not be known yet."""
    row.parent = parent  # type: ignore[attr-defined]


def _goes_in_a_circle(name: str, parents: dict[str, str | None]) -> bool:
    seen = set()
    current: str | None = name
    while current is not None and current not in seen:
        seen.add(current)
        current = parents.get(current)
    return current is not None
