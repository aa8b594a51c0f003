"""Every action, in the order of a sale: exact prices, states and tags, each callback valid by core 1.1.0."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from cpo_portal.accounts.models import User
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Order, Rating, Refund
from cpo_portal.network.models import Charger
from offers.models import OfferState, Redemption
from tests.beckn.actions.conversation import Conversation, amounts, tag
from tests.world import make_offer

pytestmark = pytest.mark.django_db

NEAR = {"gps": "28.63,77.21", "radius": {"value": "5", "unit": "km"}}


def search(circle: dict[str, object]) -> dict[str, object]:
    return {"intent": {"fulfillment": {"stops": [{"location": {"circle": circle}}]}}}


def test_on_search_shows_the_offer_at_provider_and_item(talk: Conversation) -> None:
    [provider] = talk.say("search", search(NEAR))["message"]["catalog"]["providers"]
    assert provider["id"] == "cpo1.com"
    [item] = provider["items"]
    assert (item["id"], item["price"]) == ("pe-charging-01", {"value": "18", "currency": "INR/kWh"})
    [inline], [listed] = item["offers"], provider["offers"]
    assert inline["id"] == listed["id"] == "weekend-discount-25"
    assert inline["price"] == {"value": "13.50", "currency": "INR/kWh"}
    assert "price" not in listed
    assert tag(inline["tags"], "offer-details")["discount-type"] == "PERCENTAGE"
    assert provider["categories"] == [
        {"id": "weekend-special", "descriptor": {"code": "promotional-offer", "name": "Weekend special"}}
    ]
    assert tag(item["tags"], "connector-specifications")["power-rating"] == "30kW"
    assert tag(item["tags"], "tariff-details") == {
        "pricing-model": "PER_KWH",
        "price": "₹18.00/kWh + Service Fee ₹10.00 + GST 18 %",
    }


def test_a_search_elsewhere_is_an_empty_catalogue(talk: Conversation) -> None:
    far = {"gps": "12.97,77.59", "radius": {"value": "5", "unit": "km"}}
    assert talk.say("search", search(far))["message"]["catalog"].get("providers", []) == []


def test_on_select_quotes_91_45(talk: Conversation) -> None:
    order = talk.say("select", talk.cart("weekend-discount-25"))["message"]["order"]
    assert order["quote"]["price"] == {"value": "91.45", "currency": "INR"}
    assert amounts(order) == ["90.00", "10.00", "-22.50", "13.95"]
    assert tag(order["offers"][0]["tags"], "offer-validation")["discount-applied"] == "22.50"
    assert "id" not in order


def test_a_declined_offer_is_not_applied(talk: Conversation) -> None:
    declined = {
        "id": "weekend-discount-25",
        "tags": [{"descriptor": {"code": "selection"}, "list": [{"descriptor": {"code": "apply"}, "value": "no"}]}],
    }
    order = talk.say("select", talk.cart(declined))["message"]["order"]
    assert order["quote"]["price"]["value"] == "118.00"
    assert tag(order["offers"][0]["tags"], "offer-validation")["reason-code"] == "DECLINED"


def test_from_init_to_rating(talk: Conversation) -> None:
    order = talk.init("weekend-discount-25")["message"]["order"]
    assert order["quote"]["price"]["value"] == "91.45"
    assert tag(order["offers"][0]["tags"], "offer-validation") == {
        "validated": "true",
        "discount-applied": "22.50",
        "offer-code": "WEEKEND25",
    }
    assert order["refund_terms"][0]["refund_amount"] == {"currency": "INR", "value": "77.73"}
    assert talk.pay() == "PAID"
    [paid] = talk.callbacks("on_status")
    assert paid["message"]["order"]["payments"][0]["status"] == "PAID"
    order = talk.say("confirm", talk.cart("weekend-discount-25"))["message"]["order"]
    assert (order["status"], order["fulfillments"][0]["state"]["descriptor"]["code"]) == ("ACTIVE", "PENDING")
    order_id, start = order["id"], order["fulfillments"][0]["stops"][0]
    noted = talk.update("start-charging", start["authorization"]["token"])["message"]["order"]
    assert noted["fulfillments"][0]["state"]["descriptor"]["code"] == "PENDING"
    talk.charge(5200, stop=False)
    active = talk.callbacks("on_update")[-1]["message"]["order"]
    assert active["fulfillments"][0]["state"]["descriptor"]["code"] == "ACTIVE"
    running = talk.say("status", {"order_id": order_id})["message"]["order"]
    # 2.6 kWh: 46.80 of energy is below the offer's minimum, so it does not apply yet.
    assert amounts(running) == ["46.80", "10.00", "10.22"]
    progress = tag(talk.say("track", {"order_id": order_id})["message"]["tracking"]["tags"], "charging-progress")
    assert progress["energy-delivered"] == "2.6"


def test_the_bill_is_announced_with_usage_and_summary(talk: Conversation) -> None:
    talk.update("start-charging", talk.confirmed())
    talk.charge(5200, stop=True)
    bill = talk.callbacks("on_update")[-1]["message"]["order"]
    assert bill["quote"]["price"]["value"] == "94.64"
    assert amounts(bill) == ["93.60", "10.00", "-23.40", "14.44"]
    assert (bill["status"], bill["fulfillments"][0]["state"]["descriptor"]["code"]) == ("COMPLETE", "COMPLETED")
    assert bill["items"][0]["quantity"]["allocated"]["measure"] == {
        "type": "CONSTANT",
        "value": "5.2",
        "unit": "kWh",
    }
    usage = tag(bill["offers"][0]["tags"], "offer-usage")
    assert (usage["discount-amount"], usage["savings-percentage"]) == ("23.40", "25")
    summary = tag(bill["tags"], "offer-summary")
    assert (summary["total-savings"], summary["offer-type"]) == ("23.40", "WEEKEND_SPECIAL")
    settlement = tag(bill["tags"], "settlement")
    assert (settlement["kind"], settlement["amount"]) == ("SHORTFALL", "3.19")
    rating = {"ratings": [{"id": bill["id"], "rating_category": "Order", "value": "5"}]}
    assert "error" not in talk.say("rating", rating)
    with cpo_scope(talk.world.cpo):
        assert Rating.objects.get().value == Decimal(5)
    support = talk.say("support", {"support": {"ref_id": bill["id"]}})["message"]["support"]
    assert support["phone"] == "1800 1080"


def test_cancel_before_start_applies_the_refund_terms(talk: Conversation) -> None:
    start = timezone.now() + timedelta(hours=5)
    talk.init("weekend-discount-25", start=start)
    talk.pay()
    order_id = talk.say("confirm", talk.cart("weekend-discount-25", start=start))["message"]["order"]["id"]
    order = talk.say("cancel", {"order_id": order_id, "cancellation_reason_id": "5"})["message"]["order"]
    assert order["status"] == "CANCELLED"
    settlement = tag(order["tags"], "settlement")
    assert (settlement["kind"], settlement["amount"]) == ("REFUND", "77.73")
    with cpo_scope(talk.world.cpo):
        assert Refund.objects.get().amount == Decimal("77.73")
        assert Redemption.objects.get().state == "RELEASED"
    assert len(talk.callbacks("on_cancel")) == 1


OPTED_IN = [
    pytest.param({"state": OfferState.PAUSED}, "30006", id="paused"),
    pytest.param({"state": OfferState.WITHDRAWN}, "30006", id="withdrawn"),
    pytest.param({"state": OfferState.ENDED}, "30006", id="ended"),
]


@pytest.mark.parametrize(("change", "code"), OPTED_IN)
def test_init_with_an_offer_that_does_not_hold_reserves_nothing(
    talk: Conversation, change: dict[str, object], code: str
) -> None:
    make_offer(talk.world.cpo, "other", auto=False, display_code="", **change)
    listed = talk.say("select", talk.cart("other"))["message"]["order"]
    states = {offer["id"]: tag(offer["tags"], "offer-validation") for offer in listed["offers"]}
    assert states["other"]["validated"] == "false"
    answer = talk.init("other")
    assert answer["error"]["code"] == code
    with cpo_scope(talk.world.cpo):
        assert (Order.objects.count(), Redemption.objects.count()) == (0, 0)


def test_an_unknown_offer_is_30006_at_init(talk: Conversation) -> None:
    answer = talk.init("no-such-offer")
    assert answer["error"]["code"] == "30006"
    with cpo_scope(talk.world.cpo):
        assert Order.objects.count() == 0


def test_a_condition_that_is_not_met_is_told_and_the_order_is_made_without(talk: Conversation) -> None:
    order = talk.init("weekend-discount-25", amount="50")["message"]["order"]
    assert amounts(order) == ["40.00", "10.00", "9.00"]
    validation = tag(order["offers"][0]["tags"], "offer-validation")
    assert (validation["validated"], validation["reason-code"]) == ("false", "MIN_VALUE")


REFUSALS = [
    pytest.param("confirm", {"order": {}}, "30010", id="confirm-without-init"),
    pytest.param("status", {"order_id": "00000000-0000-4000-8000-000000000000"}, "30010", id="status-of-no-order"),
    pytest.param("cancel", {"order_id": "x", "cancellation_reason_id": "1"}, "30010", id="cancel-of-no-order"),
    pytest.param("track", {"order_id": ""}, "30010", id="track-of-no-order"),
    pytest.param("support", {"support": {"ref_id": "nothing"}}, "30010", id="support-of-no-order"),
]


@pytest.mark.parametrize(("action", "message", "code"), REFUSALS)
def test_without_an_order_there_is_an_error(
    talk: Conversation, action: str, message: dict[str, object], code: str
) -> None:
    if action == "confirm":
        message = talk.cart()
    assert talk.say(action, message)["error"]["code"] == code


CARTS = [
    pytest.param({"provider": {"id": "nobody.example"}}, "30001", id="unknown-provider"),
    pytest.param(
        {"items": [{"id": "nothing", "quantity": {"selected": {"measure": {"value": "1", "unit": "kWh"}}}}]},
        "30004",
        id="unknown-item",
    ),
]


@pytest.mark.parametrize(("change", "code"), CARTS)
def test_a_cart_of_unknown_things_is_an_error(talk: Conversation, change: dict[str, object], code: str) -> None:
    cart = talk.cart()
    cart["order"] |= change
    assert talk.say("select", cart)["error"]["code"] == code


def test_a_connector_that_nobody_could_start_is_neither_found_nor_quoted(talk: Conversation) -> None:
    with cpo_scope(talk.world.cpo):
        Charger.objects.update(system=None)
    assert talk.say("search", search(NEAR))["message"]["catalog"].get("providers", []) == []
    assert talk.say("select", talk.cart())["error"]["code"] == "30004"


def test_another_apps_order_does_not_exist(talk: Conversation) -> None:
    talk.init()
    with cpo_scope(talk.world.cpo):
        order_id = str(Order.objects.get().pk)
    stranger = type(talk.app)("other.example", seed=b"c" * 32)
    stranger.register()
    theirs = Conversation(talk.world, stranger, str(uuid.uuid4()))
    assert theirs.say("status", {"order_id": order_id})["error"]["code"] == "30010"


def test_a_wrong_otp_is_refused_and_counted(talk: Conversation) -> None:
    otp = talk.confirmed()
    wrong = f"{(int(otp) + 1) % 1_000_000:06d}"
    assert talk.update("start-charging", wrong)["error"]["code"] == "50002"
    with cpo_scope(talk.world.cpo):
        order = Order.objects.get()
    assert (order.otp_failures, order.start_authorized_at) == (1, None)
    assert "error" not in talk.update("start-charging", otp)


def test_the_orders_page_lists_its_messages(talk: Conversation, client: Client) -> None:
    talk.init("weekend-discount-25")
    owner = User.objects.create_superuser("operator@portal.example", "a-long-password")
    client.force_login(owner)
    with cpo_scope(talk.world.cpo):
        order = Order.objects.get()
    page = client.get(f"/admin/charging/order/{order.pk}/change/").content.decode()
    links = re.findall(r'href="/admin/beckn/(inboundmessage|outboundcallback)/[^"]+/change/">(\w+)<', page)
    assert links == [("inboundmessage", "init"), ("outboundcallback", "on_init")]


YEARS = [
    pytest.param("0001-01-01T00:00:00", id="the-first-year"),
    pytest.param("9999-12-31T23:59:59Z", id="the-last-year"),
    pytest.param("1999-12-31T23:59:59Z", id="a-year-too-early"),
]


@pytest.mark.parametrize("time", YEARS)
@pytest.mark.parametrize("stop", [0, 1], ids=["start", "end"])
def test_a_time_that_no_session_has_is_refused_before_it_is_acknowledged(
    talk: Conversation, time: str, stop: int
) -> None:
    cart = talk.cart()
    cart["order"]["fulfillments"][0]["stops"][stop]["time"]["timestamp"] = time
    answer = talk.post("select", cart)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "30000"
    assert "outside the years 2000 to 2100" in answer.json()["error"]["message"]


def test_a_session_of_more_than_seven_days_is_refused(talk: Conversation) -> None:
    cart = talk.cart()
    end = timezone.now() + timedelta(days=7, hours=1)
    cart["order"]["fulfillments"][0]["stops"][1]["time"]["timestamp"] = end.isoformat()
    assert talk.say("select", cart)["error"]["code"] == "30000"
