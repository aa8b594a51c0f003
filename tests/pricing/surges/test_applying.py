"""Where and when a published surge applies, through the database and a real price: each side of each boundary."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Connector, Location, Product
from offers.quoting import SessionAsk, price_session
from pricing import authoring
from pricing.engine.values import EnergyMeasure, LineKind, ProductOrder, Quote, SurgeBasis
from pricing.hours import prices_of
from pricing.models import HolidayCalendar, Signal, SurgePolicy
from pricing.surges.applying import surges_of
from pricing.surges.content import Scope, SurgeContent
from pricing.surges.kinds import SignalKind
from pricing.surges.schedules import Move, perform
from tests.pricing.surges.samples import EVENING, FIFTH, RUPEE, make_schedule, no_notice, publish
from tests.world import World, make_world

pytestmark = pytest.mark.django_db

#: A Tuesday, 18:00 in Kolkata, on which no other test depends.
TUESDAY = datetime(2027, 3, 2, 12, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def world() -> World:
    found = make_world()
    no_notice(found.cpo)
    return found


def quote(world: World, *, at: datetime = TUESDAY, wh: int = 5000, **changes: Any) -> Quote:
    ask = SessionAsk(measure=EnergyMeasure(wh), planned_start=at, **changes)
    with cpo_scope(world.cpo):
        connector = Connector.objects.select_related("charger__location", "cpo").get(pk=world.connector.pk)
        return price_session(connector, ask, now=timezone.now()).quote


def surges(world: World, **changes: Any) -> dict[str, str]:
    """Return the amounts of the SURGE lines of 5 kWh for ₹90, by schedule id."""
    lines = quote(world, **changes).lines
    return {x.code: str(x.amount.amount) for x in lines if x.kind is LineKind.SURGE}


def test_a_published_surge_is_on_the_quote_and_locked_in_its_terms(world: World) -> None:
    publish(make_schedule(world.cpo, replace(FIFTH, maximum_amount=Decimal(17))))
    found = quote(world)
    assert [(x.title, str(x.amount.amount)) for x in found.lines][-2:] == [
        ("Congestion fee (20% on 5 kWh), at most ₹17.00", "17.00"),
        ("GST (18%)", "21.06"),
    ]
    (surge,) = found.terms.surges
    assert (surge.surge_id, surge.version, surge.basis, surge.value) == ("congestion", 1, SurgeBasis.PERCENT, 20)
    assert (surge.group, surge.cap, surge.spans, surge.exemption) == ("", 17, None, "")


def test_a_draft_and_what_is_paused_or_ended_price_nothing(world: World) -> None:
    schedule = make_schedule(world.cpo)
    assert surges(world) == {}
    publish(schedule)
    assert surges(world) == {"congestion": "5.00"}
    perform(Move.PAUSE, schedule)
    assert surges(world) == {}
    perform(Move.RESUME, schedule)
    assert surges(world) == {"congestion": "5.00"}
    perform(Move.END, schedule)
    assert surges(world) == {}


def test_the_cpo_bounds_all_of_its_surges(world: World) -> None:
    with cpo_scope(world.cpo):
        SurgePolicy.objects.update(cap_percent=Decimal(25))
    publish(make_schedule(world.cpo, FIFTH, schedule_id="a"))
    publish(make_schedule(world.cpo, RUPEE, schedule_id="b"))
    assert surges(world) == {"a": "18.00", "b": "4.50"}


def test_surges_of_another_cpo_are_none_of_ours(world: World) -> None:
    other = make_world("cpo2.com", item_id="other")
    no_notice(other.cpo)
    publish(make_schedule(other.cpo))
    assert (surges(world), surges(other)) == ({}, {"congestion": "5.00"})


def test_a_session_at_18_comes_after_the_notice_or_before_it(world: World) -> None:
    with cpo_scope(world.cpo):
        SurgePolicy.objects.update(notice_hours=24)
    schedule = publish(make_schedule(world.cpo))
    with cpo_scope(world.cpo):
        version = schedule.live_version
    assert version is not None
    assert version.effective_from is not None
    assert surges(world, at=version.effective_from) == {"congestion": "5.00"}
    # It begins five minutes before: what flows from then on is surged, as it was announced.
    assert surges(world, at=version.effective_from - timedelta(minutes=5)) == {"congestion": "2.50"}
    assert surges(world, at=version.effective_from - HOUR) == {}


def test_a_session_keeps_the_version_of_its_start_though_another_follows(world: World) -> None:
    schedule = publish(make_schedule(world.cpo, RUPEE))
    with cpo_scope(world.cpo):
        SurgePolicy.objects.update(notice_hours=24)
    version = publish(schedule, replace(RUPEE, value=Decimal(2))).live_version
    assert version is not None
    assert version.effective_from is not None
    five_minutes = timedelta(minutes=5)
    starts = (version.effective_from - 10 * HOUR, version.effective_from - five_minutes, version.effective_from)
    assert [surges(world, at=at)["congestion"] for at in starts] == ["5.00", "5.00", "10.00"]


SCOPES: dict[str, tuple[Scope, bool]] = {
    "everywhere": (Scope(), True),
    "location": (Scope(location_ids=("cp-station",)), True),
    "other-location": (Scope(location_ids=("far",)), False),
    "connector": (Scope(item_ids=("pe-charging-01",)), True),
    "other-connector": (Scope(item_ids=("far-01",)), False),
    "charger": (Scope(charger_ids=("EVSE-1",)), True),
    "other-charger": (Scope(charger_ids=("far-1",)), False),
    "tag": (Scope(location_tags=("Airport", "mall")), True),
    "other-tag": (Scope(location_tags=("mall",)), False),
    "type": (Scope(connector_types=("CCS2",)), True),
    "other-type": (Scope(connector_types=("TYPE2",)), False),
    "from-30-kw": (Scope(min_power_w=30_000), True),
    "from-above-30-kw": (Scope(min_power_w=30_001), False),
    "to-30-kw": (Scope(max_power_w=30_000), True),
    "to-below-30-kw": (Scope(max_power_w=29_999), False),
    "all-of-it": (Scope(location_tags=("airport",), connector_types=("TYPE2",)), False),
}


@pytest.fixture
def far(world: World) -> World:
    """A second site of the same CPO, and a tag on the first."""
    with cpo_scope(world.cpo):
        site = type(world.location).objects.get(pk=world.location.pk)
        site.tags = ["airport"]
        site.save()
        site.pk, site.location_id = None, "far"
        site.save()
        charger = type(world.charger).objects.create(
            cpo=world.cpo, location=site, evse_id="far-1", name="Far", system=world.system
        )
        Connector.objects.create(
            cpo=world.cpo, charger=charger, item_id="far-01", connector_type="TYPE2", power_type="AC", max_power_w=7000
        )
    return world


@pytest.mark.parametrize(("scope", "applies"), SCOPES.values(), ids=SCOPES)
def test_it_applies_where_its_scope_says(far: World, scope: Scope, applies: bool) -> None:
    publish(make_schedule(far.cpo, replace(RUPEE, scope=scope)))
    assert surges(far) == ({"congestion": "5.00"} if applies else {})


def tagged(world: World, *tags: str) -> None:
    """Save the world's location with these tags, as its page does."""
    with cpo_scope(world.cpo):
        site = Location.objects.get(pk=world.location.pk)
        site.tags = list(tags)
        site.save()


