"""The database of the run: migrated once by its owner, emptied before each group."""

from __future__ import annotations

import os
import subprocess
import sys

import psycopg
from psycopg import sql

#: What the migrations themselves have filled.
KEPT = ("django_migrations", "django_content_type", "auth_permission")
TABLES = """
SELECT string_agg(format('%%I', c.relname), ', ') FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND c.relname <> ALL (%s)
"""


def migrate() -> None:
    """Bring the schema up; as the owner."""
    environ = dict(os.environ) | {"DATABASE_URL": os.environ["DATABASE_OWNER_URL"]}
    subprocess.run([sys.executable, "manage.py", "migrate_locked"], env=environ, check=True, stdout=subprocess.DEVNULL)


def empty() -> None:
    """Remove every row; ids go on, so that no process's cache can be right about a new row by accident."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        row = owner.execute(TABLES, [list(KEPT)]).fetchone()
        assert row is not None
        owner.execute(f"TRUNCATE {row[0]}")


def forget(table: str) -> None:
    """Remove every row of one table."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute(sql.SQL("TRUNCATE {}").format(sql.Identifier(table)))


def tidy() -> None:
    """Let the planner know what has just been written, as it would a minute later."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE")
