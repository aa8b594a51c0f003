"""What the server itself refuses: contacts, money and the ledger of another CPO, and of no CPO at all (ADR 0014)."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from threading import Barrier, Thread
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from django.utils import timezone

from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import cpo_scope, every_cpo
from cpo_portal.charging.balances import holds as balance_holds
from cpo_portal.charging.imports.jobs import Author, import_contacts, import_customers
from cpo_portal.charging.models import Customer, NamedList, NamedListChange, Order, Payment
from cpo_portal.charging.payments.reports import create_gateway
from cpo_portal.database.queries import run_at_once
from offers.models import Adjustment, BillTax, Referral, SurgeConsent
from offers.ordering.cancel import CancelledBy, cancel
from offers.referrals.codes import code_of
from tests.offers.codes.coded import make_coded_offer
from tests.offers.ordering.sale import Sale
from tests.prepaid import SARAH, credit, family
from tests.world import World, make_offer, make_world

pytestmark = pytest.mark.django_db

TABLES = (
    "charging_balance",
    "charging_balanceentry",
    "charging_balancehold",
    "charging_contactimport",
    "charging_customercontact",
    "charging_customergroup",
    "charging_customergroupmember",
    "charging_customerkey",
    "charging_customerrecord",
    "charging_gatewaynotice",
    "charging_namedlistchange",
    "charging_namedlistentry",
    "charging_ordercontact",
    "charging_payment",
    "charging_paymentgateway",
    "charging_refund",
    "offers_adjustment",
    "offers_billtax",
    "offers_customercounter",
    "offers_customerperiodcounter",
    "offers_groupcounter",
    "offers_groupperiodcounter",
    "offers_ledgerentry",
    "offers_redemption",
    "offers_referral",
    "offers_referralcode",
    "offers_singleusecode",
    "offers_surgeconsent",
)
KEYS = {
    "charging_customercontact": "customer_id",
    "charging_customerrecord": "customer_id",
    "charging_ordercontact": "order_id",
}
NO_CPO = "no CPO is chosen"


def rows(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def sold(world: World) -> World:
    """Sell once, paid and cancelled, so that every protected table has a row of the CPO."""
    make_offer(world.cpo, uses_per_customer=5, uses_per_customer_day=5, shared_in_groups=True)
    family(world.cpo, SARAH, name="Rao at home")
    make_coded_offer(world.cpo, f"{world.cpo.provider_id}-CODE", offer_id="coded")
    with cpo_scope(world.cpo):
        gateway, secret = create_gateway(world.cpo, name="Pay", pay_url="https://pay.example/$transaction_id")
    sale = Sale(world, secret, gateway)
    sale.init()
    sale.pay()
    sale.confirm()
    with cpo_scope(world.cpo), transaction.atomic():
        cancel(sale.fresh(), by=CancelledBy.PROVIDER, reason="closed", now=timezone.now())
        Adjustment.objects.create(
            cpo=world.cpo, order=sale.fresh(), kind="BILL_REFUNDED", amount=1, currency="INR", reference="r", reason="r"
        )
        BillTax.objects.create(
            cpo=world.cpo, order=sale.fresh(), gstin="07AAPFU0939F1ZX", place_of_supply="07", taxable=1, rate=9, cgst=0,
            sgst=0, igst=0, round_off=0,
        )  # fmt: skip
        SurgeConsent.objects.create(
            cpo=world.cpo, order=sale.fresh(), bap_id="bap", channel="BECKN", required=True, quote_id=uuid4(), parts=[],
            text_hash="", amount=1, currency="INR", at=timezone.now(),
        )  # fmt: skip
        code = code_of(Customer.objects.create(cpo=world.cpo))
        friend = Customer.objects.create(cpo=world.cpo)
        Referral.objects.create(
            cpo=world.cpo, code=code, friend=friend, order=sale.fresh(), referrer_reward=1, friend_reward=1,
            currency="INR", expires_at=timezone.now(),
        )  # fmt: skip
        fleet = NamedList.objects.create(cpo=world.cpo, list_id="fleet", name="Fleet")
        NamedListChange.objects.create(
            cpo=world.cpo, named_list=fleet, hmac_key_id="k", hmac=bytes(32), was_on=True, until=timezone.now()
        )
    someone = Author(token="test")
    import_customers(world.cpo, b"phone,tier\n9876543210,Gold", dry_run=False, author=someone)
    import_contacts(fleet, b"phone\n9876543210", replaces=False, dry_run=False, author=someone)
    credit(world.cpo, "5", customer=None, group=family(world.cpo, SARAH))
    with cpo_scope(world.cpo), transaction.atomic():
        now = timezone.now()
        assert balance_holds.hold(sale.fresh(), Decimal(2), held_until=now, now=now) == Decimal(2)
    return world


@pytest.fixture
def worlds() -> tuple[World, World]:
    return sold(make_world()), sold(make_world("cpo2.com", item_id="there-01"))


def test_the_protected_tables_are_these() -> None:
    assert rows(
        "SELECT relname::text, relforcerowsecurity FROM pg_class WHERE relrowsecurity"
        " AND relnamespace = 'public'::regnamespace ORDER BY relname"
    ) == [(table, False) for table in TABLES]


STATEMENTS = {
    "read-all": "SELECT count(*) FROM {table}",
    "read-none": "SELECT 1 FROM {table} WHERE {column}::text = ''",
    "join": "SELECT 1 FROM charging_order o LEFT JOIN {table} t ON t.{column}::text = o.bap_id",
    "change": "UPDATE {table} SET {column} = NULL",
    "delete": "DELETE FROM {table}",
    "lock": "SELECT 1 FROM {table} FOR UPDATE",
}


@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=STATEMENTS)
@pytest.mark.parametrize("table", TABLES)
def test_without_a_cpo_a_statement_raises_even_where_it_would_find_nothing(table: str, statement: str) -> None:
    column = KEYS.get(table, "id")
    with pytest.raises(ProgrammingError, match=NO_CPO):
        rows(statement.format(table=table, column=column))


def test_raw_sql_inside_one_cpo_finds_no_row_of_another(worlds: tuple[World, World]) -> None:
    here, there = worlds
    for table in TABLES:
        whole = f"SELECT md5(string_agg(t::text, ',' ORDER BY t::text)), count(*) FROM {table} AS t"
        with cpo_scope(here.cpo):
            mine = rows(whole)[0]
        with cpo_scope(there.cpo):
            theirs = rows(whole)[0]
        with every_cpo():
            both = rows(f"SELECT count(*) FROM {table}")[0][0]
        assert mine[1] > 0, table
        assert theirs[1] > 0, table
        assert mine[1] + theirs[1] == both
        assert mine[0] != theirs[0]
        with cpo_scope(here.cpo):
            assert rows(whole)[0] == mine


def test_raw_sql_finds_no_row_of_another_cpo_to_write(worlds: tuple[World, World]) -> None:
    here, there = worlds
    with cpo_scope(here.cpo), connection.cursor() as cursor:
        cursor.execute("UPDATE charging_payment SET paid_amount = 1 WHERE cpo_id = %s", [there.cpo.pk])
        assert cursor.rowcount == 0
        cursor.execute("DELETE FROM charging_refund WHERE cpo_id = %s", [there.cpo.pk])
        assert cursor.rowcount == 0
    with cpo_scope(there.cpo):
        assert rows("SELECT paid_amount FROM charging_payment") == [(Decimal("91.4500"),)]
        assert rows("SELECT amount FROM charging_refund") == [(Decimal("91.4500"),)]


WRITES = {
    "give-away": "UPDATE charging_payment SET cpo_id = %s",
    "put-there": "INSERT INTO charging_customerkey (cpo_id, customer_id, hmac_key_id, hmac) "
    "SELECT %s, id, 'k', '' FROM charging_customer LIMIT 1",
    "put-below-theirs": "INSERT INTO offers_customercounter (offer_id, customer_id, uses) "
    "SELECT o.id, c.id, 0 FROM offers_offer o, charging_customer c WHERE o.cpo_id = %s AND c.cpo_id <> o.cpo_id",
}


@pytest.mark.parametrize("statement", WRITES.values(), ids=WRITES)
def test_raw_sql_puts_no_row_into_another_cpo(worlds: tuple[World, World], statement: str) -> None:
    here, there = worlds
    with cpo_scope(here.cpo), pytest.raises(ProgrammingError, match="row-level security"):
        rows(statement, there.cpo.pk)


def test_a_rollback_takes_back_what_the_server_was_told(worlds: tuple[World, World]) -> None:
    here, there = worlds
    whose = "SELECT DISTINCT cpo_id FROM charging_payment"

    def look_and_fail(world: World) -> None:
        with transaction.atomic(), cpo_scope(world.cpo):
            assert rows(whose) == [(world.cpo.pk,)]
            raise ZeroDivisionError

    with cpo_scope(here.cpo):
        assert rows(whose) == [(here.cpo.pk,)]
        with pytest.raises(ZeroDivisionError):
            look_and_fail(there)
        assert rows(whose) == [(here.cpo.pk,)]
    with cpo_scope(there.cpo):
        with pytest.raises(ZeroDivisionError):
            look_and_fail(there)
        assert rows(whose) == [(there.cpo.pk,)]


def test_the_statement_after_a_scope_raises_though_the_connection_lives_on(worlds: tuple[World, World]) -> None:
    here, _ = worlds
    with cpo_scope(here.cpo):
        late = Payment.objects.all()
        assert len(Payment.objects.all()) == 1
        server = rows("SELECT pg_backend_pid()")
    with pytest.raises(ProgrammingError, match=NO_CPO), transaction.atomic():
        list(late)
    assert rows("SELECT pg_backend_pid()") == server
    with pytest.raises(ProgrammingError, match=NO_CPO):
        run_at_once("SELECT %(one)s + count(*) FROM charging_payment", values={"one": 1})


def test_a_request_begins_with_no_cpo_even_for_the_driver(worlds: tuple[World, World]) -> None:
    here, _ = worlds
    with cpo_scope(here.cpo):
        rows("SELECT 1 FROM charging_payment")
    # What Django does between two requests: it asks whether a kept connection still answers.
    connection.health_check_enabled, connection.health_check_done = True, False
    rows("SELECT 1")
    assert connection.connection.execute("SELECT current_setting('portal.cpo')").fetchone() == ("",)


def test_threads_have_tenants_of_their_own() -> None:
    here, there = make_world().cpo, make_world("cpo2.com", item_id="there-01").cpo
    barrier = Barrier(2)
    found: dict[int, set[tuple[Any, ...]]] = {}

    def look(cpo: Cpo) -> None:
        try:
            with cpo_scope(cpo):
                told = set()
                for _ in range(20):
                    barrier.wait(timeout=30)
                    told |= set(rows("SELECT portal_cpo(), count(*) FROM charging_payment"))
                found[cpo.pk] = told
        finally:
            connection.close()

    threads = [Thread(target=look, args=(cpo,)) for cpo in (here, there)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {cpo.pk: {(cpo.pk, 0)} for cpo in (here, there)}


def test_a_row_that_is_led_to_without_a_scope_raises(worlds: tuple[World, World]) -> None:
    here, _ = worlds
    with cpo_scope(here.cpo):
        order = Order.objects.get()
    # A one-to-one relation is read past the scoped manager.
    with pytest.raises(ProgrammingError, match=NO_CPO):
        _ = order.contact.name


ROOT = Path(__file__).parents[2]
#: Statements that go to the driver past the backend; each names no protected table, or tells the tenant first.
PAST_THE_BACKEND = {"beckn/receive.py", "cpo_portal/database/queries.py", "cpo_portal/database/postgresql/base.py"}


def test_nothing_else_goes_past_the_backend_to_the_driver() -> None:
    found = {
        str(path.relative_to(ROOT))
        for room in ("beckn", "offers", "pricing", "cpo_portal")
        for path in (ROOT / room).rglob("*.py")
        if re.search(r"connection\.connection\b|psycopg\.connect|RESET ALL|portal\.cpo", path.read_text())
        and "migrations" not in path.parts
    }
    assert found - {"cpo_portal/runtime/cluster.py"} == PAST_THE_BACKEND
    assert not any(table in (ROOT / "beckn/receive.py").read_text() for table in TABLES)
