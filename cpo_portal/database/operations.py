"""Migration operations that every room uses: append-only tables, frozen rows, tables partitioned by month."""

from __future__ import annotations

import re
from typing import Any

from django.db.migrations import CreateModel, RunSQL


def append_only(table: str, *, mutable: tuple[str, ...] = ()) -> RunSQL:
    """Let a trigger refuse DELETE, and UPDATE of any column but `mutable` (claims such as `settled_at`)."""
    columns = "{" + ",".join(mutable) + "}"
    return RunSQL(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION portal_refuse_change('{columns}')",
        f"DROP TRIGGER {table}_append_only ON {table}",
    )


def frozen_when(table: str, column: str, *, mutable: tuple[str, ...] = ()) -> RunSQL:
    """Let a trigger refuse UPDATE and DELETE of rows whose `column` is set (a published version)."""
    columns = "{" + ",".join(mutable) + "}"
    return RunSQL(
        f"CREATE TRIGGER {table}_frozen BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW WHEN (OLD.{column} IS NOT NULL) EXECUTE FUNCTION portal_refuse_change('{columns}')",
        f"DROP TRIGGER {table}_frozen ON {table}",
    )


class CreatePartitionedModel(CreateModel):
    """Create a model's table partitioned by month of `partition_by`, with a DEFAULT partition.

    Django's state keeps `id` as the key (the admin cannot show composite keys); the table's key is
    (id, partition column), as PostgreSQL demands. The id must not be an identity column: 15 and 16
    have none on partitioned tables.
    """

    def __init__(self, *args: Any, partition_by: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.partition_by = partition_by

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.name)
        column = model._meta.get_field(self.partition_by).column
        table = model._meta.db_table
        sql, params = schema_editor.table_sql(model)
        sql, found = re.subn(r'("id" uuid NOT NULL) PRIMARY KEY', r"\1", sql)
        if found != 1:
            raise ValueError(f"{table}: a partitioned model needs a UUID primary key called id")
        sql = sql.rstrip().removesuffix(")") + f', PRIMARY KEY ("id", "{column}")) PARTITION BY RANGE ("{column}")'
        schema_editor.execute(sql, params or None)
        schema_editor.execute(f'CREATE TABLE "{table}_default" PARTITION OF "{table}" DEFAULT')
        schema_editor.deferred_sql.extend(schema_editor._model_indexes_sql(model))
        schema_editor.execute("SELECT portal_make_partitions(3)")


def bump_on_change(table: str, revisions: str) -> RunSQL:
    """Raise the CPO's revision in `revisions` once per statement that changes rows of `table`."""
    events = {"insert": "NEW", "update": "NEW", "delete": "OLD"}
    create = ";".join(
        f"CREATE TRIGGER {table}_bump_{event} AFTER {event} ON {table} REFERENCING {row} TABLE AS changed "
        f"FOR EACH STATEMENT EXECUTE FUNCTION portal_bump_revision('{revisions}')"
        for event, row in events.items()
    )
    drop = ";".join(f"DROP TRIGGER {table}_bump_{event} ON {table}" for event in events)
    return RunSQL(create, drop)
