"""A quote costs the same number of queries whatever the number of offers, says what became of each, and can be kept."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import OrderLine, Payment
from cpo_portal.network.models import Connector, Product
from cpo_portal.network.models.columns import MOST_PRICE
from offers.models import Quote, QuoteOffer
from offers.quoting import Buyer, price_session, store_quote
from pricing.engine.price import MOST_MONEY, MOST_RATE
from tests.world import ask_for, make_offer, make_world

pytestmark = pytest.mark.django_db


def amounts(quote: object) -> list[str]:
    return [f"{line.amount.amount:f}" for line in quote.lines]  # type: ignore[attr-defined]


def test_a_hundred_rupees_with_a_quarter_off_quote_91_45() -> None:
    world = make_world()
    make_offer(world.cpo)
    with cpo_scope(world.cpo):
        priced = price_session(world.connector, ask_for(), now=timezone.now())
    assert amounts(priced.quote) == ["90.00", "10.00", "-22.50", "13.95"]
    assert priced.quote.total.amount == Decimal("91.45")
    assert priced.trace.chosen == ("weekend-discount-25",)


def test_the_stored_quote_holds_every_candidate() -> None:
    world = make_world()
    make_offer(world.cpo)
    make_offer(world.cpo, "too-high", min_value=Decimal(500), display_code="")
    with cpo_scope(world.cpo):
        ask, now = ask_for(), timezone.now()
        priced = price_session(world.connector, ask, now=now)
        stored = store_quote(priced, world.connector, ask, Buyer("bap.example", "t-1"), now=now)
        rows = QuoteOffer.objects.filter(quote=stored).order_by("asked_id")
        found = list(rows.values_list("asked_id", "outcome", "reason_code", "amount"))
    assert found == [
        ("too-high", "INELIGIBLE", "MIN_VALUE", Decimal("22.50")),  # what it would have given
        ("weekend-discount-25", "APPLIED", "", Decimal("22.50")),
    ]
    assert stored.order is None
    assert [terms["offer_id"] for terms in stored.offer_terms] == ["weekend-discount-25"]


@pytest.mark.parametrize("others", [0, 200], ids=["one-offer", "two-hundred-offers"])
def test_queries_do_not_grow_with_offers(others: int, django_capture_on_commit_callbacks: Any) -> None:
    world = make_world()
    make_offer(world.cpo, total_uses=1000)
    for number in range(others):
        make_offer(world.cpo, f"other-{number}", location_ids=[f"elsewhere-{number}"], display_code="", total_uses=5)
    with cpo_scope(world.cpo):
        connector = Connector.objects.select_related("cpo", "charger__location").get(pk=world.connector.pk)
        now = timezone.now()
        ask = ask_for()
        # The first quote keeps the terms of the offers that it looked at, and remembers it once that is committed.
        with django_capture_on_commit_callbacks(execute=True):
            store_quote(price_session(connector, ask, now=now), connector, ask, Buyer("bap.example", "t-0"), now=now)
        with CaptureQueriesContext(connection) as captured:
            priced = price_session(connector, ask, now=now)
            store_quote(priced, connector, ask, Buyer("bap.example", "t-1"), now=now)
    assert len(captured) == 6, [query["sql"][:90] for query in captured]


@pytest.mark.parametrize(
    ("model", "column", "most"),
    [
        pytest.param(Product, "price", MOST_PRICE, id="price-of-a-product"),
        pytest.param(OrderLine, "rate", MOST_RATE, id="rate-of-a-line"),
        pytest.param(OrderLine, "amount", MOST_MONEY, id="amount-of-a-line"),
        pytest.param(Payment, "amount", MOST_MONEY, id="payment"),
        pytest.param(Quote, "total", MOST_MONEY, id="total-of-a-quote"),
    ],
)
def test_the_most_that_has_a_price_fits_into_its_column(model: Any, column: str, most: Decimal) -> None:
    field = model._meta.get_field(column)
    assert field.to_python(most).adjusted() < field.max_digits - field.decimal_places


def test_the_dearest_product_can_stand_on_a_line() -> None:
    assert MOST_PRICE == MOST_RATE
