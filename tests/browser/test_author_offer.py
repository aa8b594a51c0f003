"""In a real browser: a member signs in, writes "Weekend Special – 25 % off", publishes it, and finds it in the list."""

from __future__ import annotations

from typing import Any

from cpo_portal.accounts.tenancy import cpo_scope
from offers.models import Offer
from tests.browser.staff import IN_A_BROWSER, sign_in
from tests.world import make_world

pytestmark = IN_A_BROWSER


def test_a_member_authors_and_publishes_the_weekend_special(tab: Any, live_server: Any) -> None:
    cpo = make_world().cpo
    errors = sign_in(tab, live_server, cpo)
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
