"""A segment that staff change: whom a surge let off pays it once the notice of a rise is over, and an offer at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.adminkit.display import when
from cpo_portal.charging.admin.imports import changes_in_words
from cpo_portal.charging.admin.segments import former_in_words
from cpo_portal.charging.imports.jobs import Author, import_contacts
from cpo_portal.charging.models import CustomerRecord, NamedList, NamedListChange, Segment
from cpo_portal.charging.people.customers import find_or_make_customer
from cpo_portal.charging.people.traces import Wanted, find_person
from cpo_portal.charging.segments.past import MOST_KEPT, counts_until, reached
from cpo_portal.charging.segments.stored import SegmentContent, announced, count_members, delete_segment, save_segment
from cpo_portal.charging.tasks import drop_list_changes
from cpo_portal.network.models import Connector
from offers.quoting import Lock, SessionAsk, price_session
from pricing.engine.values import EnergyMeasure, LineKind
from pricing.models import SurgePolicy
from pricing.surges.content import Exemptions
from tests.people import api_client
from tests.pricing.surges.samples import RUPEE, make_schedule, no_notice, publish
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
NOW = datetime(2027, 3, 2, 12, 30, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(hours=24)
GOLD, SILVER = ({"fact": "TIER", "values": [x]} for x in ("GOLD", "SILVER"))
LET_OFF, PAYS = "0.00", "5.00"


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as found:
        yield found


@pytest.fixture
def world(clock: Any) -> World:
    """A surge that lets off the segment “friends”, who are of tier gold; a rise is announced for a day."""
    found = make_world()
    no_notice(found.cpo)
    changed(found, "friends", GOLD)
    publish(make_schedule(found.cpo, replace(RUPEE, exemptions=Exemptions(segment_ids=("friends",)))))
    with cpo_scope(found.cpo):
        SurgePolicy.objects.update(notice_hours=24)
    clock.shift(HOUR)
    return found


@pytest.fixture
def driver(world: World) -> Any:
    with cpo_scope(world.cpo):
        customer = find_or_make_customer(world.cpo, billing={"phone": "+919887766554"}, contact={})
        assert customer is not None
        CustomerRecord.objects.create(cpo=world.cpo, customer=customer, tier="GOLD")
    return customer


def changed(world: World, segment_id: str, *conditions: dict[str, Any], match_all: bool = True) -> Segment:
    with cpo_scope(world.cpo):
        row = Segment.objects.filter(segment_id=segment_id).first()
    content = SegmentContent(segment_id, segment_id.title(), conditions, match_all)
    return save_segment(world.cpo, content, row)


def paid(world: World, customer: Any, *, start: datetime | None = None, lock: Lock | None = None) -> str:
    """Return what the driver pays for the surge in a session of 5 kWh that starts then, or now."""
    return str(amount_of(quoted(world, customer, start=start, lock=lock)))


def quoted(world: World, customer: Any, *, start: datetime | None = None, lock: Lock | None = None) -> Any:
    ask = SessionAsk(measure=EnergyMeasure(5000), planned_start=start or timezone.now(), customer=customer)
    with cpo_scope(world.cpo):
        connector = Connector.objects.select_related("charger__location", "cpo").get(pk=world.connector.pk)
        return price_session(connector, ask, now=timezone.now(), lock=lock or Lock())


def amount_of(found: Any) -> Decimal:
    (amount,) = [x.amount.amount for x in found.quote.lines if x.kind is LineKind.SURGE]
    return amount


def test_whom_a_surge_let_off_pays_it_once_the_notice_is_over(world: World, driver: Any, clock: Any) -> None:
    assert paid(world, driver) == LET_OFF
    selected = quoted(world, None)
    row = changed(world, "friends", SILVER)
    over = timezone.now() + DAY
    assert counts_until(row, timezone.now()) == over
    starts = (timezone.now(), over - timedelta(seconds=1), over)
    assert [paid(world, driver, start=x) for x in starts] == [LET_OFF, LET_OFF, PAYS]
    # At init the driver is known, by the surges that the quote has locked.
    assert paid(world, driver, lock=Lock(terms=selected.quote.terms, tariff_version=selected.tariff_version)) == LET_OFF
    said = api_client(world.cpo).get("/api/segments/friends").json()
    assert datetime.fromisoformat(said["former_rule_until"]) == over
    with cpo_scope(world.cpo):
        told = former_in_words(row)
    assert told.endswith("in sessions that start before Wed 3 Mar 2027, 19:00 IST; offers go by the rule above.")
    clock.shift(DAY)
    assert (paid(world, driver), counts_until(row, timezone.now()), former_in_words(row)) == (PAYS, None, "")


def test_who_is_let_off_anew_is_so_at_once(world: World, driver: Any) -> None:
    with cpo_scope(world.cpo):
        CustomerRecord.objects.update(tier="SILVER")
    assert paid(world, driver) == PAYS
    changed(world, "friends", SILVER)
    assert paid(world, driver) == LET_OFF
    # What becomes of the driver is no change of what was announced.
    with cpo_scope(world.cpo):
        CustomerRecord.objects.update(tier="BRONZE")
    assert paid(world, driver) == PAYS


def test_a_change_of_a_segment_that_another_names_waits_as_well(world: World, driver: Any, clock: Any) -> None:
    changed(world, "friends", GOLD | {"values": ["GOLD", "VIP"]})
    changed(world, "inner", GOLD)
    changed(world, "friends", {"fact": "SEGMENT", "values": ["inner"]})
    clock.shift(DAY)
    changed(world, "inner", SILVER)
    assert (paid(world, driver), paid(world, driver, start=timezone.now() + DAY)) == (LET_OFF, PAYS)


def test_each_of_several_changes_waits_for_its_own_notice(world: World, driver: Any, clock: Any) -> None:
    """Let off for an hour between two changes, the driver is so until a day after the second."""
    changed(world, "friends", SILVER)
    clock.shift(DAY)
    assert paid(world, driver) == PAYS
    changed(world, "friends", SILVER, GOLD, match_all=False)
    clock.shift(HOUR)
    changed(world, "friends", SILVER)
    assert paid(world, driver) == LET_OFF
    clock.shift(DAY)
    assert paid(world, driver) == PAYS


def test_what_former_rules_name_stays_while_they_count(world: World, driver: Any, clock: Any) -> None:
    inner = changed(world, "inner", GOLD)
    changed(world, "friends", {"fact": "SEGMENT", "values": ["inner"]})
    clock.shift(DAY)
    changed(world, "friends", SILVER)
    changed(world, "inner", SILVER)
    with pytest.raises(ValidationError, match="“Inner” is used by the segment Friends"):
        delete_segment(inner)
    assert paid(world, driver) == LET_OFF
    clock.shift(DAY)
    delete_segment(inner)
    assert paid(world, driver) == PAYS


ON_IT = {"fact": "LIST", "values": ["fleet"]}
FILLED: dict[str, tuple[dict[str, Any], str, bool]] = {
    "taken-off": (ON_IT, "phone\n9000000001", True),
    "left-on": (ON_IT, "phone\n9887766554\n9000000001", True),
    "put-on-who-is-let-off-for-not-being-on-it": (ON_IT | {"negated": True}, "phone\n9887766554", False),
}


@pytest.mark.parametrize(("rule", "csv", "was_on"), FILLED.values(), ids=FILLED)
def test_a_list_that_is_filled_anew_goes_on_letting_off_until_the_notice_is_over(
    world: World, driver: Any, clock: Any, rule: dict[str, Any], csv: str, was_on: bool
) -> None:
    with cpo_scope(world.cpo):
        fleet = NamedList.objects.create(cpo=world.cpo, list_id="fleet", name="Fleet")
    fill(fleet, "phone\n9887766554" if was_on else "phone\n9000000009")
    changed(world, "friends", rule)
    clock.shift(DAY)
    assert paid(world, driver) == LET_OFF
    fill(fleet, csv, replaces=was_on)
    stays = rule is ON_IT and "9887766554" in csv
    later = LET_OFF if stays else PAYS
    starts = (timezone.now() + DAY - timedelta(seconds=1), timezone.now() + DAY)
    assert [paid(world, driver, start=x) for x in starts] == [LET_OFF, later]
    with cpo_scope(world.cpo):
        # Offers, and counts of who is in a segment, go by the list as it is.
        assert count_members(Segment.objects.get(), timezone.now()).inside == int(stays)
        # Who charges nowhere else is forgotten there as well.
        found = find_person(world.cpo, Wanted(phone="+919887766554"))
        assert [x.was_on for x in found.changes] == ([] if stays else [was_on])
        kept = NamedListChange.objects.count()
        told = "" if stays else f"in sessions that start before {when(starts[1], world.cpo.time_zone)}; offers go by"
        assert told in changes_in_words(fleet)
        assert (changes_in_words(fleet) == "") == stays
    assert api_client(world.cpo).get("/api/named-lists/fleet").json()["former_contacts_until"] == (
        None if stays else starts[1].isoformat().replace("+00:00", "Z")
    )
    assert (drop_list_changes(), kept) == (0, int(not stays))
    clock.shift(DAY)
    assert (drop_list_changes(), paid(world, driver)) == (kept, later)


def test_a_list_by_which_no_surge_lets_off_keeps_nobody(world: World) -> None:
    with cpo_scope(world.cpo):
        fleet = NamedList.objects.create(cpo=world.cpo, list_id="fleet", name="Fleet")
    fill(fleet, "phone\n9887766554")
    changed(world, "others", ON_IT)
    fill(fleet, "phone\n9000000001")
    with cpo_scope(world.cpo):
        assert NamedListChange.objects.count() == 0


def fill(named_list: NamedList, csv: str, *, replaces: bool = True) -> None:
    report = import_contacts(named_list, csv.encode(), replaces=replaces, dry_run=False, author=Author())
    assert report.faults.count == 0


def test_what_no_surge_lets_off_keeps_no_former_rules(world: World) -> None:
    changed(world, "others", GOLD)
    assert changed(world, "others", SILVER).former == []
    assert changed(world, "friends", GOLD).former == []  # nothing was changed
    with cpo_scope(world.cpo):
        SurgePolicy.objects.update(notice_hours=0)
    assert changed(world, "friends", SILVER).former == []


def test_changes_of_segments_that_are_not_asked_for_are_not_looked_at(world: World) -> None:
    for number in range(3):
        changed(world, f"inner{number}", GOLD)
    changed(world, "friends", {"fact": "SEGMENT", "values": ["inner0"]})
    changed(world, "others", {"fact": "SEGMENT", "values": ["inner1", "inner2"]})
    with cpo_scope(world.cpo):
        rows = list(Segment.objects.all())
        assert [x.segment_id for x in reached(rows, ["friends", "none"], timezone.now())] == ["friends", "inner0"]
        assert [x.segment_id for x in reached(rows, ["others"], timezone.now())] == ["others", "inner1", "inner2"]
    changed(world, "friends", GOLD)
    with cpo_scope(world.cpo):
        # What it named before its change counts yet.
        rows = list(Segment.objects.all())
        assert [x.segment_id for x in reached(rows, ["friends"], timezone.now())] == ["friends", "inner0"]


def test_a_segment_is_not_changed_without_end_within_the_notice(world: World, clock: Any) -> None:
    for number in range(MOST_KEPT):
        clock.shift(1)
        row = changed(world, "friends", GOLD | {"values": [f"T{number}"]})
    with pytest.raises(ValidationError, match="It was changed 20 times while your surges still let off"):
        changed(world, "friends", SILVER)
    row.refresh_from_db()
    assert (row.conditions[0]["values"], len(row.former)) == ([f"T{MOST_KEPT - 1}"], MOST_KEPT)
    with cpo_scope(world.cpo):
        assert len(announced({"friends"}, timezone.now())["friends"]) == MOST_KEPT + 1
