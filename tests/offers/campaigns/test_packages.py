"""A package of kWh from its template: what must be there first, and the form of balances filled in."""

from __future__ import annotations

import pytest
from django.urls import reverse

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Balance
from pricing.authoring import Place
from tests.offers.campaigns.test_templates import GOLD, LIST, listed, people, what_a_browser_sends
from tests.people import People, signed_in
from tests.prepaid import subscribe

__all__ = ["people"]

pytestmark = pytest.mark.django_db


def test_a_package_of_energy_opens_the_form_of_balances_for_the_first_subscription(people: People) -> None:
    browser, form = signed_in(people.owner), reverse("admin:charging_balance_add")
    page = browser.get(LIST).content.decode()
    assert f'href="{reverse("admin:pricing_tariff_add")}"' in page
    assert listed(people)["monthly-energy"]["missing"] == "Publish a tariff of the model Subscription first."
    subscribe(people.here.cpo, "monthly-b")
    subscribe(people.here.cpo, "monthly-a", places=(Place(item_id="plain-01"),))
    query = "name=Monthly+plan&of=Wh&valid_days=30&plan=monthly-a"
    page = browser.get(LIST).content.decode().replace("&amp;", "&")
    assert f"{form}?{query}" in page
    sent = what_a_browser_sends(browser.get(f"{form}?{query}").content.decode()) | {"contact": [GOLD]}
    assert browser.post(form, sent).status_code == 302
    with cpo_scope(people.here.cpo):
        kept = Balance.objects.values_list("name", "currency", "plan", "valid_days", "amount")
        assert list(kept) == [("Monthly plan", "Wh", "monthly-a", 30, 0)]
