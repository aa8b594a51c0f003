"""An order's price explained from select to settlement, and proven again, over the API and by the command."""

from __future__ import annotations

from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from cpo_portal.accounts.models import TokenScope
from cpo_portal.accounts.tenancy import cpo_scope
from offers.models import Quote
from offers.quoting import Buyer, price_session, store_quote
from offers.tasks import settle_stopped
from tests.offers.ordering.conftest import sale
from tests.offers.ordering.sale import Sale
from tests.people import api_client
from tests.world import ask_for, make_offer, make_world

__all__ = ["sale"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def sold(sale: Sale) -> Sale:
    """A sale from select to the bill, with an offer that the session is too small for."""
    make_offer(sale.world.cpo, "rich", display_code="RICH", min_value=Decimal(500))
    now = timezone.now()
    with cpo_scope(sale.world.cpo):
        for transaction_id in ("t-1", "another"):
            priced = price_session(sale.world.connector, ask_for(), now=now)
            store_quote(priced, sale.world.connector, ask_for(), Buyer("bap.example", transaction_id), now=now)
    sale.init()
    sale.pay()
    sale.start(sale.confirm())
    sale.charge(5200)
    settle_stopped()
    return sale


def get(sale: Sale, route: str, scope: TokenScope = TokenScope.STAFF_READ) -> Any:
    return api_client(sale.world.cpo, scope).get(f"/api/orders/{sale.order.pk}/{route}")


def test_an_order_is_explained_from_select_to_settlement(sold: Sale) -> None:
    body = get(sold, "explain").json()
    assert [(x["stage"], x["in_force"], x["total"]) for x in body["quotes"]] == [
        ("SELECT", False, "91.45"),
        ("INIT", True, "91.45"),
        ("SETTLEMENT", False, "94.64"),
    ]
    chosen = [(x["trace"]["chosen"], x["trace"]["certificate"]) for x in body["quotes"]]
    assert chosen == [(["weekend-discount-25"], "PROVEN")] * 3
    why = [offer for offer in body["quotes"][0]["trace"]["offers"] if offer["offer_id"] == "rich"]
    assert [(x["outcome"], x["checks"][-1]["code"], x["checks"][-1]["margin"]) for x in why] == [
        ("INELIGIBLE", "MIN_VALUE", "₹410.00 short")
    ]
    assert [(x["offer_id"], x["state"], x["reserved"], x["committed"], x["reversed"]) for x in body["held"]] == [
        ("weekend-discount-25", "COMMITTED", "22.50", "23.40", "0.00")
    ]
    assert [(x["kind"], x["amount"], x["uses"]) for x in body["ledger"]] == [
        ("RESERVE", "22.50", 1),
        ("COMMIT", "23.40", 0),
    ]


def test_every_price_of_the_order_is_proven_again(sold: Sale) -> None:
    body = get(sold, "proof").json()
    assert [(x["stage"], x["verdict"], x["stored_engine"], x["engine"]) for x in body["quotes"]] == [
        ("SELECT", "IDENTICAL", "1.5", "1.5"),
        ("INIT", "IDENTICAL", "1.5", "1.5"),
        ("SETTLEMENT", "IDENTICAL", "1.5", "1.5"),
    ]


def test_a_price_that_differs_names_the_engines_and_the_lines(sold: Sale) -> None:
    spoil(sold)
    (proven,) = [x for x in get(sold, "proof").json()["quotes"] if x["verdict"] == "DIFFERS"]
    assert (proven["stage"], proven["stored_engine"], proven["engine"]) == ("SETTLEMENT", "0.9", "1.5")
    assert [(x["what"], x["name"], x["stored"], x["now"]) for x in proven["differences"]] == [
        ("LINE", "FEE-1", "Service Fee: 9.00 INR", "Service Fee: 10.00 INR")
    ]


def spoil(sale: Sale) -> None:
    """Let the bill say that another engine printed another fee."""
    with cpo_scope(sale.world.cpo):
        bill = Quote.objects.get(is_bill=True)
        next(line for line in bill.lines if line["kind"] == "FEE")["amount"]["amount"] = "9.00"
        bill.engine_version = "0.9"
        bill.save(update_fields=["lines", "engine_version"])


@pytest.mark.parametrize("route", ["explain", "proof"])
@pytest.mark.parametrize("key", ["5f9b1a1e-6d0c-4c8e-9b57-0c5d2c1f7a11", "nonsense", "0"])
def test_what_is_no_order_of_the_cpo_is_not_found(sale: Sale, route: str, key: str) -> None:
    answer = api_client(sale.world.cpo).get(f"/api/orders/{key}/{route}")
    assert (answer.status_code, answer.json()["error"]["message"]) == (
        404,
        "You have no such order: copy the id from its page.",
    )


def test_an_outsider_finds_no_order(sold: Sale) -> None:
    outsider = api_client(make_world("cpo2.com", item_id="there-01").cpo)
    for route in ("explain", "proof"):
        assert outsider.get(f"/api/orders/{sold.order.pk}/{route}").status_code == 404


def reproved(*arguments: str) -> list[str]:
    out = StringIO()
    call_command("reprove", *arguments, stdout=out)
    return out.getvalue().splitlines()


def test_the_command_proves_all_quotes_and_bills_of_a_cpo_or_a_time(sold: Sale) -> None:
    assert reproved() == ["4 of 4 quotes and bills proven: IDENTICAL by engine 1.5."]
    assert reproved("--cpo", "cpo1.com", "--bills") == ["1 of 1 quotes and bills proven: IDENTICAL by engine 1.5."]
    assert reproved("--until", "2026-01-01") == ["0 of 0 quotes and bills proven: IDENTICAL by engine 1.5."]
    assert reproved("--since", "2026-01-01") == ["4 of 4 quotes and bills proven: IDENTICAL by engine 1.5."]


def test_the_command_fails_and_names_what_differs(sold: Sale) -> None:
    spoil(sold)
    out = StringIO()
    with pytest.raises(CommandError, match=r"^1 of 4 quotes and bills differ\.$"):
        call_command("reprove", stdout=out)
    with cpo_scope(sold.world.cpo):
        bill = Quote.objects.get(is_bill=True)
    assert out.getvalue().splitlines() == [
        f"cpo1.com: bill {bill.pk} of order {sold.order.pk} DIFFERS (engine 0.9 → 1.5)",
        "  LINE FEE-1: Service Fee: 9.00 INR → Service Fee: 10.00 INR",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--cpo", "nobody.com"), "There is no CPO with the provider id nobody.com."),
        (
            ("--since", "yesterday"),
            "Error: argument --since: write 'yesterday' as 2026-01-31 or 2026-01-31T18:00+05:30.",
        ),
    ],
)
def test_the_command_refuses_what_it_does_not_understand(arguments: tuple[str, ...], message: str, db: None) -> None:
    with pytest.raises(CommandError) as refused:
        reproved(*arguments)
    assert str(refused.value) == message
