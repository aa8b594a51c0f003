"""Surges that begin after the planned end: told and agreed to where a session may reach them, else not charged."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from cpo_portal.accounts.tenancy import cpo_scope
from offers.models import SurgeConsent
from pricing.surges.content import SurgeContent
from pricing.surges.schedules import Move, perform
from tests.beckn.actions.conversation import amounts
from tests.beckn.surges.evening import CALCULATED, CONGESTION, RUPEE, Evening, groups
from tests.pricing.surges.samples import EVENING, publish

pytestmark = pytest.mark.django_db

#: The plan is 18:25 to 19:25, so that it is told what begins before 21:25.
LAST_HOUR: dict[str, Any] = EVENING | {"start": "20:00", "end": "20:30"}
NIGHT: dict[str, Any] = EVENING | {"start": "21:40", "end": "23:00"}
LATER = "Congestion fee, if you charge 20:00 to 20:30:"


def charged(evening: Evening, hour: int, minute: int) -> list[str]:
    """Charge 5 kWh until then (UTC) and 1 kWh after it, and return what the bill says."""
    evening.notify("80.00")
    evening.confirm()
    begins = plan(evening)
    evening.turn_clock(begins)
    evening.update("start-charging", evening.otp)
    evening.report_start()
    then = begins.replace(hour=hour, minute=minute, second=0)
    evening.turn_clock(then)
    evening.report_reading(5000)
    evening.turn_clock(then + timedelta(minutes=20))
    evening.report_stop(6000)
    return amounts(evening.callbacks("on_update")[-1]["message"]["order"])


def plan(evening: Evening) -> datetime:
    assert evening.begins is not None
    return evening.begins


def test_a_surge_that_a_long_session_reaches_is_agreed_to_and_charged(evening: Evening) -> None:
    evening.ask_for_consent()
    evening.surge(replace(RUPEE, weekly_windows=(LAST_HOUR,)))
    quoted = evening.quoted()
    [asked] = groups(quoted, "surcharge-acknowledgement")
    assert (amounts(quoted), asked["amount"], asked["text"]) == (["80.00"], "0.00", f"{LATER} {CALCULATED}")
    assert evening.init()["error"]["message"].startswith(
        "The driver has not agreed to Congestion fee if they charge 20:00 to 20:30: send init again with the tag group"
    )
    assert evening.agree(quoted["quote"]["id"])["message"]["order"]["quote"]["price"]["value"] == "80.00"
    with cpo_scope(evening.world.cpo):
        consent = SurgeConsent.objects.get()
        assert (consent.amount, [x["words"] for x in consent.parts]) == (0, [f"{LATER} {CALCULATED}"])
    assert charged(evening, 14, 30) == ["96.00", "1.00"]


@pytest.mark.parametrize(
    ("asks", "billed"),
    [pytest.param(True, ["96.00"], id="asked"), pytest.param(False, ["96.00", "1.00"], id="not-asked")],
)
def test_a_surge_that_nobody_was_told_of_is_not_charged_where_consent_is_asked_for(
    evening: Evening, asks: bool, billed: list[str]
) -> None:
    if asks:
        evening.ask_for_consent()
    evening.surge(replace(RUPEE, weekly_windows=(NIGHT,)))
    assert groups(evening.quoted(), "surcharge-acknowledgement") == []
    assert evening.init()["message"]["order"]["quote"]["price"]["value"] == "80.00"
    assert charged(evening, 16, 10) == billed


def test_a_surge_that_is_told_of_a_longer_session_stands_beside_the_one_that_is_charged(evening: Evening) -> None:
    evening.ask_for_consent()
    evening.surge()
    evening.surge(replace(RUPEE, weekly_windows=(LAST_HOUR,)), schedule_id="late", name="Late fee")
    [asked] = groups(evening.quoted(), "surcharge-acknowledgement")
    late = LATER.replace("Congestion", "Late")
    assert (asked["amount"], asked["text"]) == ("5.00", f"{CONGESTION} {CALCULATED} {late} {CALCULATED}")


@pytest.mark.parametrize(
    ("before", "after", "quoted", "confirmed"),
    [
        pytest.param(None, RUPEE, ["80.00"], ["80.00"], id="new"),
        pytest.param(RUPEE, RUPEE, ["80.00", "5.00"], ["80.00", "5.00"], id="the same"),
        pytest.param(RUPEE, replace(RUPEE, value=Decimal(3)), ["80.00", "5.00"], ["80.00", "5.00"], id="risen"),
        pytest.param(RUPEE, None, ["80.00", "5.00"], ["80.00"], id="ended"),
    ],
)
def test_a_confirm_after_the_reservation_is_charged_at_most_the_surges_of_its_quote(
    evening: Evening,
    before: SurgeContent | None,
    after: SurgeContent | None,
    quoted: list[str],
    confirmed: list[str],
) -> None:
    evening.begins = plan(evening) + timedelta(hours=1, minutes=30)
    schedule = evening.surge(before) if before is not None else None
    assert amounts(evening.init()["message"]["order"]) == quoted
    evening.notify("85.00" if before is not None else "80.00")
    if schedule is None:
        evening.surge(RUPEE)
    elif after is None:
        perform(Move.END, schedule)
    elif after != before:
        publish(schedule, after)
    evening.later(minutes=75)
    assert amounts(evening.confirm()["message"]["order"]) == confirmed
