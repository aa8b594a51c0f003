"""Tariffs as they are written: versions, bad input, places, and who may touch them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import ConnectorType
from pricing import authoring
from pricing.authoring import Place, TariffContent
from pricing.authoring.places import held_by
from pricing.describe import tariff_in_words
from pricing.engine.values import Fee
from pricing.models import Tariff, TariffAssignment, TariffStateChange, TariffVersion, TaxProfile
from tests.people import People, make_people, signed_in

pytestmark = pytest.mark.django_db

SERVICE = Fee("", "Service Fee", Decimal(10))
CCS2 = Place(connector_type="CCS2")
CONTENT = TariffContent(rate=Decimal(22), fees=(SERVICE,), places=(CCS2,))


@pytest.fixture
def people() -> People:
    return make_people()


@pytest.fixture
def tariff(people: People) -> Tariff:
    return authoring.create_tariff(people.here.cpo, "fast", "Fast", CONTENT, by=people.owner)


def test_a_fee_gets_its_code_from_its_name(people: People, tariff: Tariff) -> None:
    with cpo_scope(people.here.cpo):
        version = TariffVersion.objects.get(tariff=tariff)
    assert version.fees == [{"code": "SERVICE_FEE", "title": "Service Fee", "amount": "10"}]
    assert authoring.content_of(version).rate == Decimal(22)


def test_publishing_editing_and_ending_leave_a_history(people: People, tariff: Tariff) -> None:
    authoring.publish(tariff, by=people.owner)
    draft = authoring.save_draft(tariff, replace(CONTENT, rate=Decimal(23)))
    authoring.publish(tariff, by_token="abcd1234", note="dearer")
    authoring.end(tariff, by=people.colleague)
    with cpo_scope(people.here.cpo):
        changes = TariffStateChange.objects.filter(tariff=tariff).order_by("id")
        assert [(row.from_state, row.to_state, row.version.number, row.by_token) for row in changes] == [
            ("DRAFT", "APPROVED", 1, ""),
            ("APPROVED", "APPROVED", 2, "abcd1234"),
            ("APPROVED", "ENDED", 2, ""),
        ]
    assert draft.number == 2


def test_the_database_refuses_to_change_a_published_version(people: People, tariff: Tariff) -> None:
    authoring.publish(tariff)
    with cpo_scope(people.here.cpo):
        with pytest.raises(DatabaseError, match="its rows are history"), transaction.atomic():
            TariffVersion.objects.filter(tariff=tariff).update(fees=[])
        assert len(TariffVersion.objects.get(tariff=tariff).fees) == 1


BAD = [
    pytest.param(
        {"rate": Decimal(-1)}, "rate", "Give the price of a kWh as 0 or more, with at most four decimals.", id="-1"
    ),
    pytest.param(
        {"rate": Decimal("1.00001")},
        "rate",
        "Give the price of a kWh as 0 or more, with at most four decimals.",
        id="five decimals",
    ),
    pytest.param(
        {"fees": (Fee("", " ", Decimal(1)),)}, "fees", "Fee 1: give it a name of up to 100 characters.", id="no name"
    ),
    pytest.param(
        {"fees": (SERVICE, Fee("", "Parking", Decimal(0)))},
        "fees",
        "Fee 2: give an amount above 0 with at most two decimals.",
        id="fee of 0",
    ),
    pytest.param(
        {"fees": (SERVICE, SERVICE)},
        "fees",
        "Fee 2: “Service Fee” is there twice: give it another name or drop it.",
        id="same fee twice",
    ),
    pytest.param(
        {"minimum_wh": 2000, "maximum_wh": 1999},
        "maximum_wh",
        "The most is below the least: raise it or leave it empty.",
        id="most below least",
    ),
    pytest.param(
        {"minimum_wh": 0}, "minimum_wh", "Give an energy above 0 and up to 10,000 kWh, or leave it empty.", id="0 Wh"
    ),
    pytest.param(
        {"currency": "EUR"}, "currency", "Your tariffs are in INR: leave the currency out.", id="foreign currency"
    ),
]


@pytest.mark.parametrize(("changes", "field", "sentence"), BAD)
def test_bad_content_is_refused_at_its_field(
    people: People, changes: dict[str, Any], field: str, sentence: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        authoring.create_tariff(people.here.cpo, "fast", "Fast", TariffContent(**{"rate": Decimal(1)} | changes))
    assert refused.value.message_dict == {field: [sentence]}
    with cpo_scope(people.here.cpo):
        assert not Tariff.objects.filter(tariff_id="fast").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(CONTENT, "₹22.00/kWh + Service Fee ₹10.00 + GST 18 %", id="fee and tax"),
        pytest.param(
            TariffContent(rate=Decimal("9.5"), minimum_wh=500, maximum_wh=80_000),
            "₹9.50/kWh + GST 18 %, 0.5 kWh to 80 kWh",
            id="bounds",
        ),
    ],
)
def test_a_tariff_is_said_in_words(people: People, content: TariffContent, words: str) -> None:
    made = authoring.create_tariff(people.here.cpo, "said", "Said", content)
    with cpo_scope(people.here.cpo):
        version = TariffVersion.objects.get(tariff=made)
        assert tariff_in_words(authoring.content_of(version), TaxProfile.objects.get()) == words


LIST = "/admin/pricing/tariff/"


def placed(tariff: Tariff, *places: Place) -> Tariff:
    """Publish the tariff at these places alone."""
    authoring.save_draft(tariff, replace(CONTENT, places=places))
    return authoring.publish(tariff)


def held(tariff: Tariff) -> list[str]:
    with cpo_scope(tariff.cpo):
        return [str(place) for place in held_by(tariff)]


def test_a_draft_names_places_and_publishing_takes_them(people: People, tariff: Tariff) -> None:
    assert held(tariff) == []
    authoring.publish(tariff)
    authoring.save_draft(tariff, replace(CONTENT, places=(Place("cp-station"),)))
    assert held(tariff) == ["to CCS2"]
    authoring.publish(tariff)
    assert held(tariff) == ["at cp-station"]
    with cpo_scope(people.here.cpo):
        assert [version.places for version in TariffVersion.objects.filter(tariff=tariff).order_by("number")] == [
            [{"location_id": "", "item_id": "", "connector_type": "CCS2"}],
            [{"location_id": "cp-station", "item_id": "", "connector_type": ""}],
        ]


def test_a_tariff_without_a_place_is_not_published(people: People, tariff: Tariff) -> None:
    authoring.save_draft(tariff, replace(CONTENT, places=()))
    with pytest.raises(ValidationError, match="It applies nowhere: name a place before you publish it"):
        authoring.publish(tariff)
    with cpo_scope(people.here.cpo):
        assert Tariff.objects.get(pk=tariff.pk).state == "DRAFT"


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        pytest.param(Place("x"), "You have no location “x”: name one of yours.", id="unknown location"),
        pytest.param(
            Place(item_id="there-01"), "You have no connector “there-01”: name one of yours.", id="foreign connector"
        ),
        pytest.param(
            Place(connector_type="X"), "“X” is no connector type: choose one of the list.", id="no connector type"
        ),
        pytest.param(
            Place(item_id="pe-charging-01", connector_type="CCS2"),
            "Name either one connector, or a location and a connector type.",
            id="two places in one",
        ),
    ],
)
def test_a_bad_place_is_refused_and_nothing_is_saved(
    people: People, tariff: Tariff, place: Place, sentence: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        authoring.save_draft(tariff, replace(CONTENT, places=(CCS2, place)))
    assert refused.value.message_dict == {"places": [sentence]}
    with cpo_scope(people.here.cpo):
        assert authoring.content_of(TariffVersion.objects.get(tariff=tariff)).places == (CCS2,)


def test_a_place_taken_since_the_draft_was_saved_is_refused_when_publishing(people: People, tariff: Tariff) -> None:
    placed(authoring.create_tariff(people.here.cpo, "rival", "Rival", CONTENT), CCS2)
    with pytest.raises(ValidationError, match="“Rival” already applies to CCS2: take it off there first"):
        authoring.publish(tariff)
    assert held(tariff) == []


def test_a_draft_may_be_prepared_for_a_place_that_another_tariff_holds(people: People, tariff: Tariff) -> None:
    authoring.save_draft(tariff, replace(CONTENT, places=(Place(),)))
    text = signed_in(people.analyst).get(f"{LIST}{tariff.pk}/change/").content.decode()
    assert "Before you publish: “Standard” already applies everywhere: take it off there first." in text
    with pytest.raises(ValidationError, match="“Standard” already applies everywhere: take it off there first"):
        authoring.publish(tariff)
    assert held(tariff) == []


def test_a_place_of_an_ended_tariff_is_taken_over(people: People, tariff: Tariff) -> None:
    authoring.end(people.here.tariff)
    placed(tariff, Place())
    with cpo_scope(people.here.cpo):
        assert [row.tariff for row in TariffAssignment.objects.all()] == [tariff]


def test_publishing_keeps_the_places_that_stay_and_drops_what_goes(people: People, tariff: Tariff) -> None:
    placed(tariff, CCS2, Place("cp-station"))
    with cpo_scope(people.here.cpo):
        stays = TariffAssignment.objects.get(tariff=tariff, location=people.here.location)
    placed(tariff, Place("cp-station"), Place(item_id="pe-charging-01"))
    with cpo_scope(people.here.cpo):
        kept = {row.pk: str(row) for row in TariffAssignment.objects.filter(tariff=tariff)}
    assert stays.pk in kept
    assert sorted(kept.values()) == ["Connaught Place Station", "pe-charging-01 (CCS2, 30 kW)"]


def test_publishing_asks_no_more_queries_for_more_places(
    people: People, tariff: Tariff, django_assert_max_num_queries: Any
) -> None:
    def publish_at(kinds: int) -> int:
        places = tuple(Place(connector_type=kind) for kind in ConnectorType.values[:kinds])
        authoring.save_draft(tariff, replace(CONTENT, places=places))
        with django_assert_max_num_queries(40) as asked:
            authoring.publish(tariff)
        return len(asked)

    publish_at(1)
    assert publish_at(3) == publish_at(8)
    assert len(held(tariff)) == 8


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
        pytest.param({"tariff_id": "standard"}, "exists already.", id="id taken"),
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
    assert '<td class="draft-was">to CCS2</td><td>at Connaught Place Station</td>' in text
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
