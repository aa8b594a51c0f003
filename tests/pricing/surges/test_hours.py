"""Prices by hour: the grid of a connector's week through the admin, and the price of a moment that is chosen in it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

from cpo_portal.accounts.models import Role
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Connector
from pricing import authoring
from pricing.hours import prices_of
from pricing.models import HolidayCalendar, SurgePolicy
from tests.people import make_member, signed_in
from tests.pricing.surges.samples import EVENING, FIFTH, RUPEE, make_schedule, no_notice, publish
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
KOLKATA = ZoneInfo("Asia/Kolkata")
HOURS = reverse("admin:pricing_tariff_hours")


@pytest.fixture
def world() -> World:
    found = make_world()
    no_notice(found.cpo)
    return found


def cells(page: str) -> dict[str, list[str]]:
    """Return the prices of each hour, from the first day to the last, with the marks of their surges."""
    found = {}
    for row in re.findall(r"<tr>\s*<th scope=\"row\">(\d\d):00</th>(.*?)</tr>", page, re.DOTALL):
        hour, inner = row
        texts = re.findall(r"<td[^>]*>(.*?)</td>", inner, re.DOTALL)
        found[hour] = [re.sub(r"<[^>]+>", "", text).strip() for text in texts]
    return found


def test_the_grid_shows_tariff_and_surges_hour_by_hour(world: World) -> None:
    publish(make_schedule(world.cpo, replace(FIFTH, weekly_windows=(EVENING,))))
    content = replace(RUPEE, weekly_windows=(EVENING | {"weekdays": [6, 7]},))
    publish(make_schedule(world.cpo, content, schedule_id="weekend", name="Weekend fee"))
    client = signed_in(make_member(world.cpo, "Asha", Role.ANALYST))
    page = client.get(HOURS, {"from": "2026-12-07"}).content.decode()  # a Monday
    found = cells(page)
    assert list(found) == [f"{hour:02}" for hour in range(24)]
    assert found["17"] == ["18"] * 7
    assert found["18"] == ["21.6a"] * 5 + ["22.6ab"] * 2
    assert found["21"] == ["18"] * 7
    assert "20 % of the energy price" in page
    assert "Weekend fee" in page


def test_a_version_or_surge_that_begins_in_the_week_prices_from_then_on(world: World) -> None:
    with cpo_scope(world.cpo):
        SurgePolicy.objects.update(notice_hours=24)
    today = timezone.now().astimezone(KOLKATA).replace(hour=0, minute=0, second=0, microsecond=0)
    first, later = today, today + timedelta(days=3)
    tariff = authoring.create_tariff(
        world.cpo,
        "own",
        "Own",
        authoring.TariffContent(
            rate=Decimal(24), valid_from=later, places=(authoring.Place(item_id="pe-charging-01"),)
        ),
    )
    authoring.publish(tariff)
    schedule = publish(make_schedule(world.cpo))
    with cpo_scope(world.cpo):
        connector = Connector.objects.select_related("cpo", "charger__location").get(pk=world.connector.pk)
        version = schedule.live_version
        assert version is not None
        found = prices_of(connector, first, first + timedelta(days=7), now=timezone.now())
    assert [(x.starts_at, x.price) for x in found.stretches] == [
        (first.astimezone(UTC), Decimal(18)),
        (version.effective_from, Decimal(19)),
        (later.astimezone(UTC), Decimal(25)),
    ]


def test_holidays_and_amounts_per_session_are_told(world: World) -> None:
    with cpo_scope(world.cpo):
        days = [{"date": "2026-12-25", "name": "Christmas"}]
        HolidayCalendar.objects.create(cpo=world.cpo, calendar_id="delhi", name="Delhi", days=days)
        SurgePolicy.objects.update(cap_percent=Decimal("11.25"))
    publish(make_schedule(world.cpo, replace(FIFTH, holiday_calendar="delhi"), schedule_id="a", name="Holiday fee"))
    page = signed_in(make_member(world.cpo, "Asha", Role.ANALYST)).get(HOURS, {"from": "2026-12-21"}).content.decode()
    assert cells(page)["10"] == ["18"] * 4 + ["20.03a"] + ["18"] * 2  # 20.025
    assert "Christmas" in page
    assert "All surges together add at most 11.25 % of the energy." in page


def test_a_moment_of_the_grid_is_priced_with_every_line(world: World) -> None:
    publish(make_schedule(world.cpo, replace(FIFTH, weekly_windows=(EVENING,))))
    client = signed_in(make_member(world.cpo, "Asha", Role.ANALYST))
    page = client.get(HOURS, {"from": "2026-12-07", "at": "2026-12-07T18:30"}).content.decode()
    (address,) = re.findall(r'hx-get="([^"]*try-hours[^"]*)"', page)
    panel = client.get(address.replace("&amp;", "&")).content.decode()
    lines = re.findall(r"<tr><th>([^<]*)</th><td class=\"draft-number\">([^<]*)</td>", panel)
    assert lines == [
        ("Charging session cost (20 kWh @ ₹18.00/kWh)", "₹360.00"),
        ("Service Fee", "₹10.00"),
        ("Congestion fee (20% on 20 kWh)", "₹72.00"),
        ("GST (18%)", "₹79.56"),
    ]


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        pytest.param({"item_id": "none"}, 404, id="unknown-connector"),
        pytest.param({"from": "yesterday"}, 200, id="no-date"),
        pytest.param({"from": "0001-01-01"}, 200, id="long-ago"),
        pytest.param({"from": "9999-12-31"}, 200, id="far-ahead"),
        pytest.param({"at": "noon"}, 200, id="no-moment"),
    ],
)
def test_an_address_that_makes_no_sense_shows_today_or_nothing(
    world: World, asked: dict[str, str], status: int
) -> None:
    client = signed_in(make_member(world.cpo, "Asha", Role.ANALYST))
    answer = client.get(HOURS, asked)
    assert answer.status_code == status
    if status == 200:
        page = answer.content.decode()
        assert cells(page)["12"] == ["18"] * 7
        (address,) = re.findall(r'hx-get="([^"]*try-hours[^"]*)"', page)
        assert client.get(address.replace("&amp;", "&")).status_code == 200


def test_another_cpo_has_a_page_of_its_own(world: World) -> None:
    other = make_world("cpo2.com", item_id="other")
    client = signed_in(make_member(other.cpo, "Asha", Role.ANALYST))
    assert client.get(HOURS, {"item_id": "pe-charging-01"}).status_code == 404
    assert "other" in client.get(HOURS).content.decode()
