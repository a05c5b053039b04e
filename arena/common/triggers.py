"""Invariants that no CHECK can express, as database triggers for SQLite and PostgreSQL.

SQLite drops a table's triggers when a later migration rebuilds the table; such a migration has to
install them again. A test looks for every trigger in the migrated database.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.migrations import RunPython


@dataclass(frozen=True)
class Trigger:
    """Refuse an `event` (e.g. "INSERT", "UPDATE") on `table` while `condition` holds.

    `condition` is SQL over NEW and OLD; `message` is the text of the error.
    """

    name: str
    table: str
    event: str
    condition: str
    message: str

    def install(self) -> RunPython:
        """Return the migration operation that creates (and, reversed, drops) the trigger."""

        def create(_apps: Any, schema_editor: Any) -> None:
            postgres = schema_editor.connection.vendor == "postgresql"
            for statement in self._postgres() if postgres else [self._sqlite()]:
                schema_editor.execute(statement)

        def drop(_apps: Any, schema_editor: Any) -> None:
            if schema_editor.connection.vendor == "postgresql":
                schema_editor.execute(f"DROP TRIGGER {self.name} ON {self.table}")
                schema_editor.execute(f"DROP FUNCTION {self.name}()")
            else:
                schema_editor.execute(f"DROP TRIGGER {self.name}")

        return RunPython(create, drop)

    def restore(self) -> RunPython:
        """Return the operation that puts the trigger back after SQLite rebuilt its table."""

        def create(_apps: Any, schema_editor: Any) -> None:
            if schema_editor.connection.vendor == "sqlite":
                schema_editor.execute(f"DROP TRIGGER IF EXISTS {self.name}")
                schema_editor.execute(self._sqlite())

        return RunPython(create, RunPython.noop)

    def _sqlite(self) -> str:
        return (
            f"CREATE TRIGGER {self.name} BEFORE {self.event} ON {self.table} "
            f"FOR EACH ROW WHEN {self.condition} "
            f"BEGIN SELECT RAISE(ABORT, '{self.message}'); END"
        )

    def _postgres(self) -> list[str]:
        function = (
            f"CREATE FUNCTION {self.name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF {self.condition} THEN RAISE EXCEPTION '{self.message}' "
            "USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$"
        )
        trigger = (
            f"CREATE TRIGGER {self.name} BEFORE {self.event} ON {self.table} "
            f"FOR EACH ROW EXECUTE FUNCTION {self.name}()"
        )
        return [function, trigger]
