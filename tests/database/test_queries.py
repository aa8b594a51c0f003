"""Several statements in one round trip: what the server keeps of them, and for how long they hold their locks."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import DataError, NotSupportedError, connection, transaction
from django.test.utils import CaptureQueriesContext
from psycopg import sql

from cpo_portal.accounts.models import Cpo
from cpo_portal.database import queries
from cpo_portal.database.queries import columns_of, made_of, rows_of, run_at_once

pytestmark = pytest.mark.django_db(transaction=True)
TAKE, TRY = "SELECT pg_advisory_xact_lock(%(lock)s)", "SELECT pg_try_advisory_xact_lock(%s)"
KEY = 7_001


@pytest.fixture
def other() -> Any:
    """A session beside Django's."""
    given = connection.get_connection_params()
    names = ("dbname", "user", "password", "host", "port")
    with psycopg.connect(**{name: given[name] for name in names if name in given}, autocommit=True) as session:
        yield session


def test_rows_are_the_last_statement_s() -> None:
    first, second = "SELECT %(one)s::int", "SELECT n, %(two)s::text FROM generate_series(1, 2) n"
    assert run_at_once(first, second, values={"one": 1, "two": "two"}) == [(1, "two"), (2, "two")]


def test_locks_are_free_before_the_rows_are_read(monkeypatch: pytest.MonkeyPatch, other: Any) -> None:
    free = []

    class LateReader(psycopg.Cursor[Any]):
        def fetchall(self) -> Any:
            free.append(other.execute(TRY, [KEY]).fetchone()[0])
            return super().fetchall()

    monkeypatch.setattr(queries, "Cursor", LateReader)
    assert run_at_once(TAKE, "SELECT 1", values={"lock": KEY}) == [(1,)]
    assert free == [True]


def test_a_failed_statement_takes_back_the_ones_before_it_and_raises_django_s_error(other: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE noted (n int)")
    with pytest.raises(DataError, match="division by zero"):
        run_at_once("INSERT INTO noted VALUES (1)", "SELECT 1 / %(zero)s::int", "SELECT 2", values={"zero": 0})
    assert run_at_once("SELECT count(*) FROM noted", values={}) == [(0,)]


def test_what_runs_often_is_planned_once() -> None:
    statement = "SELECT %(one)s::int + 41 AS often"
    connection.ensure_connection()
    for _ in range(connection.connection.prepare_threshold + 1):
        assert run_at_once(TAKE, statement, values={"lock": KEY, "one": 1}) == [(42,)]
    prepared = run_at_once("SELECT statement FROM pg_prepared_statements", values={})
    assert [text for (text,) in prepared if "AS often" in text] == ["SELECT $1::int + 41 AS often"]


def test_rows_of_a_statement_are_counted_and_planned_once() -> None:
    statement = "SELECT n, %(two)s::text AS said FROM generate_series(1, cardinality(%(keys)s::bigint[])) n"
    connection.ensure_connection()
    with CaptureQueriesContext(connection) as counted:
        for _ in range(connection.connection.prepare_threshold + 3):
            assert rows_of(statement, {"two": "two", "keys": [7, 8]}) == [(1, "two"), (2, "two")]
    assert ["AS said" in query["sql"] for query in counted] == [True] * (connection.connection.prepare_threshold + 3)
    assert rows_of(statement, {"two": "two", "keys": []}) == []
    prepared = rows_of("SELECT statement FROM pg_prepared_statements", {})
    assert len([text for (text,) in prepared if "AS said" in text]) == 1


@pytest.fixture
def changing() -> Iterator[Callable[[str], None]]:
    """A table that its owner changes while it is read."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], dbname=connection.settings_dict["NAME"]) as owner:
        owner.autocommit = True
        owner.execute("CREATE TABLE changing (said varchar(10))")
        owner.execute(sql.SQL("GRANT SELECT ON changing TO {}").format(sql.Identifier(settings.DATABASE_APP_ROLE)))
        owner.execute("INSERT INTO changing VALUES ('said')")
        try:
            yield lambda kind: owner.execute(sql.SQL("ALTER TABLE changing ALTER said TYPE {}").format(sql.SQL(kind)))
        finally:
            connection.close()
            owner.execute("DROP TABLE changing")


def test_what_was_planned_before_a_column_changed_is_planned_anew(changing: Callable[[str], None]) -> None:
    for _ in range(8):
        assert rows_of("SELECT said FROM changing", {}) == [("said",)]
    changing("varchar(20)")
    assert rows_of("SELECT said FROM changing", {}) == [("said",)]


def test_within_a_transaction_it_fails_once_and_the_next_request_has_a_new_connection(
    changing: Callable[[str], None],
) -> None:
    for _ in range(8):
        rows_of("SELECT said FROM changing", {})
    changing("text")
    with pytest.raises(NotSupportedError, match="cached plan"), transaction.atomic():
        rows_of("SELECT said FROM changing", {})
    connection.close_if_unusable_or_obsolete()  # as a request and a task begin
    with transaction.atomic():
        assert rows_of("SELECT said FROM changing", {}) == [("said",)]


def test_a_row_is_made_as_the_orm_makes_it() -> None:
    Cpo.objects.create(provider_id="cpo1.com", name="Gridgo", currency="INR", country="IND")
    row = rows_of(f"SELECT {columns_of(Cpo, 'o')} FROM accounts_cpo o", {})[0]
    found, expected = made_of(Cpo, row), Cpo.objects.get()
    assert {x.attname: getattr(found, x.attname) for x in Cpo._meta.concrete_fields} == {
        x.attname: getattr(expected, x.attname) for x in Cpo._meta.concrete_fields
    }
    assert (found._state.adding, found._state.db) == (False, "default")
