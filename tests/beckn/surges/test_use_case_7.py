"""Use case 7 over signed messages: a surge is told, quoted, agreed to, charged by the meter and billed as promised."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client

from beckn.protocol.times import format_time
from cpo_portal.accounts.models import Role
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Order
from offers.models import Quote, SurgeConsent
from tests.beckn.actions.conversation import amounts
from tests.beckn.surges.evening import CALCULATED, CONGESTION, RUPEE, Evening, groups
from tests.people import make_member, signed_in

pytestmark = pytest.mark.django_db

DAYS = "MON,TUE,WED,THU,FRI,SAT,SUN"


def test_the_whole_sale(evening: Evening) -> None:
    evening.ask_for_consent()
    schedule = evening.surge(replace(RUPEE, explanation="The stations are busy in the evening."))
    [provider] = evening.say("search", {"intent": {}})["message"]["catalog"]["providers"]
    [item] = provider["items"]
    assert item["price"] == {"value": "16", "currency": "INR/kWh"}
    [told] = groups(item, "surcharge-details")
    assert told.pop("effective-from") == format_time(schedule.prices_from)
    assert told == {
        "name": "Congestion fee",
        "rate": "1.00",
        "basis": "PER_KWH",
        "window": "18:00-21:00",
        "days": DAYS,
        "when": "every day 18:00–21:00",
        "reason": "The stations are busy in the evening.",
        "calculation": CALCULATED,
        "know-more": f"{settings.BASE_URL}/s/cpo1.com/congestion",
    }
    quoted = evening.quoted()
    assert (quoted["quote"]["price"]["value"], amounts(quoted)) == ("85.00", ["80.00", "5.00"])
    assert groups(quoted["items"][0], "surcharge-details") == groups(item, "surcharge-details")
    text = f"{CONGESTION} {CALCULATED}"
    asked = {
        "required": "yes",
        "accepted": "no",
        "quote-id": quoted["quote"]["id"],
        "amount": "5.00",
        "currency": "INR",
        "text": text,
        "text-hash": hashlib.sha256(text.encode()).hexdigest(),
    }
    assert groups(quoted, "surcharge-acknowledgement") == [asked]
    refused = evening.init()
    assert refused["error"] == {
        "code": "40000",
        "message": "The driver has not agreed to Congestion fee of ₹5.00: send init again with the tag group "
        f"surcharge-acknowledgement, accepted = yes and quote-id = {quoted['quote']['id']}.",
    }
    with cpo_scope(evening.world.cpo):
        assert (Order.objects.count(), Quote.objects.count(), SurgeConsent.objects.count()) == (0, 1, 0)
    placed = evening.agree(quoted["quote"]["id"])["message"]["order"]
    assert placed["quote"]["price"]["value"] == "85.00"
    assert groups(placed, "surcharge-acknowledgement") == [asked | {"accepted": "yes"}]
    evening.notify("85.00")
    evening.confirm()
    evening.later(minutes=10)
    evening.update("start-charging", evening.otp)
    evening.report_start()
    evening.later(minutes=8)
    evening.report_reading(3400)
    so_far = evening.say("status", {"order_id": str(evening.order().pk)})["message"]["order"]
    assert (so_far["quote"]["price"]["value"], amounts(so_far)) == ("57.80", ["54.40", "3.40"])
    evening.later(minutes=5)
    evening.report_stop(5200)
    bill = evening.callbacks("on_update")[-1]["message"]["order"]
    assert (bill["quote"]["price"]["value"], amounts(bill)) == ("88.40", ["83.20", "5.20"])
    assert bill["quote"]["breakup"][1]["title"] == "Congestion fee (5.2 kWh @ ₹1.00/kWh)"
    [receipt] = groups(bill, "receipt")
    page = Client().get(receipt["url"].removeprefix(settings.BASE_URL)).content.decode()
    assert f'<a href="{settings.BASE_URL}/s/cpo1.com/congestion">Congestion fee</a>: {CALCULATED}</p>' in page
    assert Client().get("/s/cpo1.com/congestion").status_code == 200


def test_a_session_across_the_end_of_the_surge_pays_for_what_flowed_before(evening: Evening) -> None:
    """Quoted from 20:50 on, ten minutes of which are surged; the bill follows the meter."""
    evening.surge()
    assert evening.begins is not None
    evening.begins = evening.begins.replace(hour=15, minute=20)
    assert amounts(evening.quoted(amount="10")) == ["160.00", "5.00"]
    evening.init(amount="10")
    evening.notify("165.00")
    evening.confirm()
    evening.later(minutes=150)
    evening.update("start-charging", evening.otp)
    evening.turn_clock(evening.begins)
    evening.report_start()
    evening.turn_clock(evening.begins + timedelta(minutes=10))
    evening.report_reading(4000)
    evening.turn_clock(evening.begins + timedelta(minutes=30))
    evening.report_stop(10_000)
    bill = evening.callbacks("on_update")[-1]["message"]["order"]
    assert amounts(bill) == ["160.00", "4.00"]
    [receipt] = groups(bill, "receipt")
    page = Client().get(receipt["url"].removeprefix(settings.BASE_URL)).content.decode()
    slices = re.findall(r"<tr><td>([0-9:–]+)<br><span[^>]*>([^<]*)(?:<br>([^<]*))?</span>", page)
    assert slices == [
        ("20:50–21:00", "read at both ends", "Surcharges: Congestion fee"),
        ("21:00–21:20", "read at both ends", ""),
    ]
    staff = signed_in(make_member(evening.world.cpo, "manager", Role.MANAGER))
    shown = staff.get(f"/admin/charging/order/{evening.order().pk}/change/").content.decode()
    rows = re.findall(r"₹16.00/kWh</td>\s*<td[^>]*>read at both ends</td>\s*<td[^>]*>(.*?)</td>", shown)
    assert rows == ["Congestion fee", "–"]


def test_a_receipt_without_a_surge_explains_none(evening: Evening) -> None:
    evening.init()
    evening.notify("80.00")
    evening.confirm()
    evening.later(minutes=10)
    evening.update("start-charging", evening.otp)
    evening.report_start()
    evening.later(minutes=12)
    evening.report_stop(5000)
    [receipt] = groups(evening.callbacks("on_update")[-1]["message"]["order"], "receipt")
    page = Client().get(receipt["url"].removeprefix(settings.BASE_URL)).content.decode()
    assert ("Charging session cost (5 kWh @ ₹16.00/kWh)" in page, "Surcharges" in page) == (True, False)
