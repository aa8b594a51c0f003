"""Forms of queries that the ORM has no word for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from django.contrib.postgres.fields import ArrayField
from django.db import NotSupportedError, connection
from django.db.models import BigIntegerField, BooleanField, F, Func, Model, Q, QuerySet, Value
from psycopg import Cursor

Row = TypeVar("Row", bound=Model)


def run_at_once(*statements: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Run statements in one round trip, in a transaction of their own where none is open; return the last one's rows.

    Each sees what was committed before it began. `values` are looked up by name: %(name)s.
    """
    connection.ensure_connection()
    connection.tell_tenant("\n".join(statements))  # type: ignore[attr-defined]
    with connection.wrap_database_errors:
        # The driver's own cursor: Django's binds on the client, and what it sends is planned anew every time.
        cursors = [Cursor(connection.connection) for _ in statements]
        with connection.connection.pipeline():
            for cursor, statement in zip(cursors, statements, strict=True):
                cursor.execute(statement, values)
        # Read when the transaction has ended: a busy process may take long to come to it, and would hold its locks.
        rows: list[tuple[Any, ...]] = cursors[-1].fetchall()
    return rows


def rows_of(statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return the rows of a statement that runs so often that it should be planned once; no other is worth its words.

    `values` are looked up by name: %(name)s. A list needs its type said, %(name)s::bigint[], for it may be empty.
    """
    try:
        return _prepared(statement, values)
    except NotSupportedError:
        # "cached plan must not change result type": a migration has changed a column. The next request or task has a
        # new connection; within a transaction there is nothing else to do.
        connection.has_stale_plans = True  # type: ignore[attr-defined]
        if connection.in_atomic_block:
            raise
        connection.close()
        return _prepared(statement, values)


def _prepared(statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.prepared_cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute(statement, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def columns_of(model: type[Model], alias: str) -> str:
    """Return all columns of a model's table, for a statement that calls it so."""
    return ", ".join(f'{alias}."{field.column}"' for field in model._meta.concrete_fields)


def made_of(model: type[Row], values: Sequence[Any]) -> Row:
    """Return the row that these values of `columns_of` are, as the ORM would make it."""
    fields = model._meta.concrete_fields
    read = [
        field.from_db_value(value, None, connection) if hasattr(field, "from_db_value") else value
        for field, value in zip(fields, values, strict=True)
    ]
    return model.from_db(connection.alias, [field.attname for field in fields], read)


def one_of(field: str, keys: Iterable[int]) -> Q:
    """Return the condition `field__in=keys` with one parameter for all keys.

    IN has a parameter for each, which hundreds of keys make slow to write, to read and to plan.
    """
    values = Value(list(keys), output_field=ArrayField(BigIntegerField()))
    comparison = Func(F(field), values, template="%(expressions)s)", arg_joiner=" = ANY(", output_field=BooleanField())
    return Q(comparison)


def by_key(rows: QuerySet[Row], keys: Iterable[int]) -> dict[int, Row]:
    """Return rows by primary key, as `in_bulk` does, for many keys."""
    return {row.pk: row for row in rows.filter(one_of("pk", keys)).order_by()}
