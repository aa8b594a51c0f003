"""Campaigns made of templates, sold over the network: one journey for each mechanism, from the template to the bill."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.imports.jobs import Author, import_customers
from cpo_portal.charging.segments.stored import SegmentContent, save_segment
from offers.models import Offer
from tests.beckn.actions.conversation import BILLING, Conversation, amounts, tag
from tests.people import api_client
from tests.prepaid import subscribe

pytestmark = pytest.mark.django_db

SARAH, RAVI = BILLING["phone"], "+91-9000000002"


@pytest.fixture
def staff(talk: Conversation) -> Client:
    """The CPO's API, with nothing for sale yet beside the tariff."""
    with cpo_scope(talk.world.cpo):
        Offer.objects.update(state="PAUSED")
    return api_client(talk.world.cpo)


def send(staff: Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = staff.post(path, body, content_type="application/json")
    assert answer.status_code in (200, 201), answer.content
    made: dict[str, Any] = answer.json()
    return made


def made(staff: Client, template: str, **more: Any) -> dict[str, Any]:
    """Post what a template fills in to where it belongs; an offer is published as well, from this year on."""
    [told] = [each for each in staff.get("/api/offer-templates").json() if each["template"] == template]
    body = told["body"] | more
    if told["makes"] == "offers":
        body["content"] |= {"valid_from": "2026-01-01T00:00:00Z", "valid_until": "2040-01-01T00:00:00Z"}
    answer = send(staff, f"/api/{told['makes']}", body)
    if told["makes"] == "offers":
        send(staff, f"/api/offers/{answer['offer_id']}/publish", {})
    return answer


def init(talk: Conversation, phone: str, *offers: str) -> dict[str, Any]:
    cart = talk.cart(*offers)
    cart["order"]["billing"] = BILLING | {"phone": phone}
    order: dict[str, Any] = talk.say("init", cart)["message"]["order"]
    return order


def billed(talk: Conversation, *offers: str) -> dict[str, Any]:
    """Confirm, charge 5.2 kWh, and return the order with its bill."""
    order = talk.say("confirm", talk.cart(*offers))["message"]["order"]
    talk.update("start-charging", order["fulfillments"][0]["stops"][0]["authorization"]["token"])
    talk.charge(5200, stop=True)
    done: dict[str, Any] = talk.callbacks("on_update")[-1]["message"]["order"]
    assert done["status"] == "COMPLETE"
    return done


def test_a_plain_offer(talk: Conversation, staff: Client) -> None:
    made(staff, "regional-promotion")
    [provider] = talk.say("search", {"intent": {"fulfillment": {"stops": []}}})["message"]["catalog"]["providers"]
    assert [offer["id"] for offer in provider["offers"]] == ["regional-promotion"]
    assert provider["items"][0]["offers"][0]["price"] == {"value": "16.20", "currency": "INR/kWh"}
    quoted = talk.say("select", talk.cart())["message"]["order"]
    assert amounts(quoted) == ["90.00", "10.00", "-9.00", "16.38"]
    order = init(talk, SARAH, "regional-promotion")
    assert order["quote"]["price"]["value"] == "107.38"
    assert talk.pay("107.38") == "PAID"
    bill = billed(talk, "regional-promotion")
    assert amounts(bill) == ["93.60", "10.00", "-9.36", "16.96"]
    summary = tag(bill["tags"], "offer-summary")
    assert (summary["total-savings"], summary["offer-type"]) == ("9.36", "REGIONAL")


@pytest.mark.parametrize(
    ("phone", "total"), [pytest.param(SARAH, "106.20", id="gold"), pytest.param(RAVI, "118.00", id="silver")]
)
def test_an_offer_for_customers_by_their_record(talk: Conversation, staff: Client, phone: str, total: str) -> None:
    cpo = talk.world.cpo
    save_segment(cpo, SegmentContent("gold", "Gold", ({"fact": "TIER", "values": ["Gold"]},)))
    import_customers(cpo, f"phone,tier\n{SARAH},Gold\n{RAVI},Silver".encode(), dry_run=False, author=Author())
    made(staff, "tier-pricing")
    assert talk.say("select", talk.cart())["message"]["order"]["quote"]["price"]["value"] == "106.20"
    assert init(talk, phone)["quote"]["price"]["value"] == total
    assert talk.pay(total) == "PAID"
    assert len(amounts(billed(talk))) == (4 if total == "106.20" else 3)


@pytest.mark.parametrize(
    ("template", "name", "days"),
    [
        pytest.param("prepaid-credits", "Prepaid credit", 365, id="a-year"),
        pytest.param("monthly-credit", "Monthly package", 30, id="a-month"),
    ],
)
def test_a_prepaid_balance_is_drawn_down(
    talk: Conversation, staff: Client, template: str, name: str, days: int
) -> None:
    balance = made(staff, template, contact=SARAH)
    topped_up = timezone.now()
    send(staff, f"/api/balances/{balance['id']}/top-up", {"amount": "200", "reference": "first"})
    order = init(talk, SARAH)
    assert (order["payments"][0]["params"]["amount"], order["payments"][0]["status"]) == ("0.00", "PAID")
    bill = billed(talk)
    paid = tag(bill["tags"], "prepaid-balance")
    assert (paid["balance-name"], paid["drawn"], paid["left"]) == (name, "122.25", "77.75")
    told = staff.get(f"/api/balances/{balance['id']}").json()
    assert told["left"] == "77.75"
    assert (datetime.fromisoformat(told["expires_at"]) - topped_up).days == days


def test_a_package_of_energy_is_included(talk: Conversation, staff: Client) -> None:
    subscribe(talk.world.cpo)
    balance = made(staff, "monthly-energy", contact=SARAH)
    send(staff, f"/api/balances/{balance['id']}/top-up", {"amount": "100000", "reference": "first"})
    cart = talk.cart()
    cart["order"]["billing"] = BILLING
    cart["order"]["items"][0]["quantity"]["selected"]["measure"] |= {"value": "5", "unit": "kWh"}
    assert amounts(talk.say("init", cart)["message"]["order"]) == ["0.00", "10.00", "1.80"]
    assert talk.pay("11.80") == "PAID"
    bill = billed(talk)
    drawn = tag(bill["tags"], "included-energy")
    assert (drawn["balance-name"], drawn["drawn"], drawn["left"]) == ("Monthly plan", "5.200", "94.800")


def test_a_family_shares_one_balance_until_it_is_used_up(talk: Conversation, staff: Client) -> None:
    family = made(staff, "family-plan")
    send(staff, f"/api/customer-groups/{family['id']}/add", {"contacts": [SARAH, RAVI]})
    body = {"name": "Family credit", "group": family["id"]}
    balance = send(staff, "/api/balances", body)
    send(staff, f"/api/balances/{balance['id']}/top-up", {"amount": "200", "reference": "first"})
    assert init(talk, SARAH)["payments"][0]["params"]["amount"] == "0.00"
    assert tag(billed(talk)["tags"], "prepaid-balance")["left"] == "77.75"
    second = Conversation(talk.world, talk.app, str(uuid.uuid4()))
    assert init(second, RAVI)["payments"][0]["params"]["amount"] == "40.25"
    assert staff.get(f"/api/balances/{balance['id']}").json()["left"] == "0.00"
    stranger = Conversation(talk.world, talk.app, str(uuid.uuid4()))
    assert init(stranger, "+91-9000000003")["payments"][0]["params"]["amount"] == "118.00"


def test_a_family_shares_the_uses_of_an_offer_and_a_driver_hears_no_more_than_that(
    talk: Conversation, staff: Client
) -> None:
    shared = {"uses_per_customer_month": 2, "shared_in_groups": True}
    offer = made(staff, "family-offer", limits=shared)
    assert (offer["offer_id"], offer["limits"]["shared_in_groups"]) == ("family-offer", True)
    family = made(staff, "family-plan")
    send(staff, f"/api/customer-groups/{family['id']}/add", {"contacts": [SARAH, RAVI]})
    assert init(talk, SARAH)["quote"]["price"]["value"] == "107.38"
    assert talk.pay("107.38") == "PAID"
    assert amounts(billed(talk)) == ["93.60", "10.00", "-9.36", "16.96"]

    def another(phone: str) -> dict[str, Any]:
        return init(Conversation(talk.world, talk.app, str(uuid.uuid4())), phone)

    assert another(RAVI)["quote"]["price"]["value"] == "107.38"
    refused = another(RAVI)
    assert refused["quote"]["price"]["value"] == "118.00"
    [told] = [each for each in refused["offers"] if each["id"] == "family-offer"]
    said = {one["descriptor"]["code"]: one["value"] for group in told["tags"] for one in group["list"]}
    assert said["reason-code"] == "GROUP_USES_MONTH"
    assert said["reason"].startswith("used up by the group, again from ")
    assert another("+91-9000000003")["quote"]["price"]["value"] == "107.38"
