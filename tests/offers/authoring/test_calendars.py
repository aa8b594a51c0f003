"""Holiday calendars from a file to a price: kept by staff, followed by published offers at once, proved afterwards."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Segment
from cpo_portal.network.models import Connector
from offers import authoring
from offers.book import book_for
from offers.engine.codec import offer_from_json
from offers.engine.facts import Holiday
from offers.models import BookRevision, Offer, OfferVersion
from offers.quoting import Buyer, price_session, store_quote
from pricing.models import HolidayCalendar
from tests.offers.authoring.test_offer_admin import ADD, FORM, page
from tests.people import People, api_client, signed_in, weekend
from tests.world import World, ask_for, make_offer, make_world

pytestmark = pytest.mark.django_db

CALENDARS = "/admin/pricing/holidaycalendar/"
DIWALI = {"date": "2026-11-08", "name": "Diwali"}
INDIA = ZoneInfo("Asia/Kolkata")
NOON = datetime(2026, 11, 8, 12, tzinfo=INDIA)


def make_calendar(world: World, *days: dict[str, str]) -> HolidayCalendar:
    with cpo_scope(world.cpo):
        return HolidayCalendar.objects.create(cpo=world.cpo, calendar_id="delhi", name="Delhi", days=list(days))


def test_staff_import_a_file_and_edit_what_it_brought(people: People) -> None:
    owner = signed_in(people.owner)
    file = SimpleUploadedFile("h.csv", b"date,name\n2099-11-08,Diwali\n2099-12-25,X-mas\n")
    answer = owner.post(f"{CALENDARS}add/", {"calendar_id": "delhi", "name": "Delhi", "file": file})
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    with cpo_scope(people.here.cpo):
        made = HolidayCalendar.objects.get()
        assert made.days == [{"date": "2099-11-08", "name": "Diwali"}, {"date": "2099-12-25", "name": "X-mas"}]
    edited = {"name": "Delhi", "days-0-date": "2099-12-25", "days-0-name": "Christmas"}
    assert owner.post(f"{CALENDARS}{made.pk}/change/", edited).status_code == 302
    with cpo_scope(people.here.cpo):
        assert HolidayCalendar.objects.get().days == [{"date": "2099-12-25", "name": "Christmas"}]


@pytest.mark.parametrize(
    ("sent", "faults"),
    [
        pytest.param(
            {"days-0-date": "2026-11-08", "days-0-name": ""},
            {"days": ["Day 1: give the day a name, such as Diwali."]},
            id="day-without-a-name",
        ),
        pytest.param(
            {"file": SimpleUploadedFile("h.csv", b"8.11.,Diwali")},
            {"file": ["Row 1: write the date as 2026-11-08 instead of “8.11.”."]},
            id="bad-file",
        ),
        pytest.param(
            {"calendar_id": "no spaces"},
            {"calendar_id": ["Use letters, digits, dots, colons, underscores and hyphens, a letter or digit first."]},
            id="bad-id",
        ),
    ],
)
def test_a_bad_calendar_is_refused_at_the_field(people: People, sent: dict[str, Any], faults: dict[str, Any]) -> None:
    answer = signed_in(people.owner).post(f"{CALENDARS}add/", {"calendar_id": "delhi", "name": "Delhi"} | sent)
    assert answer.context["adminform"].form.errors == faults
    with cpo_scope(people.here.cpo):
        assert not HolidayCalendar.objects.exists()


def test_the_api_writes_the_days_as_a_whole(people: People) -> None:
    client, outsider = api_client(people.here.cpo), api_client(people.there.cpo)
    body = {"calendar_id": "delhi", "name": "Delhi", "days": [{"date": "2026-12-25", "name": "Christmas"}, DIWALI]}
    made = client.post("/api/holiday-calendars", json.dumps(body), content_type="application/json")
    assert made.status_code == 201, made.content
    assert made.json()["days"] == [DIWALI, {"date": "2026-12-25", "name": "Christmas"}]
    bad = client.patch(
        "/api/holiday-calendars/delhi",
        json.dumps({"days": [{"date": "2026-13-01", "name": "Never"}]}),
        content_type="application/json",
    )
    assert bad.json()["error"]["fields"] == {"days": ["Day 1: give the date as 2026-11-08."]}
    assert outsider.get("/api/holiday-calendars/delhi").status_code == 404
    assert client.delete("/api/holiday-calendars/delhi").status_code == 405
    assert client.get("/api/holiday-calendars/delhi").json() == made.json()


CONTENT = {"name": "Feast", "value": "25", "valid_from": "2026-01-01T00:00:00Z", "valid_until": "2040-01-01T00:00:00Z"}
WHOLE = "Choose a calendar, and whether the offer is for its days or for all others."


def test_the_api_and_the_form_say_the_days_of_an_offer(people: People) -> None:
    make_calendar(people.here, DIWALI)
    days = {"holiday_calendar": "delhi", "holidays": "ONLY", "blackout_dates": ["2026-12-25", "2026-12-31"]}
    body = json.dumps({"offer_id": "feast", "content": CONTENT | days})
    answer = api_client(people.here.cpo).post("/api/offers", body, content_type="application/json")
    assert answer.status_code == 201, answer.content
    draft = answer.json()["draft"]
    assert {name: draft["content"][name] for name in days} == days
    assert "only on holidays of Delhi, not on 25 Dec 2026 and 1 other date, " in draft["summary"]
    owner = signed_in(people.owner)
    form = FORM | {"holiday_calendar": "delhi", "holidays": "EXCEPT", "blackout_dates-0-date": "2026-12-25"}
    assert owner.post(ADD, form | {"_save": "1"}).status_code == 302
    with cpo_scope(people.here.cpo):
        version = OfferVersion.objects.get(offer__offer_id="weekend-discount-25")
        assert (version.holiday_calendar, version.holidays) == ("delhi", "EXCEPT")
        assert version.blackout_dates == [date(2026, 12, 25)]
        offer = Offer.objects.get(pk=version.offer_id)
    shown = owner.get(page(offer)).content.decode()
    assert 'value="2026-12-25"' in shown


def test_versions_are_compared_with_calendars_by_name_as_segments_are(people: People) -> None:
    make_calendar(people.here, DIWALI)
    first = weekend(holiday_calendar="delhi", holidays="EXCEPT")
    offer = authoring.publish(authoring.create_offer(people.here.cpo, "feast", first))
    with cpo_scope(people.here.cpo):
        for key, name in (("delhi", "Delhi drivers"), ("goa", "Goa drivers")):
            Segment.objects.create(cpo=people.here.cpo, segment_id=key, name=name)
        HolidayCalendar.objects.create(cpo=people.here.cpo, calendar_id="goa", name="Goa")
    after = replace(first, holiday_calendar="goa", segment_ids=("delhi", "goa"))
    authoring.save_draft(offer, after)
    answer = signed_in(people.analyst).get(f"/admin/offers/offer/compare/{offer.pk}/?from=1&to=2")
    assert answer.context["differences"] == [
        {"label": "Segments", "before": "Every customer", "after": "Delhi drivers (delhi), Goa drivers (goa)"},
        {"label": "Holiday calendar", "before": "Delhi (delhi)", "after": "Goa (goa)"},
    ]
    with cpo_scope(people.here.cpo):
        HolidayCalendar.objects.filter(calendar_id="delhi").delete()
    told = api_client(people.here.cpo).get("/api/offers/feast/diff?before=1&after=2").json()
    assert told[1] == {"name": "Holiday calendar", "before": "delhi", "after": "Goa (goa)"}


@pytest.mark.parametrize(
    ("days", "field", "sentence"),
    [
        pytest.param({"holidays": "ONLY"}, "holiday_calendar", WHOLE, id="rule-without-calendar"),
        pytest.param({"holiday_calendar": "delhi"}, "holidays", WHOLE, id="calendar-without-rule"),
        pytest.param(
            {"holiday_calendar": "goa", "holidays": "ONLY"},
            "holiday_calendar",
            "You have no holiday calendar “goa”: make it first, or choose one of yours.",
            id="unknown-calendar",
        ),
    ],
)
def test_half_a_rule_is_refused_at_the_field(people: People, days: dict[str, str], field: str, sentence: str) -> None:
    make_calendar(people.here, DIWALI)
    body = json.dumps({"offer_id": "feast", "content": CONTENT | days})
    answer = api_client(people.here.cpo).post("/api/offers", body, content_type="application/json")
    assert answer.json()["error"]["fields"] == {"content": {field: [sentence]}}
    form = signed_in(people.owner).post(ADD, FORM | days | {"_save": "1"}).context["adminform"].form
    said = (
        sentence
        if days.get("holiday_calendar") != "goa"
        else "Select a valid choice. goa is not one of the available choices."
    )
    assert said in form.errors[field]
    with cpo_scope(people.here.cpo):
        assert not Offer.objects.exists()


def test_the_database_refuses_half_a_rule(people: People) -> None:
    with cpo_scope(people.here.cpo):
        authoring.create_offer(people.here.cpo, "feast", weekend())
        with pytest.raises(IntegrityError), transaction.atomic():
            OfferVersion.objects.update(holidays="ONLY")


def chosen(world: World, start: datetime) -> tuple[str, ...]:
    with cpo_scope(world.cpo):
        connector = Connector.objects.select_related("cpo", "charger__location").get()
        return price_session(connector, ask_for(start=start), now=timezone.now()).trace.chosen


def test_a_published_offer_follows_its_calendar_and_the_quote_keeps_the_days_it_saw() -> None:
    world = make_world()
    calendar = make_calendar(world, DIWALI)
    make_offer(world.cpo, holiday_calendar="delhi", holidays="ONLY")
    assert chosen(world, NOON) == ("weekend-discount-25",)
    with cpo_scope(world.cpo):
        ask, now = ask_for(start=NOON), timezone.now()
        priced = price_session(world.connector, ask, now=now)
        stored = store_quote(priced, world.connector, ask, Buyer("bap.example", "t-1"), now=now)
        before = BookRevision.objects.get(cpo=world.cpo).revision
        calendar.days = [{"date": "2026-11-09", "name": "Diwali"}]
        calendar.save()
        assert BookRevision.objects.get(cpo=world.cpo).revision == before + 1
    assert chosen(world, NOON) == ()
    assert chosen(world, NOON.replace(day=9)) == ("weekend-discount-25",)
    stored.refresh_from_db()
    rule = offer_from_json(stored.offer_terms[0]).applicability.holidays
    assert rule is not None
    assert (rule.calendar, rule.name, rule.days) == ("delhi", "Delhi", (Holiday(date(2026, 11, 8), "Diwali"),))


def test_another_cpos_calendar_of_the_same_id_counts_for_nothing() -> None:
    world, other = make_world(), make_world("cpo2.com", item_id="there-01")
    make_calendar(other, DIWALI)
    make_offer(world.cpo, holiday_calendar="delhi", holidays="ONLY")
    assert chosen(world, NOON) == ()


def test_the_book_is_built_in_as_many_statements_whatever_the_calendars() -> None:
    world = make_world()
    make_calendar(world, DIWALI)
    for number in range(5):
        make_offer(world.cpo, f"feast-{number}", holiday_calendar="delhi", holidays="ONLY", display_code="")
    with cpo_scope(world.cpo), CaptureQueriesContext(connection) as queries:
        loaded = book_for(world.cpo)
    assert len(loaded.book.all()) == 5
    assert len(queries) == 5  # the revision, the calendars, the segments, the policy, and the offers with their days
