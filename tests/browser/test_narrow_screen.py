"""In a real browser of 390 points: no page of the menu, and no first row of its list, is wider than the window."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections

from cpo_portal.accounts.models import Role
from tests.people import make_member
from tests.world import make_offer, make_world

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
WIDTH = 390


@pytest.fixture
def phone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    # Playwright's loop makes Django refuse the test's own queries, which run in the same thread.
    monkeypatch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        opened = browser.new_page(viewport={"width": WIDTH, "height": 844})
        opened.set_default_timeout(20_000)
        yield opened
        browser.close()
        # While Playwright's loop runs, Django keeps a connection of its own for this thread.
        connections.close_all()


def links(page: Any, selector: str) -> list[str]:
    found: list[str] = page.eval_on_selector_all(selector, "all => all.map(link => link.href.split('?')[0])")
    return list(dict.fromkeys(found))


def test_no_page_of_the_menu_is_wider_than_a_phone(phone: Any, live_server: Any) -> None:
    world = make_world()
    world.charger.name = "A charger whose name goes on and on, at the far end of the basement"
    world.charger.save()
    make_offer(world.cpo, name="Weekend Special - 25% Off, any day, on every connector of every site")
    member = make_member(world.cpo, "owner", Role.OWNER)
    member.set_password("a long enough word")
    member.save()
    phone.goto(f"{live_server.url}/admin/login/")
    phone.fill("[name=username]", member.email)
    phone.fill("[name=password]", "a long enough word")
    phone.click("button[type=submit]")
    phone.wait_for_load_state()

    menu = [link for link in links(phone, "#nav-sidebar-inner a[href]") if link.startswith(live_server.url)]
    assert f"{live_server.url}/admin/offers/offer/" in menu
    wide, rows = {}, 0
    for address in menu:
        phone.goto(address)
        visited = [address]
        first = links(phone, "#result_list a[href*='/change/']")[:1]
        add = links(phone, "a.addlink")[:1]
        rows += len(first)
        for further in (None, *first, *add):
            if further is not None:
                phone.goto(further)
                visited.append(further)
            width = phone.evaluate("document.documentElement.scrollWidth")
            if width > WIDTH:
                wide[visited[-1]] = width
    assert wide == {}
    assert rows >= 5, "the lists were empty, so their pages were not looked at"
