"""Migrating gives way to the traffic: it waits for a table only briefly, tries again, and then says what to do."""

from __future__ import annotations

import io
import threading
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, transaction

from cpo_portal.database.management.commands import migrate_locked

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def busy_table() -> Any:
    """Another session that holds a table in an open transaction."""
    params = connection.get_connection_params()
    params.pop("cursor_factory", None)
    params.pop("context", None)
    with psycopg.connect(**params) as other:
        other.execute("LOCK TABLE offers_offer IN SHARE ROW EXCLUSIVE MODE")
        yield other


@pytest.fixture
def migrations(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stands in for Django's migrate: locks a table as a migration would, and tells what the session waits at most."""
    tried: list[str] = []

    def migrate(name: str, **options: Any) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            tried.append(cursor.fetchone()[0])
            cursor.execute("LOCK TABLE offers_offer IN SHARE ROW EXCLUSIVE MODE")

    monkeypatch.setattr(migrate_locked, "LOCK_TIMEOUT", "20ms")
    monkeypatch.setattr(migrate_locked, "call_command", migrate)
    return tried


def test_a_busy_table_is_tried_again_and_migrated_once_it_is_free(
    busy_table: Any, migrations: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        busy_table.rollback()

    monkeypatch.setattr(migrate_locked.time, "sleep", pause)
    said = io.StringIO()
    call_command("migrate_locked", stderr=said)
    assert (migrations, pauses) == (["20ms", "20ms"], [1])
    assert said.getvalue() == "A table is busy; trying again in 1 s (1 of 10).\n"


def test_a_table_that_stays_busy_ends_with_the_way_out_and_the_lock_is_free_again(
    busy_table: Any, migrations: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate_locked.time, "sleep", lambda seconds: None)
    with pytest.raises(CommandError, match=r"A table was busy 3 times for 20ms: migrate again .*operations\.md"):
        call_command("migrate_locked", tries=3, stderr=io.StringIO())
    assert migrations == ["20ms"] * 3
    assert busy_table.execute("SELECT pg_try_advisory_lock(%s)", [migrate_locked.LOCK]).fetchone() == (True,)


def test_another_failure_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def migrate(name: str, **options: Any) -> None:
        tried.append(name)
        raise OperationalError("the server went away")

    monkeypatch.setattr(migrate_locked, "call_command", migrate)
    with pytest.raises(OperationalError, match="the server went away"):
        call_command("migrate_locked", stderr=io.StringIO())
    assert tried == ["migrate"]


def test_a_server_that_comes_up_late_is_waited_for(migrations: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    connect, refusals = connection.ensure_connection, iter(["connection refused\nIs it running?", "starting up"])

    def refuse_twice() -> None:
        if sentence := next(refusals, None):
            raise OperationalError(sentence)
        connect()

    monkeypatch.setattr(connection, "ensure_connection", refuse_twice)
    monkeypatch.setattr(migrate_locked.time, "sleep", pauses.append)
    said = io.StringIO()
    call_command("migrate_locked", stderr=said)
    assert (pauses, migrations) == ([2, 2], ["20ms"])
    assert said.getvalue() == (
        "The database takes no connection yet: connection refused\nThe database takes no connection yet: starting up\n"
    )


def test_a_server_that_never_comes_is_not_waited_for_longer_than_a_minute(
    migrations: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(connection, "ensure_connection", refuse)
    monkeypatch.setattr(migrate_locked, "SERVER_SECONDS", 0)
    with pytest.raises(OperationalError, match="connection refused"):
        call_command("migrate_locked", stderr=io.StringIO())
    assert migrations == []


def test_another_machines_migration_is_waited_for_whatever_the_roles_statement_timeout(migrations: list[str]) -> None:
    params = connection.get_connection_params()
    params.pop("cursor_factory", None)
    params.pop("context", None)
    with psycopg.connect(**params, autocommit=True) as other, connection.cursor() as cursor:
        other.execute("SELECT pg_advisory_lock(%s)", [migrate_locked.LOCK])
        cursor.execute("SET statement_timeout = '100ms'")
        release = threading.Timer(0.5, other.execute, ["SELECT pg_advisory_unlock_all()"])
        release.start()
        try:
            call_command("migrate_locked", stderr=io.StringIO())
        finally:
            release.join()
            connection.close()
    assert migrations == ["20ms"]
