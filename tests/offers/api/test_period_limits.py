"""Limits per day, week and month in the API, in the form and in a price: the same words at the same fields."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from cpo_portal.accounts.models import Role
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Customer
from cpo_portal.network.models import Connector
from offers import authoring
from offers.engine.periods import Period, today_at
from offers.engine.values import OfferLimits
from offers.models import Offer
from offers.quoting import price_session
from offers.reasons.traces import outcome_in_words
from tests.offers.api.asking import CONTENT, fields, send
from tests.offers.authoring.test_offer_admin import ADD, FORM, page
from tests.offers.holds import new_order, take
from tests.people import api_client, make_member, make_people, signed_in
from tests.world import World, ask_for, make_offer

pytestmark = pytest.mark.django_db

LIMITS = {
    "uses_per_customer_day": 1,
    "uses_per_customer_week": 2,
    "uses_per_customer_month": 3,
    "budget_per_day": "500.00",
    "redemption_cap": "60.00",
    "give_use_back": True,
}


@pytest.fixture
def staff(world: World) -> Client:
    return api_client(world.cpo)


def test_limits_are_written_and_read(world: World, staff: Client) -> None:
    made = send(staff, "offers", {"offer_id": "daily", "content": CONTENT, "limits": LIMITS}).json()
    none = {"total_uses": None, "uses_per_customer": None, "budget": None, "shared_in_groups": False}
    assert made["limits"] == none | LIMITS
    assert (made["used"], made["used_today"], made["again_at"]) == (None, None, None)
    changed = send(staff, "offers/daily", {"limits": {"uses_per_customer_day": None}}, "patch").json()
    assert changed["limits"] == none | LIMITS | {"uses_per_customer_day": None}


def test_a_used_up_day_says_what_is_used_and_when_it_is_given_again(world: World, staff: Client) -> None:
    offer = make_offer(world.cpo, "daily", budget_per_day=Decimal(60), redemption_cap=Decimal(60))
    now = timezone.now()
    today = today_at(now, world.cpo.time_zone)
    with cpo_scope(world.cpo):
        take(new_order(world, None, "t", now), offer, "60", at=now)
    found = send(staff, "offers/daily", None, "get").json()
    assert found["state"] == "EXHAUSTED"
    assert found["used_today"] == {
        "day": today.day.isoformat(),
        "budget_reserved": "60.00",
        "budget_committed": "0.00",
    }
    assert datetime.fromisoformat(found["again_at"]) == today.next_start(Period.DAY)
    assert [row["offer_id"] for row in send(staff, "offers?state=EXHAUSTED", None, "get").json()["results"]] == [
        "daily"
    ]


ABOVE_0 = ["Give a number above 0, or leave it empty for no limit."]
REFUSED = [
    pytest.param(
        {"uses_per_customer_day": 0},
        {"uses_per_customer_day": ABOVE_0},
        id="no uses",
    ),
    *(
        pytest.param({name: -1}, {name: ABOVE_0}, id=f"{name} below 0")
        for name in (
            "total_uses",
            "uses_per_customer",
            "uses_per_customer_day",
            "uses_per_customer_week",
            "uses_per_customer_month",
            "redemption_cap",
        )
    ),
    pytest.param(
        {"uses_per_customer_day": 3, "uses_per_customer_week": -1},
        {"uses_per_customer_week": ABOVE_0},
        id="a week below 0 bounds no day",
    ),
    pytest.param(
        {"budget_per_day": "100"},
        {"redemption_cap": ["A budget needs a limit per redemption: set “most per redemption”."]},
        id="budget of a day alone",
    ),
    pytest.param(
        {"uses_per_customer_day": 3, "uses_per_customer_week": 2},
        {"uses_per_customer_day": ["A customer has 2 uses in a week at most: lower this to 2, or raise that."]},
        id="day above week",
    ),
]


@pytest.mark.parametrize(("limits", "refusals"), REFUSED)
def test_form_and_api_refuse_at_the_field_in_the_same_words(limits: dict[str, Any], refusals: Any) -> None:
    people = make_people()
    staff = api_client(people.here.cpo)
    answer = send(staff, "offers", {"offer_id": "daily", "content": CONTENT, "limits": limits})
    assert fields(answer) == {"limits": refusals}
    shown = signed_in(people.owner).post(ADD, FORM | limits | {"_save": "1"})
    assert shown.status_code == 200
    found = shown.context["adminform"].form.errors
    assert {name: list(found[name]) for name in refusals} == refusals
    with cpo_scope(people.here.cpo):
        assert not Offer.objects.exists()


def test_the_form_writes_the_limits_and_shows_today(world: World) -> None:
    owner = make_member(world.cpo, "owner", Role.OWNER)
    asked = {name: "on" if value is True else value for name, value in LIMITS.items()}
    client = signed_in(owner)
    client.post(ADD, FORM | asked | {"_publish": "1"})
    with cpo_scope(world.cpo):
        offer = Offer.objects.get()
        assert authoring.limits_of(offer) == OfferLimits(
            total_uses=1000,
            redemption_cap=Decimal(60),
            uses_per_customer_day=1,
            uses_per_customer_week=2,
            uses_per_customer_month=3,
            budget_per_day=Decimal(500),
            give_use_back=True,
        )
        now = timezone.now()
        customer = Customer.objects.create(cpo=world.cpo)
        take(new_order(world, customer, "t", now), offer, "60", at=now)
    text = client.get(page(offer)).content.decode()
    assert "₹60.00 / ₹500.00" in text
    assert "1 per customer and day; 2 per customer and week; 3 per customer and month" in text


@pytest.mark.parametrize(
    ("limits", "known", "words"),
    [
        pytest.param(
            {"budget_per_day": Decimal(60), "redemption_cap": Decimal(60)},
            False,
            "Its budget of today does not reach: ₹0.00 instead of ₹60.00 (₹60.00 short, again from tomorrow 00:00).",
            id="budget of a day",
        ),
        pytest.param(
            {"uses_per_customer_day": 1},
            True,
            "The customer has used it today as often as it allows: 1 of 1 (again from tomorrow 00:00).",
            id="uses of a customer and day",
        ),
    ],
)
def test_a_price_says_which_limit_is_exhausted_and_when_it_is_free_again(
    world: World, limits: dict[str, Any], known: bool, words: str
) -> None:
    offer = make_offer(world.cpo, **limits)
    now = timezone.now()
    with cpo_scope(world.cpo):
        customer = Customer.objects.create(cpo=world.cpo)
        take(new_order(world, customer, "t", now), offer, "60", at=now)
        connector = Connector.objects.select_related("cpo", "charger__location").get(pk=world.connector.pk)
        ask = ask_for(customer=customer if known else None)
        [outcome] = price_session(connector, ask, now=now).trace.outcomes
        assert (outcome.outcome.value, outcome_in_words(outcome)) == ("LIMITED", words)
        [outcome] = price_session(connector, ask, now=now + timedelta(days=1)).trace.outcomes
        assert outcome.outcome.value == "APPLIED"