def test_a_tag_that_is_added_counts_after_the_notice_of_a_rise(world: World) -> None:
    publish(make_schedule(world.cpo, replace(RUPEE, scope=Scope(location_tags=("airport",)))))
    with cpo_scope(world.cpo):
        SurgePolicy.objects.update(notice_hours=24)
    with time_machine.travel(TUESDAY, tick=False) as clock:
        tagged(world, "Airport")
        clock.shift(HOUR)
        tagged(world, "AIRPORT", "mall")  # it was there
        day_later = TUESDAY + 24 * HOUR
        starts = (TUESDAY + HOUR, day_later - timedelta(seconds=1), day_later)
        assert [surges(world, at=at) for at in starts] == [{}, {}, {"congestion": "5.00"}]
        with cpo_scope(world.cpo):
            connector = Connector.objects.select_related("cpo", "charger__location").get(pk=world.connector.pk)
            found = prices_of(connector, TUESDAY, TUESDAY + 48 * HOUR, now=timezone.now()).stretches
        assert [(x.starts_at, x.price) for x in found][:2] == [(TUESDAY, 18), (day_later, 19)]
        tagged(world, "mall")
        assert surges(world, at=day_later) == {}
        tagged(world, "mall", "airport")
        assert surges(world, at=day_later) == {}
        assert surges(world, at=day_later + HOUR) == {"congestion": "5.00"}


