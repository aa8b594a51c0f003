"""What a catalogue and a quote tell of surges before the sale: which, when, and where more stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from beckn.presenting.catalogue import catalog_view
from beckn.protocol.times import format_time
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Charger, Connector, Location, Product
from cpo_portal.network.search import ConnectorQuery, find_connectors
from pricing.engine.values import SurgeBasis
from pricing.models import HolidayCalendar, Signal
from pricing.surges.content import Scope, SurgeContent
from pricing.surges.kinds import SignalKind
from pricing.surges.schedules import Move, perform
from tests.beckn.surges.evening import Evening, groups
from tests.pricing.surges.samples import EVENING, make_schedule, publish
from tests.world import make_world

pytestmark = pytest.mark.django_db

INDIA = ZoneInfo("Asia/Kolkata")
ALWAYS = SurgeContent(basis=SurgeBasis.PERCENT, value=Decimal(20))
MORNING = {"weekdays": [1, 7], "start": "06:00", "end": "09:00"}
WEEK = timedelta(days=7)
MINUTE = timedelta(minutes=1)


def told(evening: Evening, **intent: Any) -> list[dict[str, str]]:
    """Return what a search is told of surges at the one connector."""
    [provider] = evening.say("search", {"intent": intent})["message"]["catalog"]["providers"]
    return groups(provider["items"][0], "surcharge-details")


def today(days: int = 0) -> date:
    return timezone.now().astimezone(INDIA).date() + timedelta(days=days)


def midnight(day: date) -> str:
    return format_time(datetime(day.year, day.month, day.day, tzinfo=INDIA))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(
            ALWAYS,
            [("PERCENT", "20", "", "", "at all times", "Rush hours")],
            id="at-all-times",
        ),
        pytest.param(
            replace(ALWAYS, basis=SurgeBasis.PER_KWH, value=Decimal("0.125"), explanation="Copper is dear."),
            [("PER_KWH", "0.125", "", "", "at all times", "Copper is dear.")],
            id="in-the-words-of-the-cpo",
        ),
        pytest.param(
            replace(ALWAYS, basis=SurgeBasis.FIXED, weekly_windows=(EVENING, MORNING)),
            [
                (
                    "FIXED",
                    "20.00",
                    "18:00-21:00",
                    "MON,TUE,WED,THU,FRI,SAT,SUN",
                    "every day 18:00–21:00; Mondays and Sundays 06:00–09:00",
                    "Rush hours",
                ),
                (
                    "FIXED",
                    "20.00",
                    "06:00-09:00",
                    "MON,SUN",
                    "every day 18:00–21:00; Mondays and Sundays 06:00–09:00",
                    "Rush hours",
                ),
            ],
            id="a-group-for-each-window",
        ),
        pytest.param(replace(ALWAYS, scope=Scope(location_ids=("cp-station",))), 1, id="at-this-location"),
        pytest.param(replace(ALWAYS, scope=Scope(connector_types=("TYPE2",))), 0, id="at-other-connectors"),
        pytest.param(replace(ALWAYS, scope=Scope(product_ids=("valet",))), 0, id="with-a-product"),
        pytest.param(replace(ALWAYS, signal_kinds=(SignalKind.WEATHER,)), 0, id="while-no-signal-counts"),
        pytest.param(replace(ALWAYS, holiday_calendar="delhi"), 0, id="on-no-holiday-of-the-week"),
    ],
)
def test_a_catalogue_tells_what_holds_at_a_connector(evening: Evening, content: SurgeContent, expected: Any) -> None:
    with cpo_scope(evening.world.cpo):
        HolidayCalendar.objects.create(cpo=evening.world.cpo, calendar_id="delhi", name="Delhi")
        Product.objects.create(cpo=evening.world.cpo, product_id="valet", name="Valet", price=Decimal(50))
    evening.surge(content)
    found = told(evening)
    names = ("basis", "rate", "window", "days", "when", "reason")
    rows = [tuple(x.get(name, "") for name in names) for x in found]
    assert (len(rows) if isinstance(expected, int) else rows) == expected


@pytest.mark.parametrize(
    ("begins", "ends", "expected"),
    [
        pytest.param(WEEK - MINUTE, None, True, id="begins-within-the-week"),
        pytest.param(WEEK + MINUTE, None, False, id="begins-after-it"),
        pytest.param(None, MINUTE * 5, True, id="ends-soon"),
    ],
)
def test_what_begins_within_a_week_is_told(
    evening: Evening, begins: timedelta | None, ends: timedelta | None, expected: bool
) -> None:
    now = timezone.now().replace(microsecond=0)
    starts, until = (now + x if x is not None else None for x in (begins, ends))
    schedule = evening.surge(replace(ALWAYS, valid_from=starts, valid_until=until))
    found = [(x.get("effective-from"), x.get("valid-until")) for x in told(evening)]
    told_from = format_time(starts or schedule.prices_from)
    assert found == ([(told_from, format_time(until) if until else None)] if expected else [])


def test_windows_that_do_not_open_while_it_is_valid_are_not_told(evening: Evening) -> None:
    tomorrow = EVENING | {"weekdays": [today(1).isoweekday()]}
    until = timezone.now() + timedelta(hours=5)
    evening.surge(replace(ALWAYS, weekly_windows=(tomorrow,), valid_until=until))
    assert told(evening) == []
    evening.surge(replace(ALWAYS, weekly_windows=(tomorrow,)), schedule_id="open", name="Open")
    assert [x["name"] for x in told(evening)] == ["Open"]


def test_days_are_told_as_the_next_stretch_of_them(evening: Evening) -> None:
    days = (today(2), today(3), today(6))
    evening.surge(replace(ALWAYS, dates=days, holiday_calendar=""))
    [found] = told(evening)
    assert (found["effective-from"], found["valid-until"]) == (midnight(today(2)), midnight(today(4)))


def test_a_holiday_is_told_without_what_the_cpo_calls_its_calendar(evening: Evening) -> None:
    with cpo_scope(evening.world.cpo):
        day = {"date": today(1).isoformat(), "name": "Diwali"}
        calendar = HolidayCalendar.objects.create(
            cpo=evening.world.cpo, calendar_id="delhi", name="Ops calendar 7", days=[day]
        )
        calendar.refresh_from_db()
    evening.surge(replace(ALWAYS, holiday_calendar="delhi"))
    [found] = told(evening)
    assert found["when"] == "on holidays of cpo1.com EV charging"
    assert (found["effective-from"], found["valid-until"]) == (midnight(today(1)), midnight(today(2)))


def test_a_signal_is_told_while_it_counts(evening: Evening) -> None:
    evening.surge(replace(ALWAYS, signal_kinds=(SignalKind.WEATHER,)))
    now = timezone.now().replace(microsecond=0)
    span = {"starts_at": now + timedelta(hours=1), "ends_at": now + timedelta(hours=3)}
    with cpo_scope(evening.world.cpo):
        Signal.objects.create(
            cpo=evening.world.cpo, signal_id="s", kind="WEATHER", title="Storm", source="IMD", counts_from=now, **span
        )
    [found] = told(evening)
    assert found["when"] == "while a weather warning holds"
    assert (found["effective-from"], found["valid-until"]) == tuple(map(format_time, span.values()))


def test_a_version_that_follows_ends_the_one_before(evening: Evening) -> None:
    """The rise of tomorrow is no price of today: it is told to who asks for tomorrow."""
    schedule = evening.surge(ALWAYS)
    rises = (timezone.now() + timedelta(days=1)).replace(microsecond=0)
    publish(schedule, replace(ALWAYS, value=Decimal(30), valid_from=rises))
    [now] = told(evening)
    assert (now["rate"], now["valid-until"]) == ("20", format_time(rises))
    stop = {"type": "START", "time": {"timestamp": (rises + MINUTE).isoformat()}}
    [then] = told(evening, fulfillment={"stops": [stop]})
    assert (then["rate"], then["effective-from"]) == ("30", format_time(rises))


def test_what_is_not_published_is_not_told_and_each_change_is_seen_at_once(evening: Evening) -> None:
    """A catalogue is made of the rows as they are, of surges as of tariffs."""
    schedule = make_schedule(evening.world.cpo, ALWAYS)
    steps: list[tuple[Callable[[], Any], int]] = [
        (lambda: None, 0),
        (lambda: publish(schedule), 1),
        (lambda: perform(Move.PAUSE, schedule), 0),
        (lambda: perform(Move.RESUME, schedule), 1),
        (lambda: perform(Move.END, schedule), 0),
    ]
    found = []
    for step, _ in steps:
        step()
        found.append(len(told(evening)))
    assert found == [expected for _, expected in steps]


def test_a_quote_tells_the_surge_of_a_product_that_is_ordered(evening: Evening) -> None:
    with cpo_scope(evening.world.cpo):
        Product.objects.create(cpo=evening.world.cpo, product_id="valet", name="Valet", price=Decimal(50))
    evening.surge(replace(ALWAYS, scope=Scope(product_ids=("valet",))), schedule_id="valet", name="Valet service")
    cart = evening.cart()
    cart["order"]["items"][0]["add_ons"] = [{"id": "valet"}]
    [item] = evening.say("select", cart)["message"]["order"]["items"]
    [found] = groups(item, "surcharge-details")
    assert (found["name"], found["know-more"]) == ("Valet service", f"{settings.BASE_URL}/s/cpo1.com/valet")
    assert groups(evening.quoted()["items"][0], "surcharge-details") == []


def test_another_cpos_surges_are_told_at_its_own_connectors(evening: Evening) -> None:
    other = make_world("cpo2.com", item_id="other-01")
    publish(make_schedule(other.cpo, ALWAYS))
    with cpo_scope(other.cpo):
        Location.objects.filter(cpo=other.cpo).update(name="Away")
    evening.surge(replace(ALWAYS, value=Decimal(5)))
    providers = evening.say("search", {"intent": {}})["message"]["catalog"]["providers"]
    rates = {
        x["id"]: [(y["rate"], y.get("effective-from") is not None) for y in groups(x["items"][0], "surcharge-details")]
        for x in providers
    }
    assert rates["cpo1.com"] == [("5", True)]
    # Its notice of a day is not over yet, and that is told as well.
    assert rates["cpo2.com"] == [("20", True)]


def test_a_larger_catalogue_asks_no_more_of_the_database(evening: Evening) -> None:
    with cpo_scope(evening.world.cpo):
        HolidayCalendar.objects.create(cpo=evening.world.cpo, calendar_id="delhi", name="Delhi")
    evening.surge(replace(ALWAYS, holiday_calendar="delhi", dates=(today(1),)))
    now = timezone.now()

    def queries() -> int:
        found = find_connectors(ConnectorQuery(provider_id="cpo1.com"), now)
        with CaptureQueriesContext(connection) as asked:
            catalog_view(found, starts_at=None, ends_at=None, now=now)
        return len(asked)

    queries()
    before = queries()
    with cpo_scope(evening.world.cpo):
        for number in range(4):
            site = Location.objects.get(location_id="cp-station")
            site.pk, site.location_id, site.name = None, f"site-{number}", f"Site {number}"
            site.save()
            charger = Charger.objects.create(
                cpo=evening.world.cpo, location=site, evse_id=f"E{number}", name="C", system=evening.world.system
            )
            Connector.objects.create(
                cpo=evening.world.cpo, charger=charger, item_id=f"c-{number}", connector_type="CCS2", max_power_w=30_000
            )
    assert queries() == before
