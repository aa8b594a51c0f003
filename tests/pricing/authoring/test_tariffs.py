"""Tariffs as they are written: versions, bad input, places, and who may touch them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
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
from pricing.engine.values import Dimension, Fee, PriceComponent, PricingModel, Wheeling, WheelingBasis
from pricing.models import Tariff, TariffAssignment, TariffStateChange, TariffVersion, TaxProfile
from pricing.versions.review import Actor
from tests.people import People, signed_in
from tests.pricing.engine.samples import window

pytestmark = pytest.mark.django_db

SERVICE = Fee("", "Service Fee", Decimal(10))
CCS2 = Place(connector_type="CCS2")
EVENING = window("18:00", "21:00")
APRIL = datetime(2027, 3, 31, 18, 30, tzinfo=UTC)
CONTENT = TariffContent(rate=Decimal(22), fees=(SERVICE,), places=(CCS2,))


@pytest.fixture
def tariff(people: People) -> Tariff:
    return authoring.create_tariff(people.here.cpo, "fast", "Fast", CONTENT, actor=Actor(people.owner))


def test_a_fee_gets_its_code_from_its_name(people: People, tariff: Tariff) -> None:
    with cpo_scope(people.here.cpo):
        version = TariffVersion.objects.get(tariff=tariff)
    assert version.fees == [{"code": "SERVICE_FEE", "title": "Service Fee", "amount": "10"}]
    assert authoring.content_of(version).rate == Decimal(22)


def test_publishing_editing_and_ending_leave_a_history(people: People, tariff: Tariff) -> None:
    first = authoring.publish(tariff, by=people.owner).live_version_id
    draft = authoring.save_draft(tariff, replace(CONTENT, rate=Decimal(23)))
    authoring.publish(tariff, by_token="abcd1234", note="dearer")
    authoring.end(tariff, by=people.colleague)
    with cpo_scope(people.here.cpo):
        changes = TariffStateChange.objects.filter(tariff=tariff).order_by("id")
        assert [(row.move, row.from_state, row.to_state, row.version_id, row.by, row.by_token) for row in changes] == [
            ("edit", "DRAFT", "DRAFT", None, people.owner, ""),
            ("publish", "DRAFT", "APPROVED", first, people.owner, ""),
            ("edit", "APPROVED", "APPROVED", first, None, ""),
            ("publish", "APPROVED", "APPROVED", draft.pk, None, "abcd1234"),
            ("end", "APPROVED", "ENDED", draft.pk, people.colleague, ""),
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
        {"components": (PriceComponent(Dimension.ENERGY, Decimal(2), (EVENING,)),)},
        "components",
        "Choose the model “By time of day” for prices per kWh at certain hours.",
        id="hours of another model",
    ),
    pytest.param(
        {"minimum_price": Decimal(0)},
        "minimum_price",
        "Give an amount above 0 with at most two decimals, or leave it empty.",
        id="least price of 0",
    ),
    pytest.param(
        {"maximum_price": Decimal("1.001")},
        "maximum_price",
        "Give an amount above 0 with at most two decimals, or leave it empty.",
        id="highest price in tenths of a paisa",
    ),
    pytest.param(
        {"minimum_price": Decimal("50.01"), "maximum_price": Decimal(50)},
        "maximum_price",
        "The highest price is below the least: raise it or leave it empty.",
        id="highest below least",
    ),
    pytest.param(
        {"wheeling": Wheeling(" ", Decimal(1))},
        "wheeling",
        "Give the wheeling charge a name of up to 100 characters.",
        id="wheeling without a name",
    ),
    pytest.param(
        {"wheeling": Wheeling("Wheeling", Decimal(0))},
        "wheeling",
        "Give the wheeling charge as an amount above 0 with at most four decimals.",
        id="wheeling of 0",
    ),
    pytest.param(
        {"valid_from": APRIL, "valid_until": APRIL},
        "valid_until",
        "It ends before it begins: give a later end or leave it empty.",
        id="ends when it begins",
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
        pytest.param(
            TariffContent(
                model=PricingModel.TIME_OF_DAY,
                rate=Decimal(18),
                components=(
                    PriceComponent(Dimension.IDLE, Decimal(2), grace_minutes=15),
                    PriceComponent(Dimension.ENERGY, Decimal(22), (EVENING,)),
                    PriceComponent(Dimension.TIME, Decimal("0.5"), (EVENING,)),
                ),
                wheeling=Wheeling("Wheeling charge", Decimal("0.425"), WheelingBasis.KWH),
                maximum_price=Decimal(500),
                minimum_wh=500,
            ),
            "₹22.00/kWh every day 18:00–21:00, else ₹18.00/kWh + ₹0.50/min of charging every day 18:00–21:00 + "
            "₹2.00/min of idling (15 min free) + Wheeling charge ₹0.425 per kWh + GST 18 %, "
            "from 0.5 kWh, charging costs up to ₹500.00",
            id="everything by time of day",
        ),
        pytest.param(
            TariffContent(
                model=PricingModel.FIXED,
                components=(PriceComponent(Dimension.FLAT, Decimal(150)),),
                wheeling=Wheeling("Grid charge", Decimal(5)),
                minimum_price=Decimal(100),
            ),
            "₹150.00 per session + Grid charge ₹5.00 per order + GST 18 %, charging costs from ₹100.00",
            id="fixed",
        ),
        pytest.param(
            TariffContent(model=PricingModel.SUBSCRIPTION, rate=Decimal(18)),
            "included energy first, then ₹18.00/kWh + GST 18 %",
            id="subscription",
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
