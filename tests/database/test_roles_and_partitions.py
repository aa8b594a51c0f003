"""The app role's limits, and the partitions that the owner's functions make and drop for it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.db.utils import ProgrammingError

pytestmark = pytest.mark.django_db

PARTITIONED = ["beckn_deliveryattempt", "beckn_messagebody", "charging_meterreading", "pricing_demanddecision"]


def rows(statement: str, *values: object) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def test_the_app_role_is_neither_owner_nor_superuser() -> None:
    assert rows("SELECT current_user, rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user") == [
        ("cpo_portal_app", False, False)
    ]
    assert rows("SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole") == [(0,)]


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE offers_ledgerentry DISABLE TRIGGER ALL",
        "DROP TABLE offers_ledgerentry",
        "CREATE TABLE mine (id int)",
        "DROP TRIGGER offers_ledgerentry_append_only ON offers_ledgerentry",
    ],
)
def test_the_app_role_cannot_change_the_house(statement: str) -> None:
    with pytest.raises(ProgrammingError, match=r"owner|permission"), connection.cursor() as cursor:
        cursor.execute(statement)


def test_three_months_ahead_are_made() -> None:
    found = rows(
        "SELECT p.relname, count(*) FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent"
        " WHERE p.relkind = 'p' GROUP BY p.relname ORDER BY p.relname"
    )
    assert found == [(name, 5) for name in PARTITIONED]  # this month, three ahead, and DEFAULT
    assert rows("SELECT portal_make_partitions(3)") == [(0,)]


def test_a_young_partition_is_not_dropped() -> None:
    today = datetime.now(UTC).date().replace(day=1)
    with pytest.raises(ProgrammingError, match="too young"):
        rows("SELECT portal_drop_partition('charging_meterreading', %s)", today)


def test_only_partitions_are_dropped() -> None:
    assert rows("SELECT portal_drop_partition('offers_ledgerentry', '2020-01-01')") == [(False,)]
