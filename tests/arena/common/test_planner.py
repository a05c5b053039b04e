"""On Postgres a large write leaves the planner with true statistics; SQLite has nothing to do."""

from __future__ import annotations

import pytest
from django.db import connection

from arena.common.planner import MANY_ROWS, refresh_statistics
from arena.models import Project


def counted(model):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT reltuples FROM pg_class WHERE oid = %s::regclass", [model._meta.db_table]
        )
        return cursor.fetchone()[0]


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite keeps no such statistics")
@pytest.mark.parametrize(("rows", "refreshed"), [(MANY_ROWS, True), (MANY_ROWS - 1, False)])
def test_many_rows_are_recounted(rows, refreshed):
    before = counted(Project)
    Project.objects.bulk_create(Project(slug=f"p{n}", name="p") for n in range(7))

    refresh_statistics(Project, rows=rows)

    assert counted(Project) == (7 if refreshed else before)


@pytest.mark.django_db
def test_it_runs_on_any_database():
    refresh_statistics(Project, rows=MANY_ROWS)

    assert not Project.objects.exists()
