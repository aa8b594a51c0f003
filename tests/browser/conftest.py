"""The browser of the tests in this folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections

from tests.browser.staff import CHROMIUM


@pytest.fixture
def tab(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    # Playwright's loop makes Django refuse the test's own queries, which run in the same thread.
    monkeypatch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        # Whose clock is not the stations'.
        opened = browser.new_page(viewport={"width": 1280, "height": 900}, timezone_id="America/New_York")
        opened.set_default_timeout(20_000)
        yield opened
        browser.close()
        # While Playwright's loop runs, Django keeps a connection of its own for this thread.
        connections.close_all()