def test_a_signal_for_a_tag_that_is_added_counts_there_after_the_notice_of_signals(world: World) -> None:
    publish(make_schedule(world.cpo, replace(RUPEE, signal_kinds=(SignalKind.WEATHER,))))
    with time_machine.travel(TUESDAY, tick=False), cpo_scope(world.cpo):
        SurgePolicy.objects.update(signal_notice_minutes=15)
        times = {"starts_at": TUESDAY, "counts_from": TUESDAY, "ends_at": TUESDAY + 9 * HOUR}
        named = {"signal_id": "s", "kind": "WEATHER", "title": "Storm", "source": "IMD", "location_tags": ["hill"]}
        Signal.objects.create(cpo=world.cpo, **named, **times)
        tagged(world, "Hill")
        assert [surges(world, at=TUESDAY + n * HOUR / 60) for n in (14, 15)] == [{}, {"congestion": "5.00"}]


def test_a_new_location_has_its_tags_from_the_beginning(world: World) -> None:
    with cpo_scope(world.cpo):
        SurgePolicy.objects.update(notice_hours=24)
        site = Location.objects.get(pk=world.location.pk)
        site.pk, site.location_id, site.tags = None, "new", ["airport"]
        site.save()
        site.save(update_fields=["tags"])
        site.refresh_from_db()
    assert site.tags_since == {}
    with cpo_scope(world.cpo):
        site.tags = ["airport", "mall"]
        site.save(update_fields=["tags"])
        site.refresh_from_db()
    assert list(site.tags_since) == ["mall"]


def test_a_service_is_surged_for_who_orders_it(world: World) -> None:
    with cpo_scope(world.cpo):
        Product.objects.create(cpo=world.cpo, product_id="valet", name="Valet", price=Decimal(50), currency="INR")
    content = SurgeContent(basis=SurgeBasis.FIXED, value=Decimal(25), scope=Scope(product_ids=("valet",)))
    publish(make_schedule(world.cpo, content))
    assert surges(world) == {}
    assert surges(world, products=(ProductOrder("valet", 1),)) == {"congestion": "25.00"}


DAY = date(2027, 3, 2)
WHEN: dict[str, tuple[Callable[[World], SurgeContent], datetime, dict[str, str]]] = {
    "in-the-window": (lambda _: replace(RUPEE, weekly_windows=(EVENING,)), TUESDAY, {"congestion": "5.00"}),
    "as-it-ends": (lambda _: replace(RUPEE, weekly_windows=(EVENING,)), TUESDAY + 3 * HOUR, {}),
    "across-its-start": (
        lambda _: replace(RUPEE, weekly_windows=(EVENING,)),
        TUESDAY - timedelta(minutes=5),
        {"congestion": "2.50"},
    ),
    "on-the-date": (lambda _: replace(RUPEE, dates=(DAY,)), TUESDAY, {"congestion": "5.00"}),
    "up-to-midnight": (
        lambda _: replace(RUPEE, dates=(DAY,)),
        datetime(2027, 3, 2, 18, 25, tzinfo=UTC),
        {"congestion": "2.50"},
    ),
    "on-the-day-after": (lambda _: replace(RUPEE, dates=(DAY,)), datetime(2027, 3, 2, 18, 30, tzinfo=UTC), {}),
    "in-its-validity": (
        lambda _: replace(RUPEE, valid_from=TUESDAY, valid_until=TUESDAY + HOUR),
        TUESDAY,
        {"congestion": "5.00"},
    ),
    "before-it-ends": (
        lambda _: replace(RUPEE, valid_until=TUESDAY + timedelta(minutes=5)),
        TUESDAY,
        {"congestion": "2.50"},
    ),
    "after-it-ended": (lambda _: replace(RUPEE, valid_until=TUESDAY), TUESDAY, {}),
}


@pytest.mark.parametrize(("content", "at", "found"), WHEN.values(), ids=WHEN)
def test_it_applies_when_its_version_says(
    world: World, content: Callable[[World], SurgeContent], at: datetime, found: dict[str, str]
) -> None:
    publish(make_schedule(world.cpo, content(world)))
    assert surges(world, at=at) == found


def test_it_applies_on_holidays_that_the_calendar_has_named_for_long_enough(world: World) -> None:
    with cpo_scope(world.cpo):
        days = [{"date": f"{DAY:%Y-%m-%d}", "name": "Festival"}]
        HolidayCalendar.objects.create(cpo=world.cpo, calendar_id="delhi", name="Delhi", days=days)
    publish(make_schedule(world.cpo, replace(RUPEE, holiday_calendar="delhi")))
    assert surges(world) == {"congestion": "5.00"}
    tomorrow = TUESDAY + timedelta(days=1)
    assert surges(world, at=tomorrow) == {}
    with cpo_scope(world.cpo):
        SurgePolicy.objects.update(notice_hours=24 * 365)
        calendar = HolidayCalendar.objects.get(calendar_id="delhi")
        calendar.name = "Delhi and around"
        calendar.days = [*days, {"date": f"{tomorrow:%Y-%m-%d}", "name": "Second day"}]
        calendar.save()
    # What is new waits for its notice, also if that is shortened meanwhile; what stood there before counts on.
    for _ in range(2):
        assert (surges(world), surges(world, at=tomorrow)) == ({"congestion": "5.00"}, {})
        no_notice(world.cpo)


