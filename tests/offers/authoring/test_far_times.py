"""Times at the ends of the calendar are refused everywhere: PostgreSQL keeps some that nobody can read again."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.adminkit.instants import LocalDateTimeField
from offers import authoring
from offers.models import Offer, OfferVersion
from tests.offers.authoring.test_offer_admin import ADD, FORM
from tests.offers.files.twins import faults_of, load, make_twin
from tests.people import api_client, make_people, signed_in, weekend

pytestmark = pytest.mark.django_db

FAR = "Give a time in the years 2000 to 2100."
ENDS = [
    pytest.param("valid_from", "0001-01-01T00:00", id="the-first-hour-here"),
    pytest.param("valid_from", "0001-01-01T00:00:00+14:00", id="before-the-first-hour-of-all"),
    pytest.param("valid_from", "1999-12-31T23:59", id="the-minute-before-the-first-year"),
    pytest.param("valid_until", "2101-01-01T00:00", id="the-minute-after-the-last-year"),
    pytest.param("valid_until", "9999-12-31T23:59", id="the-last-hour-here"),
    pytest.param("valid_until", "9999-12-31T23:59:59-12:00", id="after-the-last-hour-of-all"),
]
PERIOD = {"valid_from": "2026-01-01T00:00", "valid_until": "2040-01-01T00:00"}
LABELS = {"valid_from": "Valid from", "valid_until": "Valid until"}
FAR_WEST = timezone(timedelta(hours=-12))


@pytest.mark.parametrize(("field", "text"), ENDS)
@pytest.mark.parametrize("dry_run", [True, False], ids=["dry-run", "import"])
def test_a_file_is_refused_at_the_cell(field: str, text: str, dry_run: bool) -> None:
    cpo = make_twin("cpo1.com")
    cells = PERIOD | {field: text}
    row = f"ten,Ten off,10,{cells['valid_from']},{cells['valid_until']}"
    report = load(cpo, f"Offer id,Name,Value,Valid from,Valid until\r\n{row}", dry_run=dry_run)
    assert faults_of(report) == [(2, LABELS[field], FAR)]
    with cpo_scope(cpo):
        assert not Offer.objects.exists()


@pytest.mark.parametrize(("field", "text"), ENDS)
def test_the_form_is_refused_at_the_field(field: str, text: str) -> None:
    people = make_people()
    answer = signed_in(people.owner).post(ADD, FORM | {"_save": "1", field: text})
    assert (answer.status_code, answer.context["errors"]) == (200, [[FAR]])
    with cpo_scope(people.here.cpo):
        assert not Offer.objects.exists()


def test_the_import_api_tells_row_and_column() -> None:
    people = make_people()
    text = "Offer id,Name,Value,Valid from,Valid until\na1,T,10,0001-01-01T00:00,2040-01-01T00:00"
    body = json.dumps({"csv": text, "dry_run": True})
    answer = api_client(people.here.cpo).post("/api/offer-imports", body, content_type="application/json")
    faults = answer.json()["error"]["fields"]
    assert (answer.status_code, faults) == (400, {"csv": [{"row": "2", "column": "Valid from", "message": FAR}]})


@pytest.mark.parametrize(
    ("clock", "text"),
    [
        pytest.param("America/New_York", "9999-12-31T23:59", id="the-last-hour-in-the-west"),
        pytest.param("Asia/Kolkata", "0001-01-01T00:00", id="the-first-hour-in-the-east"),
        pytest.param("Asia/Kolkata", "9999-12-31T23:59:59-12:00", id="by-an-offset"),
    ],
)
def test_every_field_for_a_local_time_refuses_it(clock: str, text: str) -> None:
    field = LocalDateTimeField()
    field.zone = ZoneInfo(clock)
    with pytest.raises(ValidationError) as refused:
        field.clean(text)
    assert refused.value.messages == [FAR]


def test_the_whole_of_both_last_years_is_taken() -> None:
    field = LocalDateTimeField()
    field.zone = ZoneInfo("Asia/Kolkata")
    assert field.clean("2000-01-01T00:00") == datetime(1999, 12, 31, 18, 30, tzinfo=UTC)
    cpo = make_people().here.cpo
    first = field.clean("2000-01-01T00:00")
    last = datetime(2100, 12, 31, 23, 59, tzinfo=FAR_WEST)
    made = authoring.create_offer(cpo, "century", weekend(valid_from=first, valid_until=last))
    with cpo_scope(cpo):
        version = OfferVersion.objects.get(offer=made)
    assert (version.valid_from, version.valid_until) == (first, last)


CODED: list[Any] = [
    pytest.param("valid_from", datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))), id="before-all"),
    pytest.param("valid_until", datetime(9999, 12, 31, 23, 59, tzinfo=FAR_WEST), id="after-all"),
]


@pytest.mark.parametrize(("field", "at"), CODED)
def test_no_content_says_such_a_time(field: str, at: datetime) -> None:
    cpo = make_people().here.cpo
    with pytest.raises(ValidationError) as refused:
        authoring.create_offer(cpo, "far", weekend(**{field: at}))
    assert refused.value.message_dict == {field: [FAR]}
    with cpo_scope(cpo):
        assert not Offer.objects.exists()


@pytest.mark.parametrize(("field", "at"), CODED)
def test_the_table_keeps_no_such_time(field: str, at: datetime) -> None:
    cpo = make_people().here.cpo
    made = authoring.create_offer(cpo, "near", weekend())
    with cpo_scope(cpo):
        with pytest.raises(IntegrityError, match="offer_times_are_near"), transaction.atomic():
            OfferVersion.objects.filter(offer=made).update(**{field: at})
        assert OfferVersion.objects.filter(offer=made, **{field: getattr(weekend(), field)}).exists()
