"""In a real browser: the findings of the linter load beside the form, and one that contradicts stands at its field."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections

from cpo_portal.accounts.models import Role
from cpo_portal.accounts.tenancy import cpo_scope
from offers import authoring
from offers.models import Offer
from tests.people import make_member, weekend
from tests.world import make_offer, make_world

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
        opened = browser.new_page(viewport={"width": 1280, "height": 900})
        opened.set_default_timeout(20_000)
        yield opened
        browser.close()
        # While Playwright's loop runs, Django keeps a connection of its own for this thread.
        connections.close_all()


def test_an_author_reads_what_the_linter_found_and_what_keeps_the_offer_back(tab: Any, live_server: Any) -> None:
    cpo = make_world().cpo
    member = make_member(cpo, "owner", Role.OWNER)
    member.set_password("a long enough word")
    member.save()
    make_offer(cpo, "better", name="Half price", value=Decimal(50), value_cap=None, min_value=None, display_code="")
    content = weekend(weekly_windows=(), value=Decimal(10), value_cap=None, min_value=None, display_code="")
    offer = authoring.create_offer(cpo, "weaker", content)
    errors: list[str] = []
    tab.on("pageerror", lambda error: errors.append(str(error)))

    tab.goto(f"{live_server.url}/admin/login/")
    tab.fill("[name=username]", member.email)
    tab.fill("[name=password]", "a long enough word")
    tab.click("button[type=submit]")
    tab.goto(f"{live_server.url}/admin/offers/offer/{offer.pk}/change/")
    tab.wait_for_selector("#checks h3")
    said = tab.inner_text("#checks")
    assert "It is never the best offer: in each of the" in said
    assert "At Connaught Place Station (pe-charging-01), " in said
    assert "With it drivers save ₹1.80, with Half price ₹9.00." in said
    assert "Half price (better)" in said

    tab.fill("[name=min_power_w]", "31")
    tab.click("[name=_publish]")
    tab.wait_for_selector("text=No connector that buyer apps see is in its scope")
    assert "No connector that buyer apps see is in its scope" in tab.inner_text(".field-min_power_w")
    assert errors == []
    with cpo_scope(cpo):
        assert Offer.objects.get(pk=offer.pk).state == "DRAFT"
