"""The form of a surge: what it writes and shows, what it refuses at its fields, and who may touch it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.segments.stored import SegmentContent, save_segment
from cpo_portal.network.models import Location, Product
from pricing.admin import surges as admin_surges
from pricing.engine.values import SurgeBasis
from pricing.models import HolidayCalendar, SurgeSchedule, SurgeVersion
from pricing.surges.content import Exemptions, Scope, SurgeContent, content_of
from pricing.surges.kinds import SignalKind
from tests.people import People, make_people, signed_in
from tests.pricing.surges.samples import RUPEE, make_schedule, publish

pytestmark = pytest.mark.django_db

LIST = "/admin/pricing/surgeschedule/"
FORM: dict[str, Any] = {
    "name": "Congestion fee",
    "schedule_id": "congestion",
    "kind": "RUSH_HOURS",
    "basis": "PERCENT",
    "value": "20",
}
FULL: dict[str, Any] = FORM | {
    "maximum_amount": "",
    "stacking_group": " peak ",
    "explanation": "The grid is\nbusy then.",
    "weekly_windows-0-weekdays": ["1", "5"],
    "weekly_windows-0-start": "18:00",
    "weekly_windows-0-end": "21:00",
    "holiday_calendar": "delhi",
    "dates-0-date": "2027-03-08",
    "dates-1-date": "2027-03-01",
    "signal_kinds": ["WEATHER", "EVENT"],
    "valid_from": "2027-03-01T00:00",
    "valid_until": "2027-04-01T00:00",
    "location_ids": ["cp-station"],
    "location_tags": ["highway"],
    "charger_ids": ["EVSE-1"],
    "item_ids": ["pe-charging-01"],
    "connector_types": ["CCS2", "TYPE2"],
    "min_power_w": "7.4",
    "max_power_w": "60",
    "product_ids": ["wash"],
    "segment_ids": ["gold"],
    "bap_ids": "app.example\n\n good-app.example ",
    "organisations": "Acme, Inc.",
    "vehicle_makes": "Tata\nMG",
    "below_charge_percent": "15",
    "first_session": "on",
}
CONTENT = SurgeContent(
    basis=SurgeBasis.PERCENT,
    value=Decimal(20),
    stacking_group="peak",
    explanation="The grid is busy then.",
    weekly_windows=({"weekdays": [1, 5], "start": "18:00", "end": "21:00"},),
    holiday_calendar="delhi",
    dates=(date(2027, 3, 1), date(2027, 3, 8)),
    signal_kinds=(SignalKind.EVENT, SignalKind.WEATHER),
    valid_from=datetime(2027, 2, 28, 18, 30, tzinfo=UTC),
    valid_until=datetime(2027, 3, 31, 18, 30, tzinfo=UTC),
    scope=Scope(
        ("cp-station",), ("highway",), ("pe-charging-01",), ("EVSE-1",), ("CCS2", "TYPE2"), 7400, 60_000, ("wash",)
    ),
    exemptions=Exemptions(
        ("gold",), ("app.example", "good-app.example"), ("Acme, Inc.",), ("MG", "Tata"), 15, first_session=True
    ),
)


@pytest.fixture
def people() -> People:
    found = make_people()
    cpo = found.here.cpo
    with cpo_scope(cpo):
        Location.objects.update(tags=["highway"])
        HolidayCalendar.objects.create(cpo=cpo, calendar_id="delhi", name="Delhi")
        Product.objects.create(cpo=cpo, product_id="wash", name="Car wash", price=Decimal(90))
        save_segment(cpo, SegmentContent("gold", "Gold", ({"fact": "NEW"},)))
    return found


def stored(people: People, number: int = 1) -> SurgeContent:
    with cpo_scope(people.here.cpo):
        return content_of(SurgeVersion.objects.get(schedule__schedule_id="congestion", number=number))


def address(people: People) -> str:
    with cpo_scope(people.here.cpo):
        return f"{LIST}{SurgeSchedule.objects.get().pk}/change/"


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def test_the_form_writes_and_shows_every_part_of_a_surge(people: People) -> None:
    client = signed_in(people.colleague)
    text = text_of(client.post(f"{LIST}add/", FULL | {"_save": "1"}, follow=True))
    assert "The draft of “Congestion fee” is saved; nobody pays it until you publish it." in text
    assert stored(people) == CONTENT
    for shown in (
        'name="value" value="20"',
        'name="stacking_group" value="peak"',
        'name="weekly_windows-0-start" value="18:00"',
        'name="dates-1-date" value="2027-03-08"',
        'value="2027-03-01T00:00"',
        'name="min_power_w" value="7.4"',
        "Acme, Inc.",
        "MG\nTata",
        'name="below_charge_percent" value="15"',
    ):
        assert shown in text
    again = FULL | {"_version": "1", "_save": "1", "name": "Rush fee", "kind": "EVENT"}
    client.post(address(people), again)
    assert stored(people) == CONTENT
    with cpo_scope(people.here.cpo):
        schedule = SurgeSchedule.objects.get()
        assert (schedule.name, schedule.kind, schedule.versions.count()) == ("Rush fee", "EVENT", 1)
        assert schedule.versions.get().created_by == people.colleague


def test_a_surge_of_three_words_is_everywhere_and_always(people: People) -> None:
    signed_in(people.owner).post(f"{LIST}add/", FORM | {"_save": "1"})
    assert stored(people) == SurgeContent(basis=SurgeBasis.PERCENT, value=Decimal(20))


def test_seconds_that_the_api_wrote_stay_when_the_form_is_saved(people: People) -> None:
    moment = datetime(2027, 3, 1, 12, 0, 30, tzinfo=UTC)
    make_schedule(people.here.cpo, SurgeContent(value=Decimal(20), valid_from=moment))
    sent = FORM | {"valid_from": "2027-03-01T17:30", "explanation": "Busy.", "_save": "1", "_version": "1"}
    signed_in(people.owner).post(address(people), sent)
    assert (stored(people).valid_from, stored(people).explanation) == (moment, "Busy.")


REFUSED = [
    pytest.param({"name": ""}, "name", "This field is required.", id="no name"),
    pytest.param(
        {"schedule_id": "a b"},
        "schedule_id",
        "Use letters, digits, dots, colons, underscores and hyphens, a letter or digit first.",
        id="id",
    ),
    pytest.param({"kind": ""}, "kind", "This field is required.", id="no kind"),
    pytest.param({"kind": "MOON"}, "kind", "Select a valid choice. MOON is not one of the", id="kind"),
    pytest.param(
        {"value": "0"}, "value", "Give a number above 0 and up to 1,000 with at most four decimals.", id="nothing"
    ),
    pytest.param({"value": "1000.01"}, "value", "Give a number above 0 and up to 1,000", id="too much"),
    pytest.param({"value": "sNaN"}, "value", "Enter a number.", id="no number"),
    pytest.param(
        {"basis": "FIXED", "value": "9.999"},
        "value",
        "Give an amount per session with at most two decimals.",
        id="fraction of a paisa",
    ),
    pytest.param(
        {"basis": "FIXED", "maximum_amount": "19"},
        "maximum_amount",
        "It is below the amount per session: lower that, or leave this empty.",
        id="cap below the amount",
    ),
    pytest.param(
        {"weekly_windows-0-weekdays": ["1"], "weekly_windows-0-start": "18:00"},
        "weekly_windows",
        "give both times as HH:MM, such as 18:00.",
        id="half a window",
    ),
    pytest.param({"holiday_calendar": "moon"}, "holiday_calendar", "Select a valid choice.", id="calendar"),
    pytest.param({"dates-0-date": "8 Mar"}, "dates", "Write the date as 2026-11-08 instead of “8 Mar”.", id="date"),
    pytest.param(
        {"valid_from": "2027-03-01T00:00", "valid_until": "2027-03-01T00:00"},
        "valid_until",
        "It ends before it begins: give a later end or leave it empty.",
        id="ends before it begins",
    ),
    pytest.param({"valid_from": "1999-01-01T00:00"}, "valid_from", "Give a time in the years 2000 to 2100.", id="far"),
    pytest.param({"item_ids": ["there-01"]}, "item_ids", "Select a valid choice. there-01", id="another CPO's"),
    pytest.param(
        {"min_power_w": "50", "max_power_w": "7.4"},
        "max_power_w",
        "The most is below the least: raise it or leave it empty.",
        id="power upside down",
    ),
    pytest.param({"product_ids": ["moon"]}, "product_ids", "Select a valid choice. moon", id="product"),
    pytest.param({"segment_ids": ["moon"]}, "segment_ids", "Select a valid choice. moon", id="segment"),
    pytest.param({"bap_ids": "x" * 101}, "bap_ids", "Shorten each to 100 characters.", id="long app"),
    pytest.param(
        {"below_charge_percent": "101"},
        "below_charge_percent",
        "Give a percentage between 1 and 100, or leave it empty.",
        id="battery",
    ),
]


@pytest.mark.parametrize(("changes", "field", "sentence"), REFUSED)
def test_bad_input_is_answered_at_its_field(people: People, changes: dict[str, Any], field: str, sentence: str) -> None:
    answer = signed_in(people.owner).post(f"{LIST}add/", FORM | changes | {"_save": "1"})
    errors = answer.context["adminform"].form.errors
    assert list(errors) == [field]
    assert sentence in errors[field][0]
    assert sentence in text_of(answer)
    with cpo_scope(people.here.cpo):
        assert not SurgeSchedule.objects.exists()


def test_an_id_of_another_surge_is_refused(people: People) -> None:
    make_schedule(people.here.cpo)
    answer = signed_in(people.owner).post(f"{LIST}add/", FORM | {"_save": "1"})
    assert answer.context["adminform"].form.errors == {
        "schedule_id": ["A surge schedule with this schedule id exists already: choose another."]
    }


def test_a_version_that_would_be_over_is_not_published(people: People) -> None:
    sent = FORM | {"valid_until": "2020-01-01T00:00", "_publish": "1"}
    answer = signed_in(people.owner).post(f"{LIST}add/", sent)
    assert "It would have ended already: give a later end or leave it empty." in text_of(answer)
    with cpo_scope(people.here.cpo):
        assert not SurgeSchedule.objects.exists()


def test_what_another_published_meanwhile_is_told_and_the_input_kept(people: People) -> None:
    schedule = make_schedule(people.here.cpo)
    publish(schedule)
    publish(schedule, SurgeContent(value=Decimal(2)))
    answer = signed_in(people.owner).post(address(people), FORM | {"value": "33", "_version": "1", "_save": "1"})
    assert "Someone else has published this surge schedule since you opened it: reload and try again." in text_of(
        answer
    )
    assert 'name="value" value="33"' in text_of(answer)
    assert stored(people, 2).value == 2


def test_what_only_shows_while_saving_is_told_in_the_form(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    def too_late(*args: Any, **kwargs: Any) -> None:
        raise ValidationError({"value": "Someone was faster."})

    make_schedule(people.here.cpo)
    monkeypatch.setattr(admin_surges, "save_draft", too_late)
    answer = signed_in(people.owner).post(address(people), FORM | {"name": "Kept", "_save": "1"})
    assert answer.context["adminform"].form.errors == {"value": ["Someone was faster."]}
    with cpo_scope(people.here.cpo):
        assert SurgeSchedule.objects.get().name == "Congestion fee"


def test_the_groups_of_other_surges_are_suggested(people: People) -> None:
    make_schedule(people.here.cpo, SurgeContent(value=Decimal(1), stacking_group="peak"))
    make_schedule(people.there.cpo, SurgeContent(value=Decimal(1), stacking_group="elsewhere"))
    client = signed_in(people.owner)
    listed = '<datalist id="stacking_group-suggestions"><option value="peak"></option></datalist>'
    assert listed in text_of(client.get(f"{LIST}add/"))
    assert '<datalist id="stacking_group-suggestions"></datalist>' in text_of(client.get(address(people)))


def test_kinds_stand_by_family(people: People) -> None:
    form = signed_in(people.owner).get(f"{LIST}add/").context["adminform"].form
    blank, *families = form.fields["kind"].choices
    assert blank == ("", "—")
    assert [(family, len(kinds)) for family, kinds in families] == [
        ("Peak demand", 5),
        ("Location", 4),
        ("Time", 4),
        ("Service", 4),
        ("Environment", 3),
    ]


def test_an_analyst_looks_and_an_outsider_finds_nothing(people: People) -> None:
    make_schedule(people.here.cpo, RUPEE)
    page = address(people)
    assert "Adds ₹1.00 per kWh, at all times, everywhere." in text_of(signed_in(people.analyst).get(page))
    assert signed_in(people.analyst).post(page, FORM | {"_save": "1"}).status_code == 403
    assert "Congestion fee" not in text_of(signed_in(people.outsider).get(LIST))
    signed_in(people.outsider).post(page, FORM | {"_save": "1"})
    assert stored(people) == RUPEE
