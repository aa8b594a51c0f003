"""Migration operations that every room uses: append-only, frozen, tenant-bound rows; tables partitioned by month."""

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


def rows_of_one_cpo(table: str, *, through: tuple[str, str] | None = None) -> RunSQL:
    """Let the app role see and write only rows of the CPO that its connection was told, and raise where it was none.

    The row's `cpo_id` says whose it is; else `through` = (column, parent table) leads to the parent's `cpo_id`. The
    bare call beside a column makes the planner ask for the CPO, so that a statement raises even where it finds no row.
    """
    own = "cpo_id = portal_cpo()"
    if through:
        column, parent = through
        own = f"EXISTS (SELECT FROM {parent} AS parent WHERE parent.id = {table}.{column} AND parent.{own})"
    return RunSQL(
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; "
        f"CREATE POLICY {table}_of_one_cpo ON {table} "
        f"USING ((SELECT portal_cpo()) = 0 OR {own})",
        f"DROP POLICY {table}_of_one_cpo ON {table}; ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
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
