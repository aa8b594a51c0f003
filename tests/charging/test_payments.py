"""What a payment gateway reports: paid once, and every other report answered without harm."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from cpo_portal.accounts.tenancy import cpo_scope, every_cpo
from cpo_portal.charging.models import GatewayNotice, Order, Payment, PaymentGateway
from cpo_portal.charging.payments.notices import signature_of
from cpo_portal.charging.payments.reports import NoticeResult, create_gateway, record_notice, rotate_secret
from cpo_portal.charging.refusals import ChargingRefusal
from tests.charging.sales import Sale, events, everything, make_sale
from tests.network.places import Net
from tests.processes import run_at_once

pytestmark = pytest.mark.django_db

PAY_URL = "https://pay.example/?t=$transaction_id&a=$amount"


class Till:
    """A CPO's gateway, and the gateway's side of it: signs and sends."""

    def __init__(self, net: Net) -> None:
        self.gateway, self.secret = create_gateway(net.cpo, name="Gateway", pay_url=PAY_URL)

    def send(self, body: Any, *, now: datetime, secret: str = "", signature: str | None = None) -> NoticeResult:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        header = signature_of(raw, (secret or self.secret).encode()) if signature is None else signature
        return record_notice(self.gateway, raw, header, now=now)


@pytest.fixture
def till(net: Net) -> Till:
    return Till(net)


@pytest.fixture
def placed(net: Net) -> Sale:
    """An order that waits for its payment."""
    return make_sale(net, state="INITIALISED", start_authorized_at=None, confirmed_at=None)


def notice(sale: Sale, **changes: Any) -> dict[str, Any]:
    body = {
        "event_id": "evt-1",
        "payment_id": str(sale.payment.pk),
        "status": "PAID",
        "amount": "91.45",
        "currency": "INR",
        "reference": "upi-77",
    } | changes
    return {key: value for key, value in body.items() if value is not None}


def paid(sale: Sale) -> tuple[str, Decimal, str]:
    with every_cpo():
        row = Payment.objects.get(pk=sale.payment.pk)
    return row.status, row.paid_amount, row.gateway_reference


def detail(sale: Sale, *, late: bool = False) -> dict[str, Any]:
    return {"payment_id": str(sale.payment.pk), "amount": "91.45", "currency": "INR", "late": late}


@pytest.mark.parametrize("by", ["payment_id", "transaction_id"])
def test_a_payment_is_noted_once(till: Till, placed: Sale, by: str) -> None:
    named = {} if by == "payment_id" else {"payment_id": None, "transaction_id": placed.order.transaction_id}
    body = notice(placed, **named)
    first = till.send(body, now=placed.now)
    assert (first.outcome, first.payment_id, first.replayed) == ("PAID", placed.payment.pk, False)
    assert paid(placed) == ("PAID", Decimal("91.45"), "upi-77")
    assert events(placed.order) == [("PAYMENT_REPORTED", detail(placed))]
    with every_cpo():
        assert Order.objects.get().payment_until == placed.now + timedelta(hours=1)
    before = everything()
    again = till.send(body, now=placed.now + timedelta(days=1))
    assert (again.outcome, again.payment_id, again.replayed) == ("PAID", placed.payment.pk, True)
    assert everything() == before


@pytest.mark.parametrize(
    ("outcome", "changes"),
    [
        ("WRONG_AMOUNT", {"amount": "91.44"}),
        ("WRONG_AMOUNT", {"amount": "9145"}),
        ("WRONG_CURRENCY", {"currency": "USD"}),
        ("NOT_PAID", {"status": "FAILED"}),
        ("NOT_PAID", {"status": "PENDING"}),
        ("NOT_PAID", {"amount": "0"}),
    ],
)
def test_what_is_no_payment_is_kept_and_pays_nothing(
    till: Till, placed: Sale, outcome: str, changes: dict[str, Any]
) -> None:
    before = everything()
    assert till.send(notice(placed, **changes), now=placed.now).outcome == outcome
    after = everything()
    kept = after.pop("GatewayNotice")
    assert [(row["event_id"], row["outcome"], row["payment_id"]) for row in kept] == [
        ("evt-1", outcome, placed.payment.pk)
    ]
    noted = [row["kind"] for row in after.pop("OrderEvent")]
    assert noted == ([] if outcome == "NOT_PAID" else ["PAYMENT_UNASKED"])
    assert after == {name: rows for name, rows in before.items() if name in after}
    assert till.send(notice(placed, event_id="evt-2"), now=placed.now).outcome == "PAID"


@pytest.mark.parametrize(
    ("outcome", "changes", "kept"),
    [
        ("WRONG_AMOUNT", {"amount": "9145.5"}, ("9145.5000", "INR", "upi-78")),
        ("WRONG_CURRENCY", {"currency": "USD"}, ("91.4500", "USD", "upi-78")),
        ("WRONG_CURRENCY", {"currency": "x" * 100}, ("91.4500", "x" * 100, "upi-78")),
        ("NOT_PAID", {"status": "FAILED", "reference": None}, ("91.4500", "INR", "")),
        ("PAID", {}, ("91.4500", "INR", "upi-78")),
    ],
)
def test_what_was_received_is_kept_whatever_came_of_it(
    till: Till, placed: Sale, outcome: str, changes: dict[str, Any], kept: tuple[str, str, str]
) -> None:
    assert till.send(notice(placed, **({"reference": "upi-78"} | changes)), now=placed.now).outcome == outcome
    with every_cpo():
        row = GatewayNotice.objects.get()
    assert (str(row.received_amount), row.received_currency, row.reference) == kept


def test_money_that_came_twice_is_kept_with_its_own_reference(till: Till, placed: Sale, net: Net) -> None:
    till.send(notice(placed), now=placed.now)
    till.send(notice(placed, event_id="evt-2", reference="upi-78"), now=placed.now)
    second = make_sale(net, state="INITIALISED", connector=net.connectors[1])
    till.send(notice(second, event_id="evt-3"), now=second.now)
    with every_cpo():
        kept = list(GatewayNotice.objects.order_by("id").values_list("outcome", "reference", "received_amount"))
    assert kept == [
        ("PAID", "upi-77", Decimal("91.45")),
        ("ALREADY_PAID", "upi-78", Decimal("91.45")),
        ("REFERENCE_USED", "upi-77", Decimal("91.45")),
    ]


@pytest.mark.parametrize(("length", "refused"), [(255, False), (256, True)])
def test_a_payment_is_named_by_the_longest_transaction(till: Till, net: Net, length: int, refused: bool) -> None:
    longest = make_sale(net, state="INITIALISED", transaction_id="t" * 255)
    body = notice(longest, payment_id=None, transaction_id="t" * length)
    if not refused:
        assert till.send(body, now=longest.now).outcome == "PAID"
        return
    with pytest.raises(ChargingRefusal, match="1 to 255 printable"):
        till.send(body, now=longest.now)


@pytest.mark.parametrize("amount", ["91.450", "91.4500", 91.45])
def test_the_amount_is_compared_as_a_number(till: Till, placed: Sale, amount: Any) -> None:
    assert till.send(notice(placed, amount=amount), now=placed.now).outcome == "PAID"


def test_paid_twice_is_noted_and_changes_no_payment(till: Till, placed: Sale) -> None:
    till.send(notice(placed), now=placed.now)
    once = paid(placed)
    assert till.send(notice(placed, event_id="evt-2", reference="upi-78"), now=placed.now).outcome == "ALREADY_PAID"
    assert paid(placed) == once
    unasked = {"outcome": "ALREADY_PAID", "amount": "91.45", "currency": "INR"}
    with every_cpo():
        notice_id = GatewayNotice.objects.get(event_id="evt-2").pk
    assert events(placed.order)[1:] == [("PAYMENT_UNASKED", {"notice": notice_id} | unasked)]
    with every_cpo():
        outcomes = list(GatewayNotice.objects.order_by("id").values_list("outcome", flat=True))
    assert outcomes == ["PAID", "ALREADY_PAID"]


def test_no_money_that_is_reported_after_the_payment_is_none_that_comes_back(till: Till, placed: Sale) -> None:
    till.send(notice(placed), now=placed.now)
    once = events(placed.order)
    nothing = notice(placed, event_id="evt-2", reference="upi-78", amount="0.00")
    assert till.send(nothing, now=placed.now).outcome == "NOT_PAID"
    assert events(placed.order) == once
    # Its reference stands for no money that was reported before.
    money = notice(placed, event_id="evt-3", reference="upi-78", amount="0.01")
    assert till.send(money, now=placed.now).outcome == "ALREADY_PAID"
    with every_cpo():
        notice_id = GatewayNotice.objects.get(event_id="evt-3").pk
    unasked = {"notice": notice_id, "outcome": "ALREADY_PAID", "amount": "0.01", "currency": "INR"}
    assert events(placed.order)[len(once) :] == [("PAYMENT_UNASKED", unasked)]


def test_a_reference_pays_for_one_thing(till: Till, placed: Sale, net: Net) -> None:
    till.send(notice(placed), now=placed.now)
    second = make_sale(net, state="INITIALISED", connector=net.connectors[1])
    assert till.send(notice(second, event_id="evt-2"), now=second.now).outcome == "REFERENCE_USED"
    assert paid(second) == ("NOT-PAID", Decimal(0), "")
    assert events(second.order) == []


def test_an_event_with_another_body_is_refused(till: Till, placed: Sale) -> None:
    till.send(notice(placed, amount="1"), now=placed.now)
    before = everything()
    with pytest.raises(ChargingRefusal) as refusal:
        till.send(notice(placed), now=placed.now)
    assert refusal.value.code == "EVENT_REUSED"
    assert everything() == before


def test_before_init_it_is_answered_and_found_later(till: Till, net: Net) -> None:
    transaction = str(uuid.uuid4())
    early = {"event_id": "evt-1", "transaction_id": transaction, "status": "PAID", "amount": "91.45", "currency": "INR"}
    now = datetime(2026, 1, 5, tzinfo=UTC)
    before = everything()
    assert till.send(early, now=now).outcome == "UNKNOWN_PAYMENT"
    assert everything() == before
    placed = make_sale(net, state="INITIALISED", transaction_id=transaction)
    assert till.send(early, now=placed.now).outcome == "PAID"


@pytest.mark.parametrize("state", ["INITIALISED", "CANCELLED"])
def test_late_money_is_noted_and_buys_no_time(till: Till, net: Net, state: str) -> None:
    late = make_sale(net, state=state)
    with cpo_scope(net.cpo):
        Order.objects.filter(pk=late.order.pk).update(payment_until=late.now - timedelta(seconds=1))
    assert till.send(notice(late), now=late.now).outcome == "PAID"
    assert paid(late)[0] == "PAID"
    assert events(late.order) == [("PAYMENT_REPORTED", detail(late, late=True))]
    with every_cpo():
        order = Order.objects.get()
    assert (order.state, order.payment_until) == (state, late.now - timedelta(seconds=1))


def test_two_apps_with_one_transaction_id(till: Till, placed: Sale, net: Net) -> None:
    make_sale(net, bap_id="other.example", transaction_id=placed.order.transaction_id, connector=net.connectors[1])
    before = everything()
    body = notice(placed, payment_id=None, transaction_id=placed.order.transaction_id)
    assert till.send(body, now=placed.now).outcome == "UNKNOWN_PAYMENT"
    assert everything() == before


def test_a_new_order_of_a_transaction_comes_before_a_cancelled_one(till: Till, net: Net) -> None:
    gone = make_sale(net, state="CANCELLED")
    fresh = make_sale(net, state="INITIALISED", transaction_id=gone.order.transaction_id)
    body = notice(gone, payment_id=None, transaction_id=gone.order.transaction_id)
    assert till.send(body, now=fresh.now).payment_id == fresh.payment.pk


@pytest.mark.parametrize(
    "signature",
    [
        pytest.param("", id="none"),
        pytest.param("sha256=", id="empty"),
        pytest.param("sha256=" + "0" * 64, id="wrong"),
        pytest.param("é" * 71, id="no ASCII"),
    ],
)
def test_an_unsigned_report_changes_nothing(till: Till, placed: Sale, signature: str) -> None:
    before = everything()
    with pytest.raises(ChargingRefusal) as refusal:
        till.send(notice(placed), now=placed.now, signature=signature)
    assert refusal.value.code == "BAD_SIGNATURE"
    assert everything() == before


def test_another_cpos_gateway_knows_none_of_it(till: Till, placed: Sale, other: Net) -> None:
    stranger, before = Till(other), everything()
    assert stranger.send(notice(placed), now=placed.now).outcome == "UNKNOWN_PAYMENT"
    with pytest.raises(ChargingRefusal, match="X-Signature"):
        till.send(notice(placed), now=placed.now, secret=stranger.secret)
    assert everything() == before


def test_a_new_secret_ends_the_old_one(till: Till, placed: Sale) -> None:
    old, new = till.secret, rotate_secret(till.gateway)
    with every_cpo():
        kept = PaymentGateway.objects.select_related("cpo").get()
    assert new.encode() not in bytes(kept.sealed_secret)
    till.gateway = kept
    with pytest.raises(ChargingRefusal, match="X-Signature"):
        till.send(notice(placed), now=placed.now, secret=old)
    assert till.send(notice(placed), now=placed.now, secret=new).outcome == "PAID"


def test_a_time_of_payment_that_cannot_be_is_not_believed(till: Till, placed: Sale) -> None:
    till.send(notice(placed, paid_at="0001-01-01T00:00:00+05:30"), now=placed.now + timedelta(minutes=3))
    with every_cpo():
        assert Payment.objects.get().paid_at == placed.now + timedelta(minutes=3)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff", id="no UTF-8"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"[" * 5_000, id="too deep"),
        pytest.param(b'{"a": NaN}', id="NaN"),
        pytest.param(b'{"event_id": "a", "event_id": "b"}', id="a key twice"),
        pytest.param(b'{"x": "' + b"y" * 20_000 + b'"}', id="too long"),
        pytest.param({"event_id": None}, id="no event id"),
        pytest.param({"event_id": 5}, id="event id is no text"),
        pytest.param({"event_id": "x" * 101}, id="event id is too long"),
        pytest.param({"event_id": "a\0b"}, id="NUL"),
        pytest.param({"event_id": "\ud800"}, id="lone surrogate"),
        pytest.param({"payment_id": None}, id="names no payment"),
        pytest.param({"payment_id": "42"}, id="payment id is no uuid"),
        pytest.param({"status": "paid"}, id="unknown status"),
        pytest.param({"amount": "-91.45"}, id="negative"),
        pytest.param({"amount": "1e400"}, id="exponent"),
        pytest.param({"amount": "91,45"}, id="comma"),
        pytest.param({"amount": True}, id="a truth"),
        pytest.param({"amount": None}, id="no amount"),
        pytest.param({"paid_at": "2025-01-04T18:30:00"}, id="time without offset"),
        pytest.param({"paid_at": "yesterday"}, id="no time"),
    ],
)
def test_a_malformed_notice_is_explained(till: Till, placed: Sale, body: Any) -> None:
    before = everything()
    with pytest.raises(ChargingRefusal) as refusal:
        till.send(body if isinstance(body, bytes) else notice(placed, **body), now=placed.now)
    assert refusal.value.code == "INVALID_NOTICE"
    assert everything() == before


@pytest.mark.django_db(transaction=True)
def test_one_event_eight_times_at_once_and_seven_others(till: Till, placed: Sale) -> None:
    def report(number: int) -> tuple[str, bool]:
        body = notice(placed, event_id=f"evt-{number % 4}", reference="upi-77")
        result = till.send(body, now=placed.now)
        return result.outcome.value, result.replayed

    counted = Counter(run_at_once(8, report))
    assert sum(counted.values()) == 8
    assert counted["PAID", False] == 1
    assert counted["ALREADY_PAID", False] == 3
    assert counted["PAID", True] + counted["ALREADY_PAID", True] == 4
    assert len(events(placed.order)) == 1


@pytest.mark.django_db(transaction=True)
def test_one_event_id_for_two_payments_at_once(till: Till, placed: Sale, net: Net) -> None:
    sales = [placed, make_sale(net, state="INITIALISED", connector=net.connectors[1])]

    def report(number: int) -> str:
        try:
            return till.send(notice(sales[number], reference=f"upi-{number}"), now=placed.now).outcome.value
        except ChargingRefusal as refusal:
            return refusal.code.value

    assert sorted(run_at_once(2, report)) == ["EVENT_REUSED", "PAID"]
    assert sorted(paid(sale)[0] for sale in sales) == ["NOT-PAID", "PAID"]
