"""Sessions, busy chargers and stocks in prices: counted as they are, in the one query, and kept by the quote."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from beckn.presenting.offers import offer_summary
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Customer, Order
from cpo_portal.network.models import Charger, Connector, ConnectorStatus, Product, ProductStock
from offers.book import book_for
from offers.engine.periods import today_at
from offers.observing import Observed, Sight
from offers.quoting import Buyer, Lock, price_session, store_quote
from offers.refusals import Refusal, RefusalKind
from offers.usage import Asked, Person, look_up
from tests.offers.ordering.sale import Sale
from tests.world import World, ask_for, make_offer, make_world

pytestmark = pytest.mark.django_db

OFFER = "weekend-discount-25"
QUIET: dict[str, Any] = {"max_busy_percent": 30}
COFFEE: dict[str, Any] = {"stock_product_id": "coffee", "stock_at_least": 5}
FIRST: dict[str, Any] = {"nth_session": 1}


@pytest.fixture
def sale() -> Sale:
    return Sale(make_world(), "", None)


def connector_of(world: World) -> Connector:
    return Connector.objects.select_related("cpo", "charger__location").get(pk=world.connector.pk)


def report(world: World, *statuses: str) -> None:
    """Let the location have as many chargers as there are statuses; "" was never reported."""
    with cpo_scope(world.cpo):
        ConnectorStatus.objects.all().delete()
        Connector.objects.exclude(pk=world.connector.pk).delete()
        Charger.objects.exclude(pk=world.charger.pk).delete()
        for number, status in enumerate(statuses):
            connector = world.connector if number == 0 else another(world, number)
            if status:
                ConnectorStatus.objects.create(connector=connector, status=status, reported_at=timezone.now())


def another(world: World, number: int) -> Connector:
    charger = Charger.objects.create(
        cpo=world.cpo, location=world.location, evse_id=f"EVSE-N{number}", name="N", system=world.system
    )
    return Connector.objects.create(
        cpo=world.cpo,
        charger=charger,
        item_id=f"n-{number}",
        connector_type="CCS2",
        power_type="DC",
        max_power_w=30_000,
        charging_speed="FAST",
    )


def put_on_shelf(world: World, units: int) -> None:
    with cpo_scope(world.cpo):
        defaults = {"cpo": world.cpo, "name": "Coffee", "price": Decimal(40)}
        coffee, _ = Product.objects.get_or_create(product_id="coffee", defaults=defaults)
        ProductStock.objects.update_or_create(product=coffee, defaults={"units": units})


def chosen(world: World, **said: Any) -> tuple[str, ...]:
    with cpo_scope(world.cpo):
        return price_session(connector_of(world), ask_for(), now=timezone.now(), **said).trace.chosen


@pytest.mark.parametrize(
    ("statuses", "applies"),
    [
        pytest.param(["AVAILABLE", "AVAILABLE", "AVAILABLE", "CHARGING"], True, id="one-of-four"),
        pytest.param(["AVAILABLE", "AVAILABLE", "CHARGING"], False, id="one-of-three"),
        pytest.param(["AVAILABLE", "AVAILABLE", "AVAILABLE", "RESERVED"], True, id="reserved-is-busy"),
        pytest.param(["AVAILABLE", "RESERVED", "BLOCKED"], False, id="blocked-is-busy"),
        pytest.param(["AVAILABLE", "AVAILABLE", "OUTOFORDER", "CHARGING"], False, id="a-broken-one-does-not-count"),
        pytest.param(["", "", "", "CHARGING"], True, id="never-reported-is-free"),
        pytest.param(["OUTOFORDER", "INOPERATIVE"], False, id="none-works"),
    ],
)
def test_a_quiet_site_is_counted_by_its_working_chargers(statuses: list[str], applies: bool) -> None:
    world = make_world()
    make_offer(world.cpo, **QUIET)
    report(world, *statuses)
    assert chosen(world) == ((OFFER,) if applies else ())


def test_a_charger_with_two_connectors_counts_once() -> None:
    world = make_world()
    make_offer(world.cpo, **QUIET)
    report(world, "CHARGING", "AVAILABLE", "AVAILABLE", "AVAILABLE")
    with cpo_scope(world.cpo):
        Connector.objects.filter(item_id="n-1").update(charger=world.charger)
    assert chosen(world) == ()  # one of three chargers, not one of four connectors


@pytest.mark.parametrize(("units", "applies"), [(4, False), (5, True)])
def test_a_stock_is_read_when_the_price_is_made(units: int, applies: bool) -> None:
    world = make_world()
    make_offer(world.cpo, **COFFEE)
    put_on_shelf(world, units)
    assert chosen(world) == ((OFFER,) if applies else ())


def test_another_cpos_levels_count_for_nothing() -> None:
    world, other = make_world(), make_world("cpo2.com", item_id="there-01")
    make_offer(world.cpo, **COFFEE)
    put_on_shelf(other, 50)
    assert chosen(world) == ()


def test_the_levels_of_the_past_are_not_known() -> None:
    world = make_world()
    make_offer(world.cpo, **QUIET)
    report(world, "AVAILABLE")
    with cpo_scope(world.cpo):
        connector, now = connector_of(world), timezone.now()
        today = price_session(connector, ask_for(), now=now)
        lock = Lock(terms=today.quote.terms, tariff_version=today.tariff_version, book=today.book)
        then = price_session(connector, ask_for(), now=now, as_of=now, lock=lock)
    assert today.trace.chosen == (OFFER,)
    assert [(x.code.value, x.actual) for x in then.trace.outcomes[0].checks if not x.passed] == [("BUSY", "not known")]


def test_an_init_keeps_the_levels_that_its_quote_saw(sale: Sale) -> None:
    world = sale.world
    make_offer(world.cpo, **QUIET, **COFFEE)
    report(world, "AVAILABLE", "AVAILABLE")
    put_on_shelf(world, 5)
    now = timezone.now()
    ask = ask_for(start=now)
    with cpo_scope(world.cpo):
        priced = price_session(connector_of(world), ask, now=now)
        stored = store_quote(priced, connector_of(world), ask, Buyer("bap.example", "t-1"), now=now)
    assert stored.levels == {"busy": 0, "working": 2, "stock": [{"product_id": "coffee", "units": 5}]}
    report(world, "CHARGING", "CHARGING")
    put_on_shelf(world, 0)
    placed = sale.init(ask, now=now + timedelta(minutes=14))
    assert placed.priced.trace.chosen == (OFFER,)
    assert (placed.quote.total, placed.requoted) == (Decimal("91.45"), False)
    assert placed.quote.levels == stored.levels


@pytest.mark.parametrize(
    ("again", "minutes"),
    [pytest.param({}, 16, id="after-its-time"), pytest.param({"amount": "120"}, 1, id="another-cart")],
)
def test_any_other_init_sees_the_levels_of_now(sale: Sale, again: dict[str, Any], minutes: int) -> None:
    world = sale.world
    make_offer(world.cpo, **QUIET)
    report(world, "AVAILABLE")
    now = timezone.now()
    with cpo_scope(world.cpo):
        ask = ask_for(start=now)
        priced = price_session(connector_of(world), ask, now=now)
        store_quote(priced, connector_of(world), ask, Buyer("bap.example", "t-1"), now=now)
    report(world, "CHARGING")
    placed = sale.init(ask_for(start=now, **again), now=now + timedelta(minutes=minutes))
    assert placed.priced.trace.chosen == ()
    assert placed.quote.levels == {"busy": 1, "working": 1, "stock": []}


def test_an_offer_that_was_asked_for_and_lacks_its_stock_cannot_be_fulfilled(sale: Sale) -> None:
    make_offer(sale.world.cpo, **COFFEE)
    put_on_shelf(sale.world, 4)
    with pytest.raises(Refusal) as refusal:
        sale.init(ask_for(opted_in=(OFFER,)))
    assert refusal.value.kind is RefusalKind.OFFER_NOT_FULFILLABLE
    with cpo_scope(sale.world.cpo):
        assert not Order.objects.exists()


def customer_with(sale: Sale, *states: str, sandbox: bool = False) -> None:
    """Let the customer of the sale have orders in these states."""
    for number, state in enumerate(states):
        sale.init(transaction_id=f"before-{number}")
        with cpo_scope(sale.world.cpo):
            Order.objects.filter(pk=sale.fresh().pk).update(
                state=state, sandbox=sandbox, confirmed_at=timezone.now() - timedelta(hours=1)
            )


@pytest.mark.parametrize(
    ("states", "number"),
    [
        pytest.param([], 1, id="no-order"),
        pytest.param(["INITIALISED"], 1, id="one-that-was-never-confirmed"),
        pytest.param(["CANCELLED"], 1, id="one-that-was-cancelled"),
        pytest.param(["ACTIVE"], 2, id="one-that-is-confirmed"),
        pytest.param(["COMPLETE", "ACTIVE", "CANCELLED"], 3, id="two-and-a-cancelled-one"),
    ],
)
def test_confirmed_and_completed_orders_are_the_customers_sessions(sale: Sale, states: list[str], number: int) -> None:
    customer_with(sale, *states)
    make_offer(sale.world.cpo, "nth", nth_session=number, display_code="")
    make_offer(sale.world.cpo, "next", nth_session=number + 1, display_code="")
    placed = sale.init()
    assert placed.priced.trace.chosen == ("nth",)
    assert sale.init().priced.trace.chosen == ("nth",)  # made again: the order itself does not count


def test_sandbox_orders_are_no_sessions(sale: Sale) -> None:
    customer_with(sale, "COMPLETE", sandbox=True)
    make_offer(sale.world.cpo, **FIRST)
    assert sale.init().priced.trace.chosen == (OFFER,)


def test_a_first_session_is_quoted_as_if_it_held_until_the_customer_is_known(sale: Sale) -> None:
    customer_with(sale, "COMPLETE")
    make_offer(sale.world.cpo, **FIRST)
    with cpo_scope(sale.world.cpo):
        outcome = price_session(connector_of(sale.world), ask_for(), now=timezone.now()).trace.outcomes[0]
    assert (outcome.outcome.value, outcome.depends_on_identity) == ("APPLIED", True)
    outcome = sale.init().priced.trace.outcomes[0]
    assert outcome.reason is not None
    assert (outcome.outcome.value, outcome.reason.code.value, outcome.reason.actual) == (
        "INELIGIBLE",
        "SESSION_NUMBER",
        "2",
    )


@pytest.mark.parametrize(("hours_ago", "sessions"), [(2, 0), (0, 1)])
def test_sessions_of_the_past_are_those_confirmed_by_then(sale: Sale, hours_ago: int, sessions: int) -> None:
    customer_with(sale, "COMPLETE")
    make_offer(sale.world.cpo, **FIRST)
    as_of = timezone.now() - timedelta(hours=hours_ago)
    with cpo_scope(sale.world.cpo):
        offers = book_for(sale.world.cpo).book.all()
        customer = Customer.objects.get().pk
        now = as_of or timezone.now()
        asked = Asked(
            sale.world.cpo.pk,
            offers,
            today_at(now, sale.world.cpo.time_zone),
            at=now,
            now=now,
            person=Person(customer),
            sight=Sight(sale.world.connector.charger.location_id),
            past=as_of is not None,
        )
        observed = look_up(asked).observed
    assert observed == Observed(customer_sessions=sessions)


def test_all_of_it_rides_in_the_one_usage_query(sale: Sale) -> None:
    world = sale.world
    customer_with(sale, "COMPLETE")
    make_offer(world.cpo, "limited", total_uses=5, display_code="")
    put_on_shelf(world, 5)
    counts = []
    for conditions in ({}, QUIET | COFFEE | {"nth_session": 2}):
        if conditions:
            make_offer(world.cpo, **conditions)
        with cpo_scope(world.cpo):
            connector, ask = connector_of(world), ask_for(customer=Customer.objects.get(), identity_required=True)
            price_session(connector, ask, now=timezone.now())
            with CaptureQueriesContext(connection) as captured:
                price_session(connector, ask, now=timezone.now())
        counts.append(len(captured))
    assert counts[0] == counts[1] == 4, counts


def test_the_next_offer_promises_nothing_that_nobody_can_know_beforehand() -> None:
    world = make_world()
    for number, condition in enumerate((QUIET, COFFEE, FIRST)):
        make_offer(world.cpo, f"moment-{number}", display_code="", **condition)
    with cpo_scope(world.cpo):
        said = offer_summary(connector_of(world), (), (), currency="INR", now=timezone.now()).next_offer
        make_offer(world.cpo)
        then = offer_summary(connector_of(world), (), (), currency="INR", now=timezone.now()).next_offer
    assert said == ""
    assert then.startswith("Weekend Special – 25 % off: ")
