"""The public page of a demand policy: plain words for anybody, the level at each station, and what was changed."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Location
from pricing.demand.rules import written
from pricing.demand.switching import save_policy, switch_off, switch_on
from pricing.engine.windows import zone_of
from pricing.engine.wording import moment_text
from pricing.models import DemandPolicy, DemandPolicyChange, DemandState, SurgePolicy
from tests.people import make_people, signed_in
from tests.pricing.demand.samples import (
    MINUTE,
    NOTICED,
    PROMPT,
    add_connectors,
    decided,
    make_policy,
    pass_time,
    row_of,
)
from tests.pricing.surges.samples import make_schedule, no_notice
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
PAGE = "/s/cpo1.com/busy"
STATION = "Connaught Place Station, Connaught Place, New Delhi"


@pytest.fixture
def world() -> World:
    found = make_world()
    add_connectors(found)
    no_notice(found.cpo)
    return found


def html() -> str:
    answer = Client().get(PAGE)
    assert answer.status_code == 200
    return re.sub(r"<head>.*?</head>", "", answer.content.decode(), flags=re.DOTALL)


def plain(text: str) -> str:
    """Return what a reader reads."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", text))).strip()


def read() -> str:
    """Return what a reader of the page reads."""
    return plain(html())


def part(heading: str) -> str:
    """Return what stands under a heading of the page."""
    [found] = re.findall(rf"<h2>{re.escape(heading)}</h2>(.*?)</section>", html(), flags=re.DOTALL)
    return plain(found)


def local(instant: datetime) -> str:
    return moment_text(instant.astimezone(zone_of("Asia/Kolkata")))


RULES = replace(
    NOTICED,
    half_life=10 * MINUTE,
    dwell_up=15 * MINUTE,
    dwell_down=20 * MINUTE,
    highest_rate=Decimal(24),
    least_reporting=2,
    surcharged_per_day=timedelta(hours=6),
    changes_per_day=12,
    grid_weight=Decimal("0.8"),
)
CALCULATED = (
    "The load is the share of chargers that are in use, of those at the station whose state is known, smoothed so "
    "that after 10 min an older share counts half. "
    "While the power grid is under stress, the load is at least 80 %. "
    "Level 1: 10 % of the energy price, from a load of 60 % until it is below 45 %. "
    "Level 2: 20 % of the energy price, from a load of 80 % until it is below 65 %. "
    "Level 3: 25 % of the energy price, from a load of 95 % until it is below 80 %. "
    "No kWh costs more than ₹24.00 by it, before tax: where the price leaves less, less is added. "
    "It rises level by level, each after 15 min at the one below, and a rise is announced 15 min before it counts. "
    "Where the load falls meanwhile, it is withdrawn. "
    "It falls level by level, each after 20 min, and a fall counts at once. "
    "A day at a station has at most 6 h with a surcharge and 12 changes of the level. "
    "While nothing is known of a station that is newer than 15 min, or fewer than 2 connectors say how they are, the "
    "level falls minute by minute until nothing is charged. "
    "Before tax, on top of the price of charging, and never on top of another surcharge. "
    "Of several such surcharges that hold at the same time only the largest is charged. "
    "The level that holds when your session is planned to start counts for all of it: what you have ordered stays as "
    "it was shown, whatever is changed here since. Who plans to start so late that nobody knows the level then pays "
    "none. "
    "Your app shows the amount before you order."
)


def test_the_page_says_in_plain_words_what_it_is_and_how_it_comes_about(world: World) -> None:
    policy = make_policy(world.cpo, RULES, explanation="The station is nearly full.", stacking_group="inner-circle")
    switch_on(policy)
    assert read().startswith(
        "cpo1.com EV charging Busy station fee "
        "10 %, 20 % or 25 % of the energy price, while many chargers of the station are busy "
        "The station is nearly full. Now "
    )
    assert part("How it is calculated") == CALCULATED
    assert part("Where") == "Everywhere, at each station of cpo1.com EV charging by its own load."
    assert part("Who does not pay it") == "Everybody pays it."
    assert "inner-circle" not in read()


NO_WAIT = (
    "It rises level by level, and a rise counts at once. It falls level by level, and a fall counts at once. "
    "While nothing is known of a station that is newer than 15 min, the level falls minute by minute until nothing is "
    "charged. Before tax"
)


def test_what_its_rules_leave_out_is_not_told(world: World) -> None:
    switch_on(make_policy(world.cpo, PROMPT))
    assert NO_WAIT in part("How it is calculated")
    assert "Of several" not in read()
    assert "All surcharges" not in read()


def test_the_bound_of_all_surges_is_told(world: World) -> None:
    switch_on(make_policy(world.cpo, PROMPT))
    with cpo_scope(world.cpo):
        SurgePolicy.objects.update(cap_percent=Decimal(15))
    bound = "All surcharges of a session together add at most 15 % of what its energy costs."
    assert f"pays none. {bound} Your app shows" in part("How it is calculated")


