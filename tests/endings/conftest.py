"""A stage for each test, whose clock is put right again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from beckn import keys, registry
from tests.endings.stage import Stage, make_stage
from tests.offers.ordering.conftest import sale

__all__ = ["sale", "stage"]


@pytest.fixture
def stage(db: None) -> Iterator[Stage]:
    """The sale begins three days ago: what the database itself calls now is never before what happens here."""
    registry.forget()
    keys.forget()
    with time_machine.travel(datetime.now(UTC) - timedelta(days=3), tick=True):
        stage = make_stage()
        yield stage
        stage.stop_clock()
