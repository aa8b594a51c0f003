"""In a real browser: the findings of the linter load beside the form, and one that contradicts stands at its field."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from cpo_portal.accounts.tenancy import cpo_scope
from offers import authoring
from offers.models import Offer
from tests.browser.staff import IN_A_BROWSER, sign_in
from tests.people import weekend
from tests.world import make_offer, make_world

pytestmark = IN_A_BROWSER


def test_an_author_reads_what_the_linter_found_and_what_keeps_the_offer_back(tab: Any, live_server: Any) -> None:
    cpo = make_world().cpo
    make_offer(cpo, "better", name="Half price", value=Decimal(50), value_cap=None, min_value=None, display_code="")
    content = weekend(weekly_windows=(), value=Decimal(10), value_cap=None, min_value=None, display_code="")
    offer = authoring.create_offer(cpo, "weaker", content)
    errors = sign_in(tab, live_server, cpo)
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
