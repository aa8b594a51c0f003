"""The actors: a web server over real sockets, and a buyer app that it knows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.core.management import call_command

from tests.beckn.infra.support import BuyerApp
from tests.hostile import live
from tests.hostile.live import LiveWeb


@pytest.fixture(scope="module")
def web(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveWeb]:
    """A web server that knows one buyer app; at the end it is stopped and the database emptied."""
    with mock.patch.dict(os.environ), django_db_blocker.unblock():
        try:
            bap().register()
            with live.start(Path(tmp_path_factory.mktemp("web"))) as servers:
                yield LiveWeb(servers, servers.web())
        finally:
            call_command("flush", verbosity=0, interactive=False, reset_sequences=False, allow_cascade=False)


@pytest.fixture
def database(django_db_blocker: Any) -> Iterator[None]:
    """Let a test read what the server has written."""
    with django_db_blocker.unblock():
        yield


def bap() -> BuyerApp:
    return BuyerApp("bap.example", seed=b"a" * 32)
