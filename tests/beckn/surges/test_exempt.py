"""Who does not pay a surge, over signed messages: by the battery, or once it is known who drives."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pricing.surges.content import Exemptions
from tests.beckn.protocol.edits import tag
from tests.beckn.surges.evening import RUPEE, Evening, groups

pytestmark = pytest.mark.django_db

LOW = Exemptions(below_charge_percent=10)
FREE = "Congestion fee: not charged, for batteries below 10 %"


def battery(percent: str) -> dict[str, Any]:
    return {"tags": [tag("vehicle-state", state_of_charge=percent)]}


def surges(order: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the titles and amounts of a quote's SURGE lines."""
    return [
        (line["title"], line["price"]["value"])
        for line in order["quote"]["breakup"]
        if groups(line["item"], "line")[0]["kind"] == "SURGE"
    ]


PAID = ("Congestion fee (5 kWh @ ₹1.00/kWh)", "5.00")


@pytest.mark.parametrize(
    ("said", "line"),
    [
        pytest.param(battery("9.9"), (FREE, "0.00"), id="below"),
        pytest.param({"vehicle": battery("0")}, (FREE, "0.00"), id="of-the-vehicle"),
        pytest.param(battery("10"), PAID, id="at-the-limit"),
        pytest.param(battery("flat"), PAID, id="unreadable"),
        pytest.param({}, PAID, id="nothing-said"),
    ],
)
def test_a_battery_that_is_nearly_empty_is_exempt(
    evening: Evening, said: dict[str, Any], line: tuple[str, str]
) -> None:
    evening.surge(replace(RUPEE, exemptions=LOW))
    assert surges(evening.quoted(**said)) == [line]
    placed = evening.init(**said)["message"]["order"]
    assert surges(placed) == [line]
    assert [x["title"] for x in placed["quote"]["breakup"]] == ["Charging session cost (5 kWh @ ₹16.00/kWh)", line[0]]


def test_an_exemption_is_granted_at_init_when_the_battery_is_told_of(evening: Evening) -> None:
    evening.ask_for_consent()
    evening.surge(replace(RUPEE, exemptions=LOW))
    quoted = evening.quoted()
    assert surges(quoted) == [PAID]
    assert groups(quoted, "surcharge-acknowledgement")[0]["required"] == "yes"
    placed = evening.init(**battery("5"))["message"]["order"]
    assert (surges(placed), placed["quote"]["price"]["value"]) == ([(FREE, "0.00")], "80.00")


def test_an_exemption_is_granted_at_init_when_the_driver_is_known(evening: Evening) -> None:
    evening.surge(replace(RUPEE, exemptions=Exemptions(first_session=True)))
    quoted = evening.quoted()
    assert (surges(quoted), quoted["quote"]["price"]["value"]) == ([PAID], "85.00")
    placed = evening.init()["message"]["order"]
    assert surges(placed) == [("Congestion fee: not charged, for a first session", "0.00")]
    assert placed["quote"]["price"]["value"] == "80.00"


def test_an_exemption_outlives_the_quote_that_gave_it(evening: Evening) -> None:
    """Confirmed too late, the order is priced again by what the app told of the battery."""
    evening.surge(replace(RUPEE, exemptions=LOW))
    assert evening.begins is not None
    evening.begins += timedelta(minutes=90)
    evening.init(**battery("5"))
    evening.notify("80.00")
    before = evening.order().quote_ref
    evening.later(minutes=70)
    order = evening.confirm()["message"]["order"]
    assert evening.order().quote_ref != before
    assert (surges(order), order["quote"]["price"]["value"]) == ([(FREE, "0.00")], "80.00")


def test_a_known_exemption_is_kept_to_the_bill(evening: Evening) -> None:
    evening.surge(replace(RUPEE, exemptions=LOW))
    evening.init(**battery("5"))
    evening.notify("80.00")
    evening.confirm()
    evening.later(minutes=10)
    evening.update("start-charging", evening.otp)
    evening.report_start()
    evening.later(minutes=12)
    evening.report_stop(5200)
    bill = evening.callbacks("on_update")[-1]["message"]["order"]
    assert (surges(bill), bill["quote"]["price"]["value"]) == ([(FREE, "0.00")], "83.20")
