"""Months of partitioned tables that are old enough to go: a whole table at once, in place of its rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import structlog
from django.db import OperationalError, connection, transaction

log = structlog.get_logger(__name__)

#: A partition goes in an instant, but not before everybody who reads the table has finished: it is tried again.
LOCK_SECONDS = 2
_PARTITIONS = """
SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = %s::regclass
"""
_WHOLLY_PAST = """
SELECT (%s::date + interval '1 month') AT TIME ZONE 'UTC' <= statement_timestamp() - make_interval(days => %s)
"""


def months_past(parent: str, days: int) -> Iterator[date]:
    """Yield the first days of the months of a table with a partition of their own that ended so many days ago."""
    with connection.cursor() as cursor:
        cursor.execute(_PARTITIONS, [parent])
        names = [found for (name,) in cursor.fetchall() if (found := re.search(r"_y(\d{4})m(\d{2})$", name))]
        for month in sorted(date(int(name[1]), int(name[2]), 1) for name in names):
            cursor.execute(_WHOLLY_PAST, [month, days])
            if cursor.fetchone()[0]:
                yield month


def drop_month(parent: str, month: date) -> bool:
    """Drop a month with all its rows; return whether it is gone, False also where somebody reads the table."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{LOCK_SECONDS * 1000:.0f}ms"])
            cursor.execute("SELECT portal_drop_partition(%s, %s)", [parent, month])
            dropped: bool = cursor.fetchone()[0]
    except OperationalError:
        log.warning("month_not_dropped", table=parent, month=month.isoformat(), advice="It is tried again tomorrow.")
        return False
    return dropped
