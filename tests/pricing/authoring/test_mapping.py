"""Which tariff applies at a connector: the most specific published one, today or at an instant, in few queries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope, every_cpo
from cpo_portal.network.models import Charger, Connector, Product
from pricing import authoring
from pricing.authoring import Place, TariffContent
from pricing.engine.values import Dimension, Fee, PriceComponent, ProductPrice, Tax
from pricing.mapping import price_terms, tariffs_for, tax_of_cpo
from pricing.models import Tariff, TariffStateChange, TariffVersion, TaxProfile
from tests.world import World, make_world

pytestmark = pytest.mark.django_db


def publish(world: World, name: str, place: Place) -> Tariff:
    content = TariffContent(rate=Decimal(1), places=(place,))
    return authoring.publish(authoring.create_tariff(world.cpo, name, name, content))


def winner(world: World) -> str:
    with cpo_scope(world.cpo):
        return tariffs_for([world.connector], at=timezone.now())[world.connector.pk].tariff.tariff_id


def test_the_more_specific_place_wins_step_by_step(world: World) -> None:
    steps = {
        "type": Place(connector_type="CCS2"),
        "location": Place("cp-station"),
        "location-type": Place("cp-station", connector_type="CCS2"),
        "connector": Place(item_id="pe-charging-01"),
    }
    won = [winner(world)]
    for name, place in steps.items():
        publish(world, name, place)
        won.append(winner(world))
    assert won == ["standard", "type", "location", "location-type", "connector"]


@pytest.mark.parametrize("state", ["DRAFT", "ENDED"])
def test_a_specific_tariff_that_is_not_published_gives_way(world: World, state: str) -> None:
    content = TariffContent(rate=Decimal(1), places=(Place(item_id="pe-charging-01"),))
    tariff = authoring.create_tariff(world.cpo, "own", "Own", content)
    if state == "ENDED":
        authoring.publish(tariff)
        authoring.end(tariff)
    assert winner(world) == "standard"


def test_another_type_and_another_place_do_not_count(world: World) -> None:
    publish(world, "type-2", Place(connector_type="TYPE2"))
    assert winner(world) == "standard"


def test_a_connector_without_a_tariff_is_left_out(world: World) -> None:
    authoring.end(world.tariff)
    with cpo_scope(world.cpo):
        assert tariffs_for([world.connector], at=timezone.now()) == {}


def test_connectors_of_two_cpos_get_their_own_tariffs(world: World) -> None:
    other = make_world("cpo2.com", item_id="there-01")
    with every_cpo():
        found = tariffs_for([world.connector, other.connector], at=timezone.now())
    assert {pk: version.cpo_id for pk, version in found.items()} == {
        world.connector.pk: world.cpo.pk,
        other.connector.pk: other.cpo.pk,
    }


@pytest.mark.parametrize("count", [1, 40])
@pytest.mark.parametrize("history", [False, True], ids=["now", "as of"])
def test_the_number_of_queries_does_not_depend_on_the_number_of_connectors(
    world: World, count: int, history: bool, django_assert_num_queries: Any
) -> None:
    with cpo_scope(world.cpo):
        for number in range(count):
            charger = Charger.objects.create(cpo=world.cpo, location=world.location, evse_id=f"E{number}", name="x")
            Connector.objects.create(
                cpo=world.cpo,
                charger=charger,
                item_id=f"item-{number}",
                connector_type="CCS2",
                power_type="DC",
                max_power_w=50_000,
                charging_speed="FAST",
            )
        connectors = list(Connector.objects.all())
        with django_assert_num_queries(2):
            tariffs_for(connectors, at=timezone.now(), as_of=timezone.now() if history else None)


def test_version_and_places_of_an_instant_come_from_the_history(world: World) -> None:
    tariff = publish(world, "own", Place(item_id="pe-charging-01"))
    authoring.save_draft(tariff, TariffContent(rate=Decimal(2), places=(Place(connector_type="CCS2"),)))
    authoring.publish(tariff)
    authoring.save_draft(tariff, TariffContent(rate=Decimal(2), places=(Place(connector_type="TYPE2"),)))
    authoring.publish(tariff)
    authoring.end(tariff)
    moments = [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2, 3)]
    with cpo_scope(world.cpo):
        rows = list(TariffStateChange.objects.filter(tariff=tariff).order_by("id"))

        def at(instant: datetime) -> int | None:
            version = tariffs_for([world.connector], at=instant, as_of=instant).get(world.connector.pk)
            return version.number if version is not None else None

        assert [(row.move, at(row.at)) for row in rows] == [
            ("edit", None), ("publish", 1), ("edit", 1), ("publish", 2), ("edit", 2), ("publish", None), ("end", None),
        ]  # fmt: skip
        assert at(rows[0].at - timedelta(microseconds=1)) is None
        assert at(moments[0]) is None


def test_the_terms_say_everything_that_a_price_depends_on(world: World) -> None:
    with cpo_scope(world.cpo):
        coffee = Product.objects.create(
            cpo=world.cpo, product_id="coffee", name="Coffee", category="food", price=Decimal("120.00")
        )
        dollars = Product.objects.create(cpo=world.cpo, product_id="tea", name="Tea", price=1, currency="USD")
        version = TariffVersion.objects.select_related("tariff").get()
        terms = price_terms(version, tax_of_cpo(world.cpo.pk), time_zone="Asia/Kolkata", products=[coffee, dollars])
    assert (terms.tariff_id, terms.tariff_version, terms.currency, terms.time_zone) == (
        "standard",
        1,
        "INR",
        "Asia/Kolkata",
    )
    assert terms.components == (PriceComponent(Dimension.ENERGY, Decimal(18)),)
    assert terms.fees == (Fee("service-fee", "Service Fee", Decimal(10)),)
    assert terms.tax == Tax("GST", Decimal("18.00"), "998714")
    assert terms.product_prices == (ProductPrice("coffee", "Coffee", Decimal("120.00"), "food"),)


def test_no_tax_and_a_rate_of_0_are_none(world: World) -> None:
    with cpo_scope(world.cpo):
        assert tax_of_cpo(world.cpo.pk) == Tax("GST", Decimal(18), "998714")
        TaxProfile.objects.update(rate=0)
        assert tax_of_cpo(world.cpo.pk) is None
        TaxProfile.objects.all().delete()
        assert tax_of_cpo(world.cpo.pk) is None
