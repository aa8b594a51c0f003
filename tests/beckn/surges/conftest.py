"""An evening for each test, at a quarter past six in India, whose clock is put right again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from beckn import keys, registry
from tests.beckn.surges.evening import Evening, make_evening


@pytest.fixture
def evening(db: None) -> Iterator[Evening]:
    """It is two days ago: what the database itself calls now is never before what happens here."""
    registry.forget()
    keys.forget()
    quarter_past_six = (datetime.now(UTC) - timedelta(days=2)).replace(hour=12, minute=45, second=0, microsecond=0)
    with time_machine.travel(quarter_past_six, tick=True):
        found = make_evening()
        yield found
        found.stop_clock()