def signal(world: World, **changes: Any) -> Signal:
    said = {
        "signal_id": "storm",
        "kind": SignalKind.WEATHER.value,
        "title": "Storm",
        "source": "Weather office",
        "starts_at": TUESDAY - HOUR,
        "ends_at": TUESDAY + HOUR,
        "counts_from": TUESDAY - HOUR,
    } | changes
    with cpo_scope(world.cpo):
        return Signal.objects.create(cpo=world.cpo, **said)


SIGNALS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "counts": ({}, {"congestion": "5.00"}),
    "another-kind": ({"kind": SignalKind.EVENT.value}, {}),
    "here": ({"location_ids": ["cp-station"]}, {"congestion": "5.00"}),
    "elsewhere": ({"location_ids": ["far"]}, {}),
    "in-this-state": ({"states": ["delhi"]}, {"congestion": "5.00"}),
    "in-this-state-by-another-name": ({"states": ["NCT of Delhi"]}, {"congestion": "5.00"}),
    "in-this-state-by-its-code": ({"states": ["IN-DL"]}, {"congestion": "5.00"}),
    "in-another-state": ({"states": ["Punjab"]}, {}),
    "or-tagged": ({"states": ["Punjab"], "location_tags": ["AIRPORT"]}, {"congestion": "5.00"}),
    "from-when-its-notice-is-over": ({"counts_from": TUESDAY + timedelta(minutes=5)}, {"congestion": "2.50"}),
    "over": ({"ends_at": TUESDAY}, {}),
    "withdrawn": ({"withdrawn_at": TUESDAY}, {}),
    "stale-on-the-way": ({"stale_after": TUESDAY + timedelta(minutes=5)}, {"congestion": "2.50"}),
    "stale": ({"stale_after": datetime(2026, 1, 1, tzinfo=UTC)}, {}),
}


@pytest.mark.parametrize(("said", "found"), SIGNALS.values(), ids=SIGNALS)
def test_a_signal_triggers_what_waits_for_it(far: World, said: dict[str, Any], found: dict[str, str]) -> None:
    publish(make_schedule(far.cpo, replace(RUPEE, signal_kinds=(SignalKind.WEATHER, SignalKind.GRID_STRESS))))
    assert surges(far) == {}
    signal(far, **said)
    assert surges(far) == found


def test_versions_that_never_hold_again_are_not_read(world: World) -> None:
    schedule = publish(make_schedule(world.cpo, RUPEE))
    for value in (2, 3, 4):
        publish(schedule, replace(RUPEE, value=Decimal(value)))
    publish(schedule, replace(RUPEE, value=Decimal(5), valid_until=TUESDAY))
    with cpo_scope(world.cpo):
        (found,) = surges_of([world.cpo.pk], now=timezone.now())[world.cpo.pk].published
    assert [x.version.number for x in found.layers] == [5, 4]
    assert surges(world) == {"congestion": "20.00"}
    assert surges(world, at=TUESDAY - HOUR) == {"congestion": "25.00"}


def test_what_was_published_by_then_is_what_a_price_of_then_has(world: World) -> None:
    authoring.publish(
        authoring.create_tariff(
            world.cpo, "own", "Own", authoring.TariffContent(rate=Decimal(18), places=(authoring.Place("cp-station"),))
        )
    )
    schedule = publish(make_schedule(world.cpo))
    between = timezone.now()
    publish(schedule, FIFTH)
    perform(Move.PAUSE, schedule)

    def then(as_of: datetime) -> dict[str, str]:
        ask = SessionAsk(measure=EnergyMeasure(5000), planned_start=TUESDAY)
        with cpo_scope(world.cpo):
            connector = Connector.objects.select_related("charger__location", "cpo").get(pk=world.connector.pk)
            lines = price_session(connector, ask, now=as_of, as_of=as_of).quote.lines
        return {x.code: str(x.amount.amount) for x in lines if x.kind is LineKind.SURGE}

    assert (then(between), then(timezone.now())) == ({"congestion": "5.00"}, {})
