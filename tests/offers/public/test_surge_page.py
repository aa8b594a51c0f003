"""The public page of a surge: plain words for anybody, its changes, and one answer for what was never published."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client

from cpo_portal.accounts.models import Cpo, Role
from cpo_portal.accounts.rates import Buckets
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Segment
from cpo_portal.network.models import Location, Product
from offers.public import limits as public_limits
from pricing.engine.values import SurgeBasis
from pricing.models import HolidayCalendar, SurgePolicy, SurgeSchedule
from pricing.surges.content import Exemptions, Scope, SurgeContent
from pricing.surges.kinds import SignalKind
from pricing.surges.schedules import Move, perform, save_draft
from tests.people import make_member, signed_in
from tests.pricing.surges.samples import EVENING, make_schedule, publish
from tests.world import World, make_world

pytestmark = pytest.mark.django_db

PAGE = "/s/cpo1.com/congestion"
#: 10:00 in Kolkata.
NOW = datetime(2026, 6, 1, 4, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
RUPEE = SurgeContent(basis=SurgeBasis.PER_KWH, value=Decimal(1), weekly_windows=(EVENING,))
CALCULATED = (
    "₹1.00 for each kWh that flows while the surcharge holds, before tax. "
    "It comes on top of the price of charging, and never on top of another surcharge."
)
PROMISED = (
    "Your app shows the amount before you order. What you have ordered stays as it was shown, whatever is changed here "
    "since; the bill counts the energy that flowed in these hours."
)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def world(clock: time_machine.Coordinates) -> World:
    return make_world()


def read(path: str = PAGE) -> str:
    """Return what a reader of the page reads."""
    answer = Client().get(path)
    assert answer.status_code == 200
    text = re.sub(r"<head>.*?</head>", "", answer.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", text))).strip()


def part(heading: str) -> str:
    """Return what stands under a heading of the page."""
    order = ["When", "Where", "How it is calculated", "Who does not pay it", "Announced", "Changes", "Questions?"]
    [found] = re.findall(rf" {re.escape(heading)} (.*?)(?= (?:{'|'.join(map(re.escape, order))}) |$)", read())
    return str(found).strip()


def test_the_page_says_in_plain_words_what_when_where_for_whom_and_since_when(world: World) -> None:
    publish(make_schedule(world.cpo, replace(RUPEE, explanation="The stations are busy in the evening.")))
    assert read() == (
        "cpo1.com EV charging Congestion fee ₹1.00 per kWh "
        "Nobody pays it yet: it counts for energy that flows from 2 Jun 2026 10:00 IST on. "
        "The stations are busy in the evening. "
        "When Every day 18:00–21:00, on the clock of the station (IST). "
        "Where Everywhere, at the stations of cpo1.com EV charging. "
        f"How it is calculated {CALCULATED} {PROMISED} "
        "Who does not pay it Everybody pays it. "
        "Changes 1 Jun 2026 10:00 IST: Published: ₹1.00 per kWh, from 2 Jun 2026 10:00 IST "
        "Questions? cpo1.com EV charging: 1800 1080 , a@b.example"
    )


def test_the_bound_of_all_surges_is_told_as_it_holds_now(world: World) -> None:
    publish(make_schedule(world.cpo, RUPEE))
    with cpo_scope(world.cpo):
        policy = SurgePolicy.objects.create(cpo=world.cpo, cap_percent=Decimal("12.50"))
        policy.cap_percent = Decimal(30)
        policy.save()
    bound = "All surcharges of a session together add at most 12.5 % of what its energy costs."
    assert part("How it is calculated") == f"{CALCULATED} {bound} {PROMISED}"


def test_its_changes_are_told_with_when_each_took_effect(world: World, clock: time_machine.Coordinates) -> None:
    schedule = make_schedule(world.cpo, RUPEE)

    def change(value: str) -> None:
        publish(schedule, replace(RUPEE, value=Decimal(value)))

    steps: list[Callable[[], Any]] = [
        lambda: publish(schedule),
        lambda: change("0.5"),
        lambda: change("2"),
        lambda: perform(Move.PAUSE, schedule, note="our own business"),
        lambda: change("3"),
        lambda: perform(Move.RESUME, schedule),
        lambda: perform(Move.END, schedule),
        lambda: perform(Move.ARCHIVE, schedule),
    ]
    for days, step in enumerate(steps):
        clock.move_to(NOW + timedelta(days=2 * days))
        step()
    assert part("Changes") == " ".join(
        (
            "13 Jun 2026 10:00 IST: Ended, at once",
            "11 Jun 2026 10:00 IST: Resumed: ₹3.00 per kWh, from 12 Jun 2026 10:00 IST",
            "9 Jun 2026 10:00 IST: Changed: ₹3.00 per kWh, once it is resumed",
            "7 Jun 2026 10:00 IST: Paused, at once",
            "5 Jun 2026 10:00 IST: Changed: ₹2.00 per kWh, from 6 Jun 2026 10:00 IST",
            "3 Jun 2026 10:00 IST: Changed: ₹0.50 per kWh, at once",
            "1 Jun 2026 10:00 IST: Published: ₹1.00 per kWh, from 2 Jun 2026 10:00 IST",
        )
    )
    assert "our own business" not in read()
    assert "It has ended: nobody pays it any more." in read()


def test_what_is_announced_stands_apart_from_what_holds(world: World, clock: time_machine.Coordinates) -> None:
    schedule = publish(make_schedule(world.cpo, RUPEE))
    clock.move_to(NOW + 48 * HOUR)
    publish(schedule, replace(RUPEE, value=Decimal(2), weekly_windows=()))
    assert "Congestion fee ₹1.00 per kWh Rush hours When" in read()
    assert part("Announced") == "From 4 Jun 2026 10:00 IST: ₹2.00 per kWh, at all times"
    clock.move_to(NOW + 72 * HOUR)
    assert "Congestion fee ₹2.00 per kWh Rush hours When" in read()
    assert "Announced" not in read()


@pytest.mark.parametrize(
    ("content", "heading", "expected"),
    [
        pytest.param(
            replace(RUPEE, weekly_windows=(), holiday_calendar="delhi", dates=(date(2026, 6, 9),)),
            "When",
            "On holidays of cpo1.com EV charging and 9 Jun 2026, on the clock of the station (IST). Diwali, 8 Nov 2026",
            id="days",
        ),
        pytest.param(
            replace(RUPEE, weekly_windows=(), signal_kinds=(SignalKind.EVENT,), valid_until=NOW + 48 * HOUR),
            "When",
            "While an event takes place, on the clock of the station (IST). until 3 Jun 2026 10:00 IST",
            id="while-a-signal-counts",
        ),
        pytest.param(
            replace(RUPEE, scope=Scope(location_ids=("cp-station",), connector_types=("CCS2",), min_power_w=50_000)),
            "Where",
            "At CCS2 connectors from 50 kW, at these stations of cpo1.com EV charging: "
            "Connaught Place Station, Connaught Place, New Delhi",
            id="connectors-of-stations",
        ),
        pytest.param(
            replace(RUPEE, scope=Scope(location_ids=("cp-station", "closed"))),
            "Where",
            "Connaught Place Station, Connaught Place, New Delhi",
            id="stations",
        ),
        pytest.param(
            replace(RUPEE, scope=Scope(location_tags=("airport",))),
            "Where",
            "At no station of cpo1.com EV charging at present.",
            id="tagged-and-none-shown",
        ),
        pytest.param(
            replace(RUPEE, scope=Scope(item_ids=("pe-charging-01",), product_ids=("valet", "wash"))),
            "Where",
            "At EV Charger #1 (AC Fast Charger) of Connaught Place Station, with Valet service and a product that is "
            "not sold now, at the stations of cpo1.com EV charging.",
            id="with-a-product",
        ),
        pytest.param(
            replace(
                RUPEE,
                exemptions=Exemptions(
                    segment_ids=("gold",), organisations=("Acme",), below_charge_percent=10, first_session=True
                ),
            ),
            "Who does not pay it",
            "Cars whose battery is below 10 % A driver's first session "
            "Some customers: your app shows whether you are among them",
            id="exempt",
        ),
    ],
)
def test_it_is_told_in_the_words_of_people(world: World, content: SurgeContent, heading: str, expected: str) -> None:
    cpo = world.cpo
    with cpo_scope(cpo):
        days = [{"date": day, "name": name} for day, name in (("2026-05-31", "Past"), ("2026-11-08", "Diwali"))]
        HolidayCalendar.objects.create(cpo=cpo, calendar_id="delhi", name="Ops calendar 7", days=days)
        Segment.objects.create(cpo=cpo, segment_id="gold", name="Whales we must not lose")
        Product.objects.create(cpo=cpo, product_id="valet", name="Valet service", price=Decimal(50))
        Product.objects.create(cpo=cpo, product_id="wash", name="Wash", price=Decimal(5), is_published=False)
        closed = Location.objects.get(location_id="cp-station")
        closed.pk, closed.location_id, closed.name, closed.is_published = None, "closed", "Closed", False
        closed.tags = ["airport"]
        closed.save()
    publish(make_schedule(cpo, content))
    assert part(heading) == expected


def test_a_station_that_was_tagged_lately_is_told_with_from_when_it_joins(
    world: World, clock: time_machine.Coordinates
) -> None:
    publish(make_schedule(world.cpo, replace(RUPEE, scope=Scope(location_tags=("Airport", "mall")))))
    with cpo_scope(world.cpo):
        place = Location.objects.get(location_id="cp-station")
        place.tags = ["airport"]
        place.save()
    where = "Connaught Place Station, Connaught Place, New Delhi"
    clock.shift(timedelta(hours=23))
    assert part("Where") == f"{where} (from 2 Jun 2026 10:00 IST on)"
    clock.shift(HOUR)
    assert part("Where") == where


def test_the_page_says_where_nobody_pays_it_now(world: World, clock: time_machine.Coordinates) -> None:
    schedule = publish(make_schedule(world.cpo, replace(RUPEE, valid_until=NOW + 30 * HOUR)))
    clock.move_to(NOW + 25 * HOUR)
    assert "nobody" not in read().lower()
    clock.move_to(NOW + 30 * HOUR)
    assert "Its time is over: nobody pays it any more." in read()
    perform(Move.PAUSE, schedule)
    assert "It is paused: nobody pays it at present." in read()


@pytest.mark.parametrize("case", ["unknown", "draft", "archived-draft", "other-cpo", "inactive-cpo"])
def test_what_was_never_published_there_is_answered_alike(world: World, case: str) -> None:
    missing = Client().get("/s/cpo1.com/no-such-surge")
    make_world("cpo2.com", item_id="other")
    schedule = make_schedule(world.cpo, RUPEE)
    path = PAGE
    if case == "unknown":
        path = "/s/cpo9.com/congestion"
    elif case == "archived-draft":
        perform(Move.ARCHIVE, schedule)
    elif case == "other-cpo":
        publish(schedule)
        path = "/s/cpo2.com/congestion"
    elif case == "inactive-cpo":
        publish(schedule)
        Cpo.objects.filter(pk=world.cpo.pk).update(is_active=False)
    answer = Client().get(path)
    assert (answer.status_code, answer.content) == (404, missing.content)
    assert "There is no surcharge here" in answer.content.decode()


def test_the_page_is_the_same_for_everybody_and_is_not_sent_twice(world: World) -> None:
    publish(make_schedule(world.cpo, replace(RUPEE, explanation="<script>alert(1)</script>")))
    first = Client().get(PAGE)
    assert (first.headers["Cache-Control"], "Set-Cookie" in first.headers) == ("public, max-age=60", False)
    again = Client().get(PAGE, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert b"<script" not in first.content
    assert Client().post(PAGE).status_code == 405


def test_a_draft_of_a_published_surge_is_nobodys_business(world: World) -> None:
    schedule = publish(make_schedule(world.cpo, RUPEE))
    before = Client().get(PAGE).content
    save_draft(schedule, replace(RUPEE, value=Decimal(9)))
    assert Client().get(PAGE).content == before
    with cpo_scope(world.cpo):
        assert SurgeSchedule.objects.get().versions.count() == 2


def test_who_asks_too_often_is_asked_to_wait(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(make_schedule(world.cpo, RUPEE))
    monkeypatch.setattr(public_limits, "addresses", Buckets(rate=1, burst=1))
    assert [Client().get(PAGE).status_code for _ in range(2)] == [200, 429]


def test_the_surges_own_page_in_the_admin_leads_to_it_once_it_is_published(world: World) -> None:
    schedule = make_schedule(world.cpo, RUPEE)
    client = signed_in(make_member(world.cpo, "manager", Role.MANAGER))
    address = f"/admin/pricing/surgeschedule/{schedule.pk}/change/"
    link = f'<a href="{settings.BASE_URL}{PAGE}" class="draft-link">Its public page</a>'
    assert link not in client.get(address).content.decode()
    publish(schedule)
    assert link in client.get(address).content.decode()
