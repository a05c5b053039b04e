"""What the database's query planner should know."""

from __future__ import annotations

from django.db import connection
from django.db.models import Model

MANY_ROWS = 5_000


def refresh_statistics(*models: type[Model], rows: int) -> None:
    """Recount tables into which one transaction wrote `rows`, if those are many.

    Autovacuum may have looked at a table in the middle of that transaction and found pages without
    a row; until it looks again, Postgres would join the table by nested loops. SQLite needs none.
    """
    if connection.vendor == "postgresql" and rows >= MANY_ROWS:
        names = ", ".join(connection.ops.quote_name(model._meta.db_table) for model in models)
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {names}")
