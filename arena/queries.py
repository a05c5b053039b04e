"""Reads that several callers share."""

from __future__ import annotations

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, F, Func, Q, Value
from django.db.models.sql.compiler import SQLCompiler


class _HasItem(Func):
    """Whether a JSON array of texts holds a text; Django has no such lookup on SQLite."""

    arity = 2
    output_field = BooleanField()

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> tuple[str, tuple[Any, ...]]:
        array, item = self.get_source_expressions()
        array_sql, array_params = compiler.compile(array)
        item_sql, item_params = compiler.compile(item)
        items = f"SELECT 1 FROM json_each({array_sql}) AS item"  # noqa: S608  # compiled, no input
        return f"EXISTS ({items} WHERE item.value = {item_sql})", (*array_params, *item_params)

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> Any:
        return self.as_sql(compiler, connection, function="jsonb_exists")


def prompts_where(filters: dict[str, str], prefix: str = "") -> Q:
    """The condition on prompts for `category`, `language` and `tag`, where these are given.

    `prefix` is the way to the prompt, e.g. "prompt__".
    """
    condition = Q()
    for name in ("category", "language"):
        if name in filters:
            condition &= Q(**{f"{prefix}{name}": filters[name]})
    if "tag" in filters:
        condition &= Q(_HasItem(F(f"{prefix}tags"), Value(filters["tag"])))
    return condition
