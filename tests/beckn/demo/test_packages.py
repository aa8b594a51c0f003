"""The demonstration's subscription: a driver has 100 kWh of it, and its price is that of what goes beyond."""

from __future__ import annotations

from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from beckn import keys
from beckn.demo.campaigns import INDIA
from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.balances import changes as balances
from cpo_portal.charging.balances.moves import Moved
from cpo_portal.charging.models import Balance, BalanceEntry
from cpo_portal.charging.people.groups import customer_by_contact
from cpo_portal.network.models import Connector
from offers.quoting import SessionAsk, price_session
from pricing.engine.values import EnergyMeasure

pytestmark = pytest.mark.django_db

SARAH, RAVI = "+91-9876543210", "+91-9000000002"
MG_ROAD, CONNAUGHT_PLACE = "bengaluru-mg-road", "delhi-connaught-place"


@pytest.fixture
def cpo(settings: Any, tmp_path: Path) -> Cpo:
    settings.PORTAL_HOME = tmp_path
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    keys.forget()
    call_command("load_demo", stdout=StringIO())
    return Cpo.objects.get(provider_id="cpo1.com")


def lines(cpo: Cpo, phone: str, location_id: str, wh: int) -> list[tuple[str, str]]:
    """Price a session on a Wednesday evening, when no automatic offer holds."""
    now = timezone.now()
    day = now.astimezone(INDIA).date() + timedelta(days=1)
    day += timedelta(days=(2 - day.weekday()) % 7)
    start = datetime(day.year, day.month, day.day, 20, tzinfo=INDIA)
    with cpo_scope(cpo):
        connector = Connector.objects.select_related("cpo", "charger__location").filter(
            charger__location__location_id=location_id, connector_type="CCS2"
        )[0]
        driver = customer_by_contact(cpo, phone)
        ask = SessionAsk(EnergyMeasure(wh), start, start + timedelta(hours=2), customer=driver)
        quote = price_session(connector, ask, now=now).quote
    return [(line.title, f"{line.amount.amount:.2f}") for line in quote.lines]


FEE = [("Service Fee", "10.00"), ("GST (18%)", "1.80")]
FIVE = [("Charging session cost (5 kWh @ ₹18.00/kWh)", "90.00"), ("Service Fee", "10.00"), ("GST (18%)", "18.00")]
BEYOND = [
    ("Included energy (100 kWh)", "0.00"),
    ("Charging session cost (10 kWh @ ₹18.00/kWh)", "180.00"),
    ("Service Fee", "10.00"),
    ("GST (18%)", "34.20"),
]


PRICES = {
    "all-included": (SARAH, MG_ROAD, 5000, [("Included energy (5 kWh)", "0.00"), *FEE]),
    "more-than-the-pool": (SARAH, MG_ROAD, 110_000, BEYOND),
    "who-has-no-package": (RAVI, MG_ROAD, 5000, FIVE),
    "where-another-tariff-holds": (SARAH, CONNAUGHT_PLACE, 5000, FIVE),
}


def test_prices_on_the_subscription_and_elsewhere(cpo: Cpo) -> None:
    found = {name: lines(cpo, phone, place, wh) for name, (phone, place, wh, _) in PRICES.items()}
    assert found == {name: expected for name, (*_, expected) in PRICES.items()}


def test_a_second_run_gives_no_second_package(cpo: Cpo) -> None:
    with cpo_scope(cpo):
        balances.pay_back(Balance.objects.get(), Moved(Balance.objects.get().amount, "moved-away"))
    call_command("load_demo", stdout=StringIO())
    with cpo_scope(cpo):
        [pool] = Balance.objects.all()
        entries = list(BalanceEntry.objects.order_by("id").values_list("kind", "amount"))
    assert (pool.plan, pool.amount, pool.valid_days) == ("monthly-plan", 0, 30)
    assert entries == [("TOP_UP", 100_000), ("REFUND", 100_000)]
