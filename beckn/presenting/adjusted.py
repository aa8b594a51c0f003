"""A sale after its bill as buyer apps are told: offers taken back, what is then owed, and exchanges returned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from beckn.protocol.order_views import ExchangeView, SettlementView, TrailView
from cpo_portal.charging.models import Order, PaymentStatus, PaymentType
from offers.engine.values import OfferOutcome, OfferTrace
from offers.models import Adjustment, AdjustmentKind
from pricing.engine.money import Money, zero

#: Why a driver is asked for money after charging.
ASKED = {
    PaymentType.POST_FULFILLMENT: "The session cost more than was paid.",
    PaymentType.RECOVERY: "An offer was taken back after the bill.",
}


def payment_type(internal: str) -> str:
    """Return Beckn's word for when a payment is due."""
    return PaymentType.POST_FULFILLMENT.value if internal == PaymentType.RECOVERY else internal


def shortfalls(order: Order) -> list[SettlementView]:
    """Return what the driver is asked for after charging and has not paid yet."""
    owed = order.payments.filter(type__in=ASKED, status=PaymentStatus.NOT_PAID).order_by("created_at")
    return [
        SettlementView("SHORTFALL", Money(x.amount, x.currency), ASKED[PaymentType(x.type)], status="DUE") for x in owed
    ]


def trail_of(order: Order) -> tuple[TrailView, ...]:
    """Return what was taken back of the order's offers, in the order in which it was; products by units, at 0."""
    rows = Adjustment.objects.filter(order=order, kind=AdjustmentKind.TAKEN_BACK).order_by("pk")
    found: list[TrailView] = []
    for row in rows.select_related("redemption__offer"):
        offer = row.redemption.offer.offer_id if row.redemption else ""
        money = zero(row.currency) if row.items else Money(row.amount, row.currency)
        view = TrailView(offer, money, row.reason)
        found += [replace(view, item_id=x["item_id"], units=x["units"]) for x in row.items] or [view]
    return tuple(found)


def exchanges_of(order: Order) -> tuple[ExchangeView, ...]:
    """Return what was valued of the order's exchanges, and where it went."""
    rows = Adjustment.objects.filter(order=order, kind=AdjustmentKind.EXCHANGE_VALUED).order_by("pk")
    return tuple(
        ExchangeView(
            row.redemption.offer.offer_id if row.redemption else "",
            Money(row.amount, row.currency),
            "prepaid-balance" if row.balance_id else "refund",
            row.reason,
        )
        for row in rows.select_related("redemption__offer")
    )


def net_trace(trace: OfferTrace, taken: Mapping[str, Decimal]) -> OfferTrace:
    """Return the trace with the savings that are left after so much was taken back of each offer, by its id."""
    return replace(trace, outcomes=tuple(_net(x, taken) for x in trace.outcomes)) if taken else trace


def _net(outcome: OfferOutcome, taken: Mapping[str, Decimal]) -> OfferOutcome:
    less = taken.get(outcome.offer_id, Decimal(0))
    left = Money(outcome.saving.amount - less, outcome.saving.currency).rounded()
    return replace(outcome, saving=left) if less else outcome
