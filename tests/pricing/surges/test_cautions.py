"""What the author of a surge is told: that nobody will pay it, or not all of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Connector, Location, Product
from pricing.models import HolidayCalendar, SurgePolicy
from pricing.surges.cautions import Cautions
from pricing.surges.content import Scope, SurgeContent
from tests.pricing.surges.samples import FIFTH, RUPEE
from tests.world import World, make_world

pytestmark = pytest.mark.django_db

#: 00:30 on the 2nd of March in Kolkata, where it is the 1st in UTC.
NOW = datetime(2027, 3, 1, 19, 0, tzinfo=UTC)
NOWHERE = "No connector in your shop fits where it applies: nobody pays it until one does."
NO_DAY = "None of its dates and holidays is still to come: add one, or let it hold on all days."
ABOVE = "It is above the 15 % that all of your surges together may add: what goes beyond that is not charged."
OVER = "It ended on 2 Mar 2027 00:30 IST: give a later end to charge it again."


@pytest.fixture
def world() -> World:
    found = make_world()
    with cpo_scope(found.cpo):
        days = [{"date": "2027-03-01", "name": "Past"}]
        HolidayCalendar.objects.create(cpo=found.cpo, calendar_id="past", name="Past", days=days)
        days = [{"date": "2027-03-02", "name": "Today"}]
        HolidayCalendar.objects.create(cpo=found.cpo, calendar_id="today", name="Today", days=days)
        HolidayCalendar.objects.create(cpo=found.cpo, calendar_id="none", name="None", days=[])
        Product.objects.create(cpo=found.cpo, product_id="valet", name="Valet", price="99")
        SurgePolicy.objects.create(cpo=found.cpo, cap_percent=Decimal(15))
        Location.objects.update(tags=["airport"])
    make_world("cpo2.com", item_id="there-01")
    return found


def said(world: World, content: SurgeContent) -> tuple[str, ...]:
    with cpo_scope(world.cpo):
        return Cautions(world.cpo, [content, FIFTH], NOW).of(content)


TOLD: dict[str, tuple[SurgeContent, tuple[str, ...]]] = {
    "nothing": (RUPEE, ()),
    "at-the-cap": (replace(FIFTH, value=Decimal(15)), ()),
    "above-the-cap": (replace(FIFTH, value=Decimal("15.0001")), (ABOVE,)),
    "per-kwh-has-no-percent": (replace(RUPEE, value=Decimal(16)), ()),
    "ends-now": (replace(RUPEE, valid_until=NOW), (OVER,)),
    "ends-later": (replace(RUPEE, valid_until=NOW.replace(second=1)), ()),
    "date-of-yesterday": (replace(RUPEE, dates=(date(2027, 3, 1),)), (NO_DAY,)),
    "date-of-today": (replace(RUPEE, dates=(date(2027, 3, 1), date(2027, 3, 2))), ()),
    "holiday-of-yesterday": (replace(RUPEE, holiday_calendar="past"), (NO_DAY,)),
    "holiday-of-today": (replace(RUPEE, holiday_calendar="today"), ()),
    "no-holiday": (replace(RUPEE, holiday_calendar="none"), (NO_DAY,)),
    "no-holiday-but-a-date": (replace(RUPEE, holiday_calendar="none", dates=(date(2027, 4, 1),)), ()),
    "a-product": (replace(RUPEE, scope=Scope(product_ids=("valet",))), ()),
    "too-strong": (replace(RUPEE, scope=Scope(min_power_w=30_001)), (NOWHERE,)),
    "at-a-place": (replace(RUPEE, scope=Scope(location_ids=("cp-station",))), ()),
    "at-a-place-too-strong": (
        replace(RUPEE, scope=Scope(location_ids=("cp-station",), min_power_w=30_001)),
        (NOWHERE,),
    ),
    "at-a-charger": (replace(RUPEE, scope=Scope(charger_ids=("EVSE-1",))), ()),
    "at-a-connector": (replace(RUPEE, scope=Scope(item_ids=("pe-charging-01",))), ()),
    "at-another-s-connector": (replace(RUPEE, scope=Scope(item_ids=("there-01",))), (NOWHERE,)),
    "by-a-tag": (replace(RUPEE, scope=Scope(location_tags=("AIRPORT",))), ()),
    "by-another-tag": (replace(RUPEE, scope=Scope(location_tags=("mall",))), (NOWHERE,)),
    "all-of-it": (
        replace(FIFTH, scope=Scope(connector_types=("TYPE2",)), dates=(date(2027, 1, 1),), valid_until=NOW),
        (OVER, NO_DAY, NOWHERE, ABOVE),
    ),
}


@pytest.mark.parametrize(("content", "sentences"), TOLD.values(), ids=TOLD)
def test_it_says_why_a_surge_is_not_charged(world: World, content: SurgeContent, sentences: tuple[str, ...]) -> None:
    assert said(world, content) == sentences


@pytest.mark.parametrize("model", [Connector, Location], ids=["connector", "location"])
def test_what_is_out_of_the_shop_does_not_fit(world: World, model: type[Connector | Location]) -> None:
    with cpo_scope(world.cpo):
        model.objects.update(is_published=False)
    assert said(world, RUPEE) == (NOWHERE,)


def test_a_cap_that_is_announced_is_not_the_cap_yet(world: World) -> None:
    with cpo_scope(world.cpo):
        policy = SurgePolicy.objects.get()
        policy.cap_percent = Decimal(50)
        policy.save()
        SurgePolicy.objects.update(cap_from=NOW.replace(hour=20))
    assert said(world, FIFTH) == (ABOVE,)
    with cpo_scope(world.cpo):
        SurgePolicy.objects.update(cap_from=NOW)
    assert said(world, FIFTH) == ()