WHERE: dict[str, tuple[dict[str, Any], str]] = {
    "by-name": (
        {"location_ids": ["cp-station"]},
        f"At these stations of cpo1.com EV charging, at each by its own load: {STATION}",
    ),
    "by-tag-and-none-shown": ({"location_tags": ["airport"]}, "At no station of cpo1.com EV charging at present."),
}


@pytest.mark.parametrize(("scope", "expected"), WHERE.values(), ids=WHERE)
def test_its_stations_are_told_by_name(world: World, scope: dict[str, Any], expected: str) -> None:
    switch_on(make_policy(world.cpo, **scope))
    assert part("Where") == expected


def test_each_station_tells_its_level_what_is_announced_and_its_last_changes(world: World) -> None:
    switch_on(make_policy(world.cpo, replace(PROMPT, notice=10 * MINUTE)))
    row = decided(world, 4)
    announced = row.announced_level
    assert (row.level, announced) == (0, 1)
    with cpo_scope(world.cpo):
        (policy,) = DemandPolicy.objects.all()
        begun = policy.states.get()
    assert part("Now").startswith(f"{STATION} : No surcharge since ")
    rise = _rise(begun)
    assert f"Announced: level 1, 10 %, from {local(rise)} on." in part("Now")
    pass_time(world, 10 * MINUTE)
    # It has begun by itself, though nobody has decided since.
    started = _rise(row_of(world))
    assert part("Now").startswith(f"{STATION} : Level 1, 10 %, since {local(started)}. As of ")
    row = decided(world, 4)
    coming = _rise(row)
    since = started - timedelta(seconds=61)
    assert part("Now").startswith(
        f"{STATION} : Level 1, 10 %, since {local(since)}. Announced: level 2, 20 %, from {local(coming)} on. "
        f"Changes of the last 24 hours {local(since)}: level 1, 10 % As of "
    )
    pass_time(world, 16 * MINUTE)
    assert part("Now").startswith(f"{STATION} : Nothing is charged, since nothing recent is known.")


def _rise(row: DemandState) -> datetime:
    announced = row.document["announced"]
    return datetime.fromisoformat(announced["starts_at"])


def test_what_became_of_it_is_told_and_not_by_whom(world: World) -> None:
    policy = switch_on(make_policy(world.cpo))
    policy.rules = written(replace(PROMPT, cap_percent=Decimal(15)))
    save_policy(policy)
    policy.location_ids = ["cp-station"]
    save_policy(policy)
    switch_off(policy)
    with cpo_scope(world.cpo):
        off, moved, changed, on = (local(x.at) for x in DemandPolicyChange.objects.all())
    assert part("Changes") == (
        f"{off}: Switched off, at once "
        f"{moved}: Changed: where it applies, at once "
        f"{changed}: Changed: 10 % or 15 % of the energy price, from no surcharge on "
        f"{on}: Switched on: 10 %, 20 % or 25 % of the energy price, from no surcharge on"
    )
    assert "It is switched off: nobody pays it at present." in read()
    assert " Now " not in read()


def test_a_station_that_apps_do_not_show_is_not_told(world: World) -> None:
    switch_on(make_policy(world.cpo))
    decided(world, 3)
    with cpo_scope(world.cpo):
        Location.objects.update(is_published=False)
    assert "Connaught" not in read()


@pytest.mark.parametrize("case", ["unknown", "never-on", "other-cpo", "inactive-cpo", "draft-surge"])
def test_what_was_never_on_there_is_answered_alike(world: World, case: str) -> None:
    missing = Client().get("/s/cpo1.com/no-such")
    make_world("cpo2.com", item_id="there-01")
    path = PAGE
    if case == "never-on":
        make_policy(world.cpo)
    elif case == "other-cpo":
        switch_on(make_policy(world.cpo))
        path = "/s/cpo2.com/busy"
    elif case == "inactive-cpo":
        switch_on(make_policy(world.cpo))
        Cpo.objects.filter(pk=world.cpo.pk).update(is_active=False)
    elif case == "draft-surge":
        make_schedule(world.cpo, schedule_id="busy")
    answer = Client().get(path)
    assert (answer.status_code, answer.content) == (404, missing.content)


def test_the_policys_own_page_in_the_admin_leads_to_it_once_it_was_on(db: None) -> None:
    people = make_people()
    policy = make_policy(people.here.cpo)
    client = signed_in(people.colleague)
    address = f"/admin/pricing/demandpolicy/{policy.pk}/change/"
    link = f'<a href="{settings.BASE_URL}/s/{people.here.cpo.provider_id}/busy" class="draft-link">Its public page</a>'
    assert link not in client.get(address).content.decode()
    switch_off(switch_on(policy))
    assert link in client.get(address).content.decode()
