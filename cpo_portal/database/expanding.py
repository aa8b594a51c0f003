"""Says what of a migration the code before it could not live with, and what would keep writers waiting.

Releases go expand → migrate → contract: code N−1 runs on the schema of N. A migration that takes something away says
so itself, with a sentence: `contracts = "…"` (what no longer reads it, since which version), `blocks = "…"` (why the
table is small, or the time is planned).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.db.migrations import Migration, operations
from django.db.migrations.state import ProjectState
from django.db.models import NOT_PROVIDED, Field

#: What a field says to people and forms alone; the table does not know it.
OF_NO_COLUMN = {
    "choices", "help_text", "verbose_name", "validators", "default", "blank", "editable", "error_messages",
    "related_name", "related_query_name", "on_delete", "limit_choices_to", "db_default",
}  # fmt: skip
TAKING = (
    operations.RemoveField, operations.DeleteModel, operations.RenameField, operations.RenameModel,
    operations.AlterModelTable, operations.RemoveConstraint, operations.RemoveIndex, operations.RenameIndex,
)  # fmt: skip
#: Dropping or renaming an index or a constraint takes nothing from code, only a moment's lock.
HARMLESS = (operations.RemoveConstraint, operations.RemoveIndex, operations.RenameIndex)
SQL_THAT_TAKES = re.compile(
    r"\b(drop\s+(table|column|schema|view)|rename\s+(to|column)|set\s+not\s+null|alter\s+column\s+\S+\s+(set\s+data\s+)?type"
    r"|truncate|revoke)\b",
    re.IGNORECASE,
)
SQL_THAT_BLOCKS = re.compile(
    r"\bcreate\s+(unique\s+)?index\s+(?!concurrently)|\badd\s+constraint\b(?!.*\bnot\s+valid\b)|\bvacuum\s+full\b|\bcluster\b",
    re.IGNORECASE | re.DOTALL,
)


def contracting(migration: Migration, before: ProjectState) -> list[str]:
    """Return a sentence for each operation that code without this migration does not survive."""
    made = _made_by(migration)
    return [
        sentence
        for state, operation in _walk(migration, before)
        if getattr(operation, "model_name_lower", "") not in made and (sentence := _takes(operation, state, migration))
    ]


def blocking(migration: Migration, before: ProjectState) -> list[str]:
    """Return a sentence for each operation that locks a table of rows for as long as it works."""
    made = _made_by(migration)
    return [sentence for _, operation in _walk(migration, before) if (sentence := _blocks(operation, made))]


def _made_by(migration: Migration) -> set[str]:
    """Return the models that the migration itself makes: no older code knows them, and they have no rows."""
    return {op.name_lower for op in migration.operations if isinstance(op, operations.CreateModel)}


def _walk(migration: Migration, before: ProjectState) -> Iterator[tuple[ProjectState, Any]]:
    """Yield each operation with the state that it finds."""
    state = before.clone()
    for operation in migration.operations:
        yield state, operation
        operation.state_forwards(migration.app_label, state)


def _takes(operation: Any, state: ProjectState, migration: Migration) -> str:
    if isinstance(operation, TAKING) and not isinstance(operation, HARMLESS):
        return f"{operation.describe()}: older code still uses it"
    if isinstance(operation, operations.AddField) and not _may_be_left_out(operation.field):
        return f"{operation.describe()}: older code leaves it out; give it null=True or a db_default"
    if isinstance(operation, operations.AlterField):
        old = state.models[migration.app_label, operation.model_name_lower].fields[operation.name]
        return "" if _is_wider(old, operation.field) else f"{operation.describe()}: the column takes less than before"
    if isinstance(operation, operations.RunSQL) and SQL_THAT_TAKES.search(_sql(operation)):
        return f"{operation.describe()}: {' '.join(_sql(operation).split())[:80]}"
    return ""


def _blocks(operation: Any, made: set[str]) -> str:
    on_rows = getattr(operation, "model_name_lower", "") not in made
    # The subclasses for PostgreSQL (AddIndexConcurrently, AddConstraintNotValid) are what is asked for.
    if type(operation) in {operations.AddIndex, operations.AddConstraint} and on_rows:
        other = "AddIndexConcurrently" if isinstance(operation, operations.AddIndex) else "AddConstraintNotValid"
        return f"{operation.describe()}: use {other}"
    if isinstance(operation, operations.RunSQL) and SQL_THAT_BLOCKS.search(_sql(operation)):
        return f"{operation.describe()}: {' '.join(_sql(operation).split())[:80]}"
    return ""


def _may_be_left_out(field: Field[Any, Any]) -> bool:
    return field.many_to_many or field.null or field.db_default is not NOT_PROVIDED or field.generated


def _is_wider(old: Field[Any, Any], new: Field[Any, Any]) -> bool:
    """Whether everything that fitted the old column fits the new one, and what older code leaves out may be missing."""
    _, path, _, was = old.deconstruct()
    _, new_path, _, now = new.deconstruct()
    grown = {"max_length", "max_digits"}
    changed = {name for name in {*was, *now} if was.get(name) != now.get(name)} - OF_NO_COLUMN
    if old.db_default is not NOT_PROVIDED and new.db_default is NOT_PROVIDED and not new.null:
        return False
    if "null" in changed and new.null:
        changed.remove("null")
    if "db_index" in changed and not now.get("db_index"):
        changed.remove("db_index")
    return path == new_path and all(name in grown and (now.get(name) or 0) > (was.get(name) or 0) for name in changed)


def _sql(operation: operations.RunSQL) -> str:
    statements = operation.sql if isinstance(operation.sql, list | tuple) else [operation.sql]
    return ";".join(str(part[0] if isinstance(part, list | tuple) else part) for part in statements)
