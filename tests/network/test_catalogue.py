"""What stands beside the connectors: products by site, units left, the last state."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pytest_django import DjangoAssertNumQueries

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.catalogue import products_at, status_of, units_left
from cpo_portal.network.models import ConnectorStatus, ProductStock
from tests.network.places import Net, make_location, make_product

NOW = datetime(2026, 1, 5, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def test_products_by_location_in_two_queries(
    net: Net, other: Net, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    second = make_location(net.cpo, "site-2")
    make_product(net.cpo, "coffee")
    wash = make_product(net.cpo, "wash", locations=(second,))
    make_product(net.cpo, "hidden", is_published=False)
    make_product(other.cpo, "tea")
    with cpo_scope(net.cpo):
        ProductStock.objects.create(product=wash, units=3)
    with django_assert_num_queries(2):
        found = products_at([net.location, second, other.location])
        listed = {pk: [(product.product_id, units_left(product)) for product in sold] for pk, sold in found.items()}
    assert listed == {
        net.location.pk: [("coffee", None)],
        second.pk: [("coffee", None), ("wash", 3)],
        other.location.pk: [("tea", None)],
    }
    assert products_at([]) == {}


def test_the_last_state(net: Net) -> None:
    with cpo_scope(net.cpo):
        ConnectorStatus.objects.create(connector=net.connectors[0], status="OUTOFORDER", reported_at=NOW)
        assert [status_of(connector).label for connector in net.connectors] == ["Out of order", "Unknown"]
