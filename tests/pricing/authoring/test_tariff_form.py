"""The form of a tariff: what it writes and shows, what it refuses at its fields, and who may touch it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from cpo_portal.accounts.tenancy import cpo_scope
from pricing import authoring
from pricing.authoring import Place, TariffContent
from pricing.authoring.places import held_by
from pricing.engine.values import Dimension, Fee, PriceComponent, PricingModel, Wheeling
from pricing.models import Tariff, TariffStateChange, TaxProfile
from pricing.versions.review import Actor
from tests.people import People, signed_in
from tests.pricing.engine.samples import window

pytestmark = pytest.mark.django_db

LIST = "/admin/pricing/tariff/"
SERVICE = Fee("", "Service Fee", Decimal(10))
CCS2 = Place(connector_type="CCS2")
EVENING = window("18:00", "21:00")
APRIL = datetime(2027, 3, 31, 18, 30, tzinfo=UTC)
CONTENT = TariffContent(rate=Decimal(22), fees=(SERVICE,), places=(CCS2,))


@pytest.fixture
def tariff(people: People) -> Tariff:
    return authoring.create_tariff(people.here.cpo, "fast", "Fast", CONTENT, actor=Actor(people.owner))


def held(tariff: Tariff) -> list[str]:
    with cpo_scope(tariff.cpo):
        return [str(place) for place in held_by(tariff)]


FORM: dict[str, Any] = {
    "model": "PER_KWH",
    "name": "Night",
    "tariff_id": "night",
    "rate": "14.50",
    "fees-0-title": "Service Fee",
    "fees-0-amount": "10",
    "fees-1-title": "",
    "fees-1-amount": "",
    "minimum_kwh": "0.5",
    "maximum_kwh": "",
    "places-0-location_id": "",
    "places-0-connector_type": "CCS2",
    "places-1-location_id": "",
    "places-1-connector_type": "",
}


def test_a_member_makes_publishes_and_places_a_tariff_in_one_go(people: People) -> None:
    answer = signed_in(people.colleague).post(f"{LIST}add/", FORM | {"_publish": "1"}, follow=True)
    assert "from now on version 1 prices every quote where it applies." in answer.content.decode()
    with cpo_scope(people.here.cpo):
        tariff = Tariff.objects.select_related("live_version").get(tariff_id="night")
        version = tariff.live_version
        assert version is not None
        assert (tariff.state, version.components[0]["rate"], version.minimum_wh) == ("APPROVED", "14.50", 500)
        assert [row.connector_type for row in tariff.assignments.all()] == ["CCS2"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        pytest.param({"fees-0-amount": "ten"}, "Fee 1: give an amount such as 10.00.", id="fee in words"),
        pytest.param({"everywhere": "on"}, "“Standard” already applies everywhere", id="place taken"),
        pytest.param({"maximum_kwh": "0.4"}, "The most is below the least", id="bounds"),
        pytest.param({"tariff_id": "standard"}, "exists already: choose another.", id="id taken"),
        pytest.param({"places-0-connector_type": ""}, "It applies nowhere: tick this, or name a place", id="nowhere"),
        pytest.param({"places-0-location_id": "elsewhere"}, "You have no location “elsewhere”", id="unknown location"),
        pytest.param({"item_ids": ["there-01"]}, "Select a valid choice.", id="foreign connector"),
    ],
)
def test_bad_input_in_the_form_is_answered_at_the_field(people: People, changes: dict[str, Any], sentence: str) -> None:
    answer = signed_in(people.owner).post(f"{LIST}add/", FORM | changes | {"_publish": "1"})
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    with cpo_scope(people.here.cpo):
        assert Tariff.objects.count() == 1


def test_moving_a_published_tariff_changes_no_price_until_it_is_published(people: People, tariff: Tariff) -> None:
    authoring.publish(tariff, by=people.owner)
    client, address = signed_in(people.colleague), f"{LIST}{tariff.pk}/change/"
    moved = FORM | {"name": "Fast", "rate": "22", "minimum_kwh": "", "_version": "1"}
    moved |= {"fees-0-code": "SERVICE_FEE", "places-0-location_id": "cp-station", "places-0-connector_type": ""}
    text = client.post(address, moved | {"_save": "1"}, follow=True).content.decode()
    assert "The draft of “Fast” is saved, places included; it prices nothing until you publish it." in text
    assert '<span class="draft-was">to CCS2</span>' in text
    assert "<span>at Connaught Place Station</span>" in text
    assert held(tariff) == ["to CCS2"]
    text = client.post(address, moved | {"_version": "2", "_publish": "1"}, follow=True).content.decode()
    assert "from now on version 2 prices every quote where it applies." in text
    assert held(tariff) == ["at cp-station"]
    with cpo_scope(people.here.cpo):
        last = TariffStateChange.objects.filter(tariff=tariff).select_related("version", "by").first()
        assert last is not None
        assert last.version is not None
        assert (last.version.number, last.by) == (2, people.colleague)


def test_what_another_took_meanwhile_is_told_in_the_form_and_keeps_the_input(
    people: People, tariff: Tariff, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_late(*args: Any, **kwargs: Any) -> None:
        raise ValidationError({"rate": "Someone was faster."})

    monkeypatch.setattr(authoring, "save_draft", too_late)
    answer = signed_in(people.owner).post(f"{LIST}{tariff.pk}/change/", FORM | {"name": "Kept", "_publish": "1"})
    assert answer.status_code == 200
    assert "Someone was faster." in answer.content.decode()
    assert 'value="Kept"' in answer.content.decode()
    with cpo_scope(people.here.cpo):
        assert Tariff.objects.get(pk=tariff.pk).name == "Fast"


def test_an_analyst_looks_and_an_outsider_finds_nothing(people: People, tariff: Tariff) -> None:
    address = f"{LIST}{tariff.pk}/change/"
    end = f"{LIST}{people.here.tariff.pk}/end_tariff/"
    assert "₹22.00/kWh" in signed_in(people.analyst).get(address).content.decode()
    for person in (people.analyst, people.outsider):
        client = signed_in(person)
        assert client.post(address, FORM | {"_publish": "1"}).status_code in {302, 403}
        assert client.post(end, {"_form_submitted": "True"}).status_code in {302, 403}
    assert "₹22.00/kWh" not in signed_in(people.outsider).get(address, follow=True).content.decode()
    assert "Fast" not in signed_in(people.outsider).get(LIST).content.decode()
    with cpo_scope(people.here.cpo):
        assert sorted(Tariff.objects.values_list("tariff_id", "state")) == [("fast", "DRAFT"), ("standard", "APPROVED")]


def test_ending_asks_first(people: People) -> None:
    address = f"{LIST}{people.here.tariff.pk}/end_tariff/"
    client = signed_in(people.owner)
    client.get(address)
    with cpo_scope(people.here.cpo):
        assert Tariff.objects.get().state == "APPROVED"
    client.post(address, {"_form_submitted": "True", "note": "over"})
    with cpo_scope(people.here.cpo):
        assert Tariff.objects.get().state == "ENDED"


def test_the_tax_profile_opens_on_its_row_and_is_the_cpos_own(people: People) -> None:
    with cpo_scope(people.here.cpo):
        row = TaxProfile.objects.get()
    address = f"/admin/pricing/taxprofile/{row.pk}/change/"
    form = {"label": "VAT", "rate": "5", "sac_code": "", "gstin": ""}
    assert signed_in(people.owner).get("/admin/pricing/taxprofile/").headers["Location"] == address
    assert signed_in(people.analyst).post(address, form).status_code == 403
    signed_in(people.outsider).post(address, form)
    row.refresh_from_db()
    assert str(row) == "GST 18 %"
    signed_in(people.colleague).post(address, form)
    row.refresh_from_db()
    assert str(row) == "VAT 5 %"


def test_the_form_writes_and_shows_every_part_of_a_tariff(people: People) -> None:
    rows = {
        "components-0-rate": "22",
        "components-0-dimension": "ENERGY",
        "components-0-weekdays": ["1", "2"],
        "components-0-start": "18:00",
        "components-0-end": "00:00",
        "components-1-rate": "2",
        "components-1-dimension": "IDLE",
        "components-1-grace_minutes": "15",
        "components-2-dimension": "FLAT",
    }
    sent = (
        FORM
        | rows
        | {
            "model": "TIME_OF_DAY",
            "minimum_price": "50",
            "maximum_price": "500",
            "wheeling_amount": "2.5",
            "wheeling_basis": "ORDER",
            "valid_from": "2027-04-01T00:00",
            "valid_until": "2027-07-01T00:00",
        }
    )
    client = signed_in(people.owner)
    answer = client.post(f"{LIST}add/", sent | {"_publish": "1"}, follow=True)
    text = answer.content.decode()
    period = "for sessions that start from 1 Apr 2027 00:00 IST and before 1 Jul 2027 00:00 IST"
    assert f"“Night” is published: where it applies version 1 is the price {period}." in text
    with cpo_scope(people.here.cpo):
        tariff = Tariff.objects.select_related("live_version").get(tariff_id="night")
        assert tariff.live_version is not None
        content = authoring.content_of(tariff.live_version)
    mondays_and_tuesdays = window("18:00", "00:00", frozenset({1, 2}))
    assert content.components == (
        PriceComponent(Dimension.ENERGY, Decimal(22), (mondays_and_tuesdays,)),
        PriceComponent(Dimension.IDLE, Decimal(2), grace_minutes=15),
    )
    assert (content.model, content.rate) == (PricingModel.TIME_OF_DAY, Decimal("14.50"))
    assert (content.minimum_price, content.maximum_price) == (Decimal(50), Decimal(500))
    assert content.wheeling == Wheeling("Wheeling charge", Decimal("2.5"))
    assert (content.valid_from, content.valid_until) == (APRIL, datetime(2027, 6, 30, 18, 30, tzinfo=UTC))
    assert f"Version 1 is the price {period}." in text
    assert 'name="components-0-start" value="18:00"' in text
    assert 'name="components-0-end" value="00:00"' in text
    assert 'name="components-1-grace_minutes" value="15"' in text
    assert 'value="2027-04-01T00:00"' in text
    again = client.post(f"{LIST}{tariff.pk}/change/", sent | {"_save": "1", "_version": "1"}, follow=True)
    assert "“Night” is saved; it says what was published already." in again.content.decode()


BAD_ROWS = [
    pytest.param({"components-0-rate": "x"}, "Price 1: give an amount such as 18.00.", id="no amount"),
    pytest.param({"components-0-rate": "sNaN"}, "Price 1: give an amount such as 18.00.", id="no number"),
    pytest.param(
        {"components-1-rate": "1", "components-1-dimension": "TIME", "components-1-grace_minutes": "5"},
        "Price 2: only a price for idling has minutes that are free: leave them empty.",
        id="the second row",
    ),
    pytest.param({"components-0-dimension": "KM"}, "Price 1: choose what it is per.", id="per nothing"),
    pytest.param({"components-0-grace_minutes": "ten"}, "Price 1: give the free minutes as a number", id="grace"),
    pytest.param(
        {"components-0-end": "24:00"},
        "Price 1: write 00:00 instead of 24:00; as an end it is the end of the day.",
        id="24:00",
    ),
    pytest.param({"components-0-weekdays": []}, "Price 1: tick at least one day.", id="no day"),
    pytest.param({"components-0-end": ""}, "Price 1: give both times as HH:MM, such as 18:00.", id="one time"),
    pytest.param({"model": "PER_KWH"}, "Choose the model “By time of day” for prices per kWh", id="another model"),
    pytest.param(
        {"rate": ""},
        "No price per kWh holds Mondays 00:00–18:00; Tuesdays, Wednesdays, Thursdays, Fridays, Saturdays and Sundays "
        "all day; Mondays 21:00–24:00: add one for these hours, or one for all other hours.",
        id="a gap",
    ),
    pytest.param({"valid_from": "2027-04-01T00:00", "valid_until": "2027-04-01T00:00"}, "It ends before", id="ends"),
    pytest.param({"wheeling_amount": "-1"}, "Give the wheeling charge as an amount above 0", id="wheeling"),
]


@pytest.mark.parametrize(("changes", "sentence"), BAD_ROWS)
def test_a_bad_price_is_told_in_the_form_which_keeps_it(people: People, changes: dict[str, Any], sentence: str) -> None:
    row = {"rate": "22", "dimension": "ENERGY", "weekdays": ["1"], "start": "18:00", "end": "21:00"}
    rows = {f"components-0-{name}": value for name, value in row.items()} | {"model": "TIME_OF_DAY"}
    answer = signed_in(people.owner).post(f"{LIST}add/", FORM | rows | changes | {"_save": "1"})
    assert answer.status_code == 200
    text = answer.content.decode()
    assert sentence in text
    if "components-0-rate" not in changes:
        assert 'name="components-0-rate" value="22"' in text
    with cpo_scope(people.here.cpo):
        assert not Tariff.objects.filter(tariff_id="night").exists()
