"""A pytest plugin for an earlier release's tests: their database is a copy of one that a newer release migrated."""

from __future__ import annotations

import os
from functools import partial
from typing import Any

import pytest


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Let Django copy the newer database instead of making an empty one, and empty also what it does not know."""
    from django.db import connections

    default = connections["default"]
    default.settings_dict["TEST"]["TEMPLATE"] = os.environ["NEWER_DATABASE"]
    # Between tests Django truncates the tables that it knows, and newer ones refer to them.
    default.ops.sql_flush = partial(_flush, default.ops.sql_flush)


def _flush(made: Any, *args: Any, **options: Any) -> Any:
    return made(*args, **options | {"allow_cascade": True})


@pytest.fixture(autouse=True, scope="session")
def _schema_is_newer(django_db_setup: Any, django_db_blocker: Any) -> None:
    """Stop where the schema is not ahead of the code: the tests would prove nothing."""
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader
    from django.db.migrations.recorder import MigrationRecorder

    with django_db_blocker.unblock():
        ahead = set(MigrationRecorder(connection).applied_migrations()) - set(MigrationLoader(None).disk_migrations)
    if not ahead:
        pytest.exit("The schema knows no migration that this code does not.", returncode=9)
    print(f"ahead: {len(ahead)}")
