"""Tariffs per session, with bounds, with a wheeling charge and from a time on: as a buyer app meets them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from pricing import authoring
from pricing.authoring import Place, TariffContent
from pricing.engine.values import Dimension, PriceComponent, PricingModel, Wheeling
from tests.beckn.actions.conversation import BILLING, Conversation, amounts, tag

pytestmark = pytest.mark.django_db

OWN = (Place(item_id="pe-charging-01"),)
FIXED = TariffContent(
    model=PricingModel.FIXED,
    components=(PriceComponent(Dimension.FLAT, Decimal(150)),),
    wheeling=Wheeling("Wheeling charge", Decimal(5)),
    places=OWN,
)
BOUNDED = TariffContent(rate=Decimal(18), maximum_price=Decimal(60), minimum_price=Decimal(20), places=OWN)


def publish(talk: Conversation, content: TariffContent) -> None:
    authoring.publish(authoring.create_tariff(talk.world.cpo, "own", "Own", content))


def cart(talk: Conversation, value: str, unit: str = "kWh", **changes: Any) -> dict[str, Any]:
    order: dict[str, Any] = talk.cart(**changes)["order"] | {"billing": BILLING}
    order["items"][0]["quantity"]["selected"]["measure"] |= {"value": value, "unit": unit}
    return {"order": order}


def test_the_catalogue_tells_the_price_per_session_and_all_of_the_tariff(talk: Conversation) -> None:
    publish(talk, FIXED)
    [provider] = talk.say("search", {"intent": {}})["message"]["catalog"]["providers"]
    [item] = provider["items"]
    assert item["price"] == {"value": "150", "currency": "INR/session"}
    assert [x.get("price") for x in item["offers"]] == [None]
    assert tag(item["tags"], "tariff-details") == {
        "pricing-model": "FIXED",
        "price": "₹150.00 per session + Wheeling charge ₹5.00 per order + GST 18 %",
    }


def test_a_session_at_a_fixed_price_costs_it_whatever_is_delivered(talk: Conversation) -> None:
    publish(talk, FIXED)
    quoted = talk.say("select", cart(talk, "5"))["message"]["order"]
    assert quoted["items"][0]["price"] == {"value": "150", "currency": "INR/session"}
    assert amounts(quoted) == ["150.00", "-37.50", "5.00", "21.15"]
    placed = talk.say("init", cart(talk, "5"))["message"]["order"]
    assert placed["quote"]["price"] == {"value": "138.65", "currency": "INR"}
    assert talk.pay("138.65") == "PAID"
    order = talk.say("confirm", cart(talk, "5"))["message"]["order"]
    talk.update("start-charging", order["fulfillments"][0]["stops"][0]["authorization"]["token"])
    talk.charge(7200, stop=True)
    bill = talk.callbacks("on_update")[-1]["message"]["order"]
    assert (bill["quote"]["price"]["value"], amounts(bill)) == ("138.65", ["150.00", "-37.50", "5.00", "21.15"])
    assert bill["items"][0]["quantity"]["allocated"]["measure"]["value"] == "7.2"


@pytest.mark.parametrize(
    ("kwh", "lines"),
    [
        pytest.param("1", ["20.00", "3.60"], id="the-least"),
        pytest.param("2", ["36.00", "6.48"], id="in-between"),
        pytest.param("5", ["60.00", "-15.00", "8.10"], id="the-highest"),
    ],
)
def test_charging_costs_within_the_bounds(talk: Conversation, kwh: str, lines: list[str]) -> None:
    publish(talk, BOUNDED)
    assert amounts(talk.say("select", cart(talk, kwh))["message"]["order"]) == lines


@pytest.mark.parametrize(
    ("content", "amount", "sentence"),
    [
        pytest.param(
            BOUNDED, "19", "Raise the amount: fixed prices, fees and taxes alone come to ₹20.00.", id="below-the-least"
        ),
        pytest.param(
            BOUNDED, "61", "Ask for energy in kWh: charging costs at most ₹60.00 here.", id="above-the-highest"
        ),
        pytest.param(
            FIXED, "200", "Ask for energy or minutes: this tariff has one price per session.", id="no-price-of-energy"
        ),
    ],
)
def test_an_amount_that_buys_nothing_there_is_refused_with_what_to_do(
    talk: Conversation, content: TariffContent, amount: str, sentence: str
) -> None:
    publish(talk, content)
    answer = talk.say("select", cart(talk, amount, "INR"))
    assert "message" not in answer
    assert answer["error"]["message"] == sentence


def test_the_price_is_that_of_the_time_when_the_session_is_to_start(talk: Conversation) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    publish(talk, TariffContent(rate=Decimal(30), valid_from=tomorrow, places=OWN))
    before, after = (
        talk.say("select", cart(talk, "1", start=tomorrow + timedelta(minutes=n)))["message"]["order"] for n in (-2, 0)
    )
    assert [x["items"][0]["price"]["value"] for x in (before, after)] == ["18", "30"]
    assert [amounts(x)[0] for x in (before, after)] == ["18.00", "30.00"]
