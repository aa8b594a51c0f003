"""In a real browser: a member signs in, writes "Weekend Special – 25 % off", publishes it, and finds it in the list."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections

from cpo_portal.accounts.models import Role
from cpo_portal.accounts.tenancy import cpo_scope
from offers.models import Offer
from tests.people import make_member
from tests.world import make_world

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]


@pytest.fixture
def tab(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    # Playwright's loop makes Django refuse the test's own queries, which run in the same thread.
    monkeypatch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        opened = browser.new_page(viewport={"width": 1280, "height": 900}, timezone_id="America/New_York")
        opened.set_default_timeout(20_000)
        yield opened
        browser.close()
        # While Playwright's loop runs, Django keeps a connection of its own for this thread.
        connections.close_all()


def test_a_member_authors_and_publishes_the_weekend_special(tab: Any, live_server: Any) -> None:
    cpo = make_world().cpo
    member = make_member(cpo, "owner", Role.OWNER)
    member.set_password("a long enough word")
    member.save()
    errors: list[str] = []
    tab.on("pageerror", lambda error: errors.append(str(error)))

    tab.goto(f"{live_server.url}/admin/login/")
    tab.fill("[name=username]", member.email)
    tab.fill("[name=password]", "a long enough word")
    tab.click("button[type=submit]")
    tab.goto(f"{live_server.url}/admin/offers/offer/add/")
    tab.fill("[name=name]", "Weekend Special – 25 % off")
    tab.fill("[name=offer_id]", "weekend-discount-25")
    tab.select_option("[name=campaign_kind]", "WEEKEND_SPECIAL")
    tab.fill("[name=display_code]", "WEEKEND25")
    tab.select_option("[name=location_ids]", "cp-station")
    tab.fill("[name=valid_from]", "2026-01-01T00:00")
    tab.fill("[name=valid_until]", "2040-01-01T00:00")
    tab.check("[name='weekly_windows-0-weekdays'][value='6']", force=True)
    tab.check("[name='weekly_windows-0-weekdays'][value='7']", force=True)
    tab.click("text=+ Add a window")
    tab.check("[name='weekly_windows-1-weekdays'][value='5']", force=True)
    tab.fill("[name='weekly_windows-1-start']", "18:00")
    tab.fill("[name='weekly_windows-1-end']", "22:00")
    tab.fill("[name=min_value]", "50")
    tab.fill("[name=value]", "25")
    tab.fill("[name=value_cap]", "100")
    tab.click("[name=_publish]")
    tab.wait_for_selector("text=is published; buyer apps see it from now on.")
    assert "Fridays 18:00–22:00" in tab.inner_text(".draft-lead")

    tab.goto(f"{live_server.url}/admin/offers/offer/")
    row = tab.locator("tr", has_text="weekend-discount-25").inner_text()
    assert "Weekend Special – 25 % off" in row
    assert "WEEKEND25" in row
    assert "Live" in row
    assert "25 % off" in row
    assert errors == []
    with cpo_scope(cpo):
        offer = Offer.objects.select_related("live_version").get()
        version = offer.live_version
        assert version is not None
        assert version.weekly_windows == [
            {"weekdays": [6, 7], "start": "00:00", "end": "00:00"},
            {"weekdays": [5], "start": "18:00", "end": "22:00"},
        ]
        assert version.valid_from.isoformat() == "2025-12-31T18:30:00+00:00"
