"""What a receipt says: the bill as it was printed, its slices, tax and payments, and what was changed since."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from cpo_portal.charging.balances.holds import taken_by
from cpo_portal.charging.balances.units import ENERGY
from cpo_portal.charging.models import (
    ChargingSession,
    LineStage,
    Order,
    OrderLine,
    OrderState,
    PaymentStatus,
    PricedSlice,
    RefundStatus,
)
from offers.models import Adjustment, AdjustmentKind, BillTax, Quote
from offers.ordering.adjusting import units_text
from offers.ordering.orders import read_quote
from offers.public.support import Contact, support_of
from offers.receipts.slices import Surcharged
from offers.receipts.surcharges import Explained, explained
from offers.receipts.tax import DOUBT, billing_of, is_doubtful
from pricing.engine.describe import QUALITIES
from pricing.engine.values import LineKind, SliceQuality
from pricing.engine.wording import energy_text, moment_text, money_text, plain_number
from pricing.supply import STATES, read_gstin


@dataclass(frozen=True, slots=True)
class Row:
    """A printed line: its words and its amount."""

    title: str
    amount: str


@dataclass(frozen=True, slots=True)
class Slice:
    """A stretch of the session at one price."""

    time: str
    energy: str
    rate: str
    quality: str
    surcharges: str


@dataclass(frozen=True, slots=True)
class ReceiptPage:
    """All words of the page."""

    provider: str
    gstin: str
    order: str
    issued: str
    buyer: tuple[str, ...]
    doubt: str
    facts: tuple[Row, ...]
    slices: tuple[Slice, ...]
    lines: tuple[Row, ...]
    total: str
    saved: str
    tax: tuple[Row, ...]
    paid: tuple[Row, ...]
    since: tuple[Row, ...]
    surcharges: tuple[Explained, ...]
    support: tuple[Contact, ...]


def receipt_page(order: Order) -> ReceiptPage | None:
    """Return the receipt of a billed order, None while it has no bill; inside its CPO's scope."""
    if order.state != OrderState.COMPLETE or order.settled_at is None:
        return None
    bill = Quote.objects.get(order=order, is_bill=True)
    location = order.connector.charger.location
    zone = ZoneInfo(location.time_zone)
    tax, billing = BillTax.objects.filter(order=order).first(), billing_of(order)
    lines = list(OrderLine.objects.filter(order=order, stage=LineStage.BILLED).order_by("position"))
    saved = -sum((line.amount for line in lines if line.kind == LineKind.DISCOUNT), Decimal(0))
    return ReceiptPage(
        provider=order.cpo.name,
        gstin=tax.gstin if tax is not None else "",
        order=str(order.pk),
        issued=moment_text(order.settled_at.astimezone(zone)),
        buyer=_buyer(billing),
        doubt=f"{DOUBT}: compare it, and tell {order.cpo.name} the right one." if tax and is_doubtful(billing) else "",
        facts=tuple(_facts(order, bill, zone)),
        slices=tuple(_slices(order, bill, zone)),
        lines=tuple(Row(line.title, money_text(line.amount, line.currency)) for line in lines),
        total=money_text(bill.total, bill.currency),
        saved=money_text(saved, bill.currency) if saved else "",
        tax=tuple(tax_rows(tax, bill.currency)) if tax is not None else (),
        paid=tuple(_paid(order, zone)),
        since=tuple(_since(order, zone)),
        surcharges=explained(bill, order.cpo.provider_id),
        support=support_of(order.cpo),
    )


def _buyer(billing: dict[str, Any]) -> tuple[str, ...]:
    """Return who was billed, as the buyer app wrote it, and whose tax id is a GSTIN; nothing of who was forgotten."""
    number = billing.get("tax_id") or ""
    gstin = read_gstin(number)
    tax_id = f"GSTIN {gstin}" if gstin else number and f"Tax id {number}"
    said = (billing.get("organization"), billing.get("name"), billing.get("address"), tax_id)
    return tuple(str(x) for x in said if x)


def _facts(order: Order, bill: Quote, zone: ZoneInfo) -> Iterator[Row]:
    location = order.connector.charger.location
    yield Row("Station", ", ".join(x for x in (location.name, location.address) if x))
    yield Row("Connector", order.connector.item_id)
    session = ChargingSession.objects.filter(order=order).first()
    if session is not None:
        ends = f" to {_clock(session.stopped_at, zone)}" if session.stopped_at is not None else ""
        yield Row("Session", f"{moment_text(session.started_at.astimezone(zone))}{ends}")
    yield Row("Energy", energy_text(bill.energy_wh))


def _slices(order: Order, bill: Quote, zone: ZoneInfo) -> Iterator[Slice]:
    stored = read_quote(bill)
    surcharged = Surcharged(stored.terms, stored.lines)
    for part in PricedSlice.objects.filter(order=order).order_by("position"):
        yield Slice(
            f"{_clock(part.starts_at, zone)}–{_clock(part.ends_at, zone)}",
            energy_text(part.energy_wh),
            f"{money_text(part.rate, part.currency)}/kWh",
            QUALITIES[SliceQuality(part.quality)],
            surcharged.names(part),
        )


def tax_rows(tax: BillTax, currency: str) -> Iterator[Row]:
    """Yield how the tax of a bill is divided."""
    rate = plain_number(tax.rate)
    yield Row("Taxable value", money_text(tax.taxable, currency))
    within_state = tax.place_of_supply == tax.gstin[:2]
    halves = ((f"CGST {rate} %", tax.cgst), (f"SGST {rate} %", tax.sgst))
    parts = halves if within_state else ((f"IGST {rate} %", tax.igst),)
    for title, amount in parts:
        yield Row(title, money_text(amount, currency))
    if tax.round_off:
        yield Row("Round-off", money_text(tax.round_off, currency))
    if tax.sac_code:
        yield Row("SAC", tax.sac_code)
    yield Row("Place of supply", f"{STATES.get(tax.place_of_supply, tax.place_of_supply)} ({tax.place_of_supply})")


def _paid(order: Order, zone: ZoneInfo) -> Iterator[Row]:
    if drawn := taken_by(order):
        yield Row("Paid from the prepaid balance", money_text(drawn, order.currency))
    if energy := taken_by(order, ENERGY):
        yield Row("Drawn from the subscription", energy_text(int(energy)))
    for payment in order.payments.order_by("created_at"):
        if payment.status == PaymentStatus.PAID and payment.paid_amount:
            on = f" on {moment_text(payment.paid_at.astimezone(zone))}" if payment.paid_at else ""
            yield Row(f"Paid{on}", money_text(payment.paid_amount, payment.currency))
        elif payment.status == PaymentStatus.NOT_PAID and payment.amount:
            yield Row("Still to pay", money_text(payment.amount, payment.currency))
    for refund in order.refunds.exclude(status=RefundStatus.VOID).order_by("created_at"):
        done = "Paid back" if refund.paid_at else "To be paid back"
        yield Row(f"{done}: {refund.description}", money_text(refund.amount, refund.currency))


def _since(order: Order, zone: ZoneInfo) -> Iterator[Row]:
    """Yield what was changed after the bill, which stays as it was printed."""
    for row in Adjustment.objects.filter(order=order).order_by("pk"):
        kind = AdjustmentKind(row.kind).label
        what = f"{kind} on {moment_text(row.at.astimezone(zone))}: {row.reason}"
        yield Row(what, units_text(row.items) if row.items else money_text(row.amount, row.currency))


def _clock(instant: datetime | None, zone: ZoneInfo) -> str:
    return f"{instant.astimezone(zone):%H:%M}" if instant is not None else ""
