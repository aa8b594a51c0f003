"""In a real browser: a member signs in, writes "Weekend Special – 25 % off", publishes it, and finds it in the list."""

from __future__ import annotations

from typing import Any

from cpo_portal.accounts.tenancy import cpo_scope
from offers import authoring
from offers.models import Offer
from tests.browser.staff import IN_A_BROWSER, sign_in
from tests.people import WEEKEND
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


def test_a_button_says_that_it_goes_on_without_what_is_not_saved(tab: Any, live_server: Any) -> None:
    cpo = make_world().cpo
    offer = authoring.create_offer(cpo, "weekend-25", WEEKEND)
    errors = sign_in(tab, live_server, cpo)
    warning = "You have changed this page and not saved it."
    tab.goto(f"{live_server.url}/admin/offers/offer/{offer.pk}/change/")
    tab.click("text=Publish >> nth=0")
    tab.wait_for_selector("#dialog form")
    assert not tab.is_visible(f"text={warning}")
    tab.click("#dialog a:has-text('Go back')")
    tab.fill("[name=value]", "30")
    tab.click("text=Publish >> nth=0")
    tab.wait_for_selector(f"text={warning}")
    # Who goes on all the same is not asked again, and is not left waiting.
    asked: list[str] = []
    tab.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    tab.click("#dialog button[type=submit]")
    tab.wait_for_selector("text=is published; buyer apps see it from now on.")
    assert (asked, errors) == ([], [])
    with cpo_scope(cpo):
        version = Offer.objects.select_related("live_version").get().live_version
    assert version is not None
    assert version.value == 25


def test_what_is_wrong_is_named_at_the_top_and_leads_to_its_field(tab: Any, live_server: Any) -> None:
    cpo = make_world().cpo
    errors = sign_in(tab, live_server, cpo)
    tab.goto(f"{live_server.url}/admin/offers/offer/add/")
    tab.fill("[name=offer_id]", "weekend-25")
    tab.fill("[name=valid_from]", "2026-01-01T00:00")
    tab.fill("[name=valid_until]", "2040-01-01T00:00")
    tab.fill("[name=value]", "101")
    tab.fill("[name=value_cap]", "100")
    tab.click("[name=_save]")
    tab.wait_for_selector("text=Nothing was saved: correct what is named here, and save again.")
    named = tab.locator(".portal-errors li").all_inner_texts()
    assert named == [
        "Name: This field is required.",
        "Value: A percentage is at most 100: lower it, or choose an amount.",
    ]
    tab.click(".portal-errors a >> nth=1")
    assert tab.evaluate("document.activeElement.name") == "value"
    assert tab.evaluate("document.activeElement.getBoundingClientRect().top") < tab.viewport_size["height"]
    assert errors == []
