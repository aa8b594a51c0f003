"""Who pays a surge: exemptions by what is known of the driver, and what a quote has locked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import CustomerRecord, Segment
from cpo_portal.charging.people.customers import find_or_make_customer
from cpo_portal.network.models import Connector
from offers.priced import PricedSession
from offers.quoting import Lock, SessionAsk, price_session
from pricing.engine.values import EnergyMeasure, LineKind
from pricing.surges.content import Exemptions
from pricing.surges.schedules import Move, perform
from tests.pricing.surges.samples import FIFTH, RUPEE, make_schedule, no_notice, publish
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
START = datetime(2027, 3, 2, 12, 30, tzinfo=UTC)
PHONE = "+919887766554"


@pytest.fixture
def world() -> World:
    found = make_world()
    no_notice(found.cpo)
    return found


def priced(world: World, lock: Lock | None = None, **changes: Any) -> PricedSession:
    ask = SessionAsk(measure=EnergyMeasure(5000), planned_start=START, **changes)
    with cpo_scope(world.cpo):
        connector = Connector.objects.select_related("charger__location", "cpo").get(pk=world.connector.pk)
        return price_session(connector, ask, now=timezone.now(), lock=lock)


def line(world: World, lock: Lock | None = None, **changes: Any) -> tuple[str, str]:
    """Return the title and the amount of the one SURGE line."""
    lines = priced(world, lock, **changes).quote.lines
    ((title, amount),) = [(x.title, str(x.amount.amount)) for x in lines if x.kind is LineKind.SURGE]
    return title, amount


PAID = ("Congestion fee (5 kWh @ ₹1.00/kWh)", "5.00")
OF_THE_SESSION: dict[str, tuple[Exemptions, dict[str, Any], str]] = {
    "app": (Exemptions(bap_ids=("app.example",)), {"bap_id": "app.example"}, "through this app"),
    "another-app": (Exemptions(bap_ids=("app.example",)), {"bap_id": "other.example"}, ""),
    "make": (Exemptions(vehicle_makes=("Tata",)), {"vehicle_make": "TATA"}, "for TATA"),
    "another-make": (Exemptions(vehicle_makes=("Tata",)), {"vehicle_make": "MG"}, ""),
    "battery-below": (Exemptions(below_charge_percent=15), {"charge_percent": 14}, "for batteries below 15 %"),
    "battery-at": (Exemptions(below_charge_percent=15), {"charge_percent": 15}, ""),
    "battery-unknown": (Exemptions(below_charge_percent=15), {}, ""),
    "nobody-known": (Exemptions(first_session=True, organisations=("Acme",), segment_ids=()), {}, ""),
}


@pytest.mark.parametrize(("exempt", "said", "reason"), OF_THE_SESSION.values(), ids=OF_THE_SESSION)
def test_what_the_app_says_decides_at_select(
    world: World, exempt: Exemptions, said: dict[str, Any], reason: str
) -> None:
    publish(make_schedule(world.cpo, replace(RUPEE, exemptions=exempt)))
    expected = (f"Congestion fee: not charged, {reason}", "0.00") if reason else PAID
    assert line(world, **said) == expected


@pytest.fixture
def driver(world: World) -> Any:
    """A driver of Acme with an MG, who has never charged."""
    with cpo_scope(world.cpo):
        customer = find_or_make_customer(world.cpo, billing={"phone": PHONE}, contact={})
        assert customer is not None
        CustomerRecord.objects.create(
            cpo=world.cpo, customer=customer, organisation="Acme", vehicle_make="MG", tier="GOLD"
        )
        conditions = [{"fact": "TIER", "values": ["GOLD"]}]
        Segment.objects.create(cpo=world.cpo, segment_id="gold", name="Gold members", conditions=conditions)
    return customer


OF_THE_DRIVER: dict[str, tuple[Exemptions, str]] = {
    "organisation": (Exemptions(organisations=("acme",)), "for drivers of your organisation"),
    "another-organisation": (Exemptions(organisations=("Other",)), ""),
    "kept-make": (Exemptions(vehicle_makes=("MG",)), "for your make of car"),
    "first-session": (Exemptions(first_session=True), "for a first session"),
    "segment": (Exemptions(segment_ids=("gold",)), "for a group of customers that you belong to"),
}


@pytest.mark.parametrize(("exempt", "reason"), OF_THE_DRIVER.values(), ids=OF_THE_DRIVER)
def test_who_the_driver_is_decides_once_it_is_known(world: World, driver: Any, exempt: Exemptions, reason: str) -> None:
    publish(make_schedule(world.cpo, replace(RUPEE, exemptions=exempt)))
    expected = (f"Congestion fee: not charged, {reason}", "0.00") if reason else PAID
    assert (line(world), line(world, customer=driver)) == (PAID, expected)


def test_a_segment_that_is_gone_exempts_nobody(world: World, driver: Any) -> None:
    publish(make_schedule(world.cpo, replace(RUPEE, exemptions=Exemptions(segment_ids=("gold",)))))
    with cpo_scope(world.cpo):
        Segment.objects.filter(segment_id="gold").delete()
    assert line(world, customer=driver) == PAID


def lock_of(found: PricedSession) -> Lock:
    return Lock(terms=found.quote.terms, tariff_version=found.tariff_version)


def test_what_was_quoted_is_kept_whatever_is_published_meanwhile(world: World) -> None:
    schedule = publish(make_schedule(world.cpo, RUPEE))
    lock = lock_of(priced(world))
    publish(schedule, FIFTH)
    publish(make_schedule(world.cpo, FIFTH, schedule_id="second", name="Second"))
    assert line(world, lock) == PAID
    perform(Move.END, schedule)
    assert line(world, lock) == PAID


def test_a_quote_without_a_surge_stays_without_one(world: World) -> None:
    lock = lock_of(priced(world))
    publish(make_schedule(world.cpo, RUPEE))
    assert [x.kind for x in priced(world, lock).quote.lines] == [LineKind.ENERGY, LineKind.FEE, LineKind.TAX]


def test_an_exemption_is_granted_at_init_and_stays(world: World, driver: Any) -> None:
    exempt = Exemptions(first_session=True, bap_ids=("app.example",))
    schedule = publish(make_schedule(world.cpo, replace(RUPEE, exemptions=exempt)))
    selected = priced(world)
    # The next version exempts nobody; the quote goes by its own.
    publish(schedule, RUPEE)
    granted = priced(world, lock_of(selected), customer=driver)
    title = "Congestion fee: not charged, for a first session"
    assert [x.title for x in granted.quote.lines if x.kind is LineKind.SURGE] == [title]
    assert line(world, lock_of(granted), customer=driver) == (title, "0.00")
    assert granted.quote.terms.surges[0].exemption == "for a first session"
    assert granted.quote.total.amount == selected.quote.total.amount - Decimal("5.90")


def test_an_exemption_of_somebody_is_no_strangers(world: World, driver: Any) -> None:
    publish(make_schedule(world.cpo, replace(RUPEE, exemptions=Exemptions(organisations=("Acme",)))))
    granted = priced(world, customer=driver)
    assert granted.quote.terms.surges[0].personal
    with cpo_scope(world.cpo):
        stranger = find_or_make_customer(world.cpo, billing={"phone": "+919811112222"}, contact={})
    assert line(world, lock_of(granted), customer=stranger) == PAID
    assert line(world, lock_of(granted)) == PAID
    assert line(world, lock_of(granted), customer=driver)[1] == "0.00"
