"""One live portal for all journeys, and the database as it sees it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command

from tests.journey.processes import LivePortal, prepare


@pytest.fixture(scope="module")
def portal(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LivePortal]:
    """A portal with the demonstration loaded; at the end it is stopped and the database emptied."""
    live = prepare(tmp_path_factory.mktemp("portal"))
    try:
        live.manage("load_demo")
        live.start()
        yield live
    finally:
        live.stop()
        with django_db_blocker.unblock():
            call_command("flush", verbosity=0, interactive=False, reset_sequences=False, allow_cascade=False)


@pytest.fixture
def database(django_db_blocker: Any) -> Iterator[None]:
    """Let a test read what the portal's processes have written."""
    with django_db_blocker.unblock():
        yield
