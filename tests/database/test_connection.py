"""What a connection to the database is told when it is opened."""

from __future__ import annotations

import pytest
from django.db import connection


@pytest.mark.django_db
def test_a_server_that_is_gone_without_a_word_is_noticed_within_half_a_minute() -> None:
    connection.ensure_connection()
    told = connection.connection.info.get_parameters()
    idle, every, count = (int(told[f"keepalives_{name}"]) for name in ("idle", "interval", "count"))
    assert (int(told["connect_timeout"]), idle + every * count, int(told["tcp_user_timeout"])) == (10, 25, 25_000)
