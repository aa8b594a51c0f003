"""Several statements in one round trip: what the server keeps of them, and for how long they hold their locks."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from django.db import DataError, connection
from django.test.utils import CaptureQueriesContext

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
        for _ in range(connection.connection.prepare_threshold + 1):
            assert rows_of(statement, {"two": "two", "keys": [7, 8]}) == [(1, "two"), (2, "two")]
    assert len(counted) == connection.connection.prepare_threshold + 1
    assert rows_of(statement, {"two": "two", "keys": []}) == []
    prepared = rows_of("SELECT statement FROM pg_prepared_statements", {})
    assert len([text for (text,) in prepared if "AS said" in text]) == 1


def test_a_row_is_made_as_the_orm_makes_it() -> None:
    Cpo.objects.create(provider_id="cpo1.com", name="Gridgo", currency="INR", country="IND")
    row = rows_of(f"SELECT {columns_of(Cpo, 'o')} FROM accounts_cpo o", {})[0]
    found, expected = made_of(Cpo, row), Cpo.objects.get()
    assert {x.attname: getattr(found, x.attname) for x in Cpo._meta.concrete_fields} == {
        x.attname: getattr(expected, x.attname) for x in Cpo._meta.concrete_fields
    }
    assert (found._state.adding, found._state.db) == (False, "default")
