"""Cancel: by the buyer, by the CPO, or because a promise could not be kept; refund by the CPO's terms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cpo_portal.charging.balances.units import ENERGY, in_words
from cpo_portal.charging.events import record_event
from cpo_portal.charging.models import EventKind, FulfillmentState, Order, OrderState, Refund, RefundTerm
from offers import ledger
from offers.ordering.orders import lock_order
from offers.ordering.owed import WITHIN, Owed, owe
from offers.ordering.prepaid import give_back, paid_in_all
from offers.refusals import Refusal, RefusalKind
from pricing.engine import refunds
from pricing.engine.money import Money, zero


class CancelledBy(StrEnum):
    """Who gave the order up, as Beckn says it."""

    CONSUMER = "CONSUMER"
    PROVIDER = "PROVIDER"


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The cancelled order and what comes back, by the gateway and to the prepaid balance."""

    order: Order
    refund: Money
    credit: Money
    description: str


def cancel(order: Order, *, by: CancelledBy, reason: str, now: datetime, reason_id: str = "") -> Cancelled:
    """Cancel an order that has not started. A CPO's own cancellation pays everything back, whatever the terms say."""
    order = lock_order(order)
    if order.state == OrderState.CANCELLED:
        return Cancelled(order, _refunded(order), zero(order.currency), "This order was cancelled before.")
    if order.state == OrderState.COMPLETE or order.fulfillment_state == FulfillmentState.COMPLETED:
        raise Refusal(RefusalKind.CANCELLATION_NOT_POSSIBLE, "The session is completed; it cannot be cancelled.")
    if order.fulfillment_state != FulfillmentState.PENDING:
        raise Refusal(
            RefusalKind.CANCELLATION_NOT_POSSIBLE,
            "The session is running and cannot be cancelled; send update stop-charging: it is billed by what was "
            "delivered, and the rest of the payment comes back.",
        )
    # A charger that is out of order is no fault of the driver's.
    broken = order.charger_failed_at is not None
    if by is CancelledBy.PROVIDER or order.state == OrderState.INITIALISED or broken:
        decision = refunds.RefundDecision(paid_in_all(order), None)
    else:
        decision = _by_the_terms(order, now)
    return _close(order, by, reason, decision, now=now, reason_id=reason_id)


def cancel_no_show(order: Order, *, now: datetime) -> Cancelled:
    """Cancel an order, locked by the caller, whose driver did not come in time; the refund terms decide."""
    decision = _by_the_terms(order, now)
    return _close(order, CancelledBy.PROVIDER, "The driver did not start in time.", decision, now=now)


def cancel_unmet(order: Order, reason: str, *, now: datetime) -> None:
    """Cancel an order, locked by the caller, whose promise cannot be kept: everything paid comes back."""
    _close(order, CancelledBy.PROVIDER, reason, refunds.RefundDecision(paid_in_all(order), None), now=now)


def terms_of(cpo_id: int) -> tuple[refunds.RefundTerm, ...]:
    """Return the CPO's refund terms in a session's order, the longest notice first; none: nothing comes back."""
    stages = list(FulfillmentState.values)
    rows = sorted(RefundTerm.objects.filter(cpo=cpo_id), key=lambda row: stages.index(row.fulfillment_state))
    return tuple(
        refunds.RefundTerm(
            fulfillment_state=row.fulfillment_state,
            notice_minutes=row.notice_minutes,
            eligible=row.refund_eligible,
            percent=row.percent,
            amount=row.amount,
            within=timedelta(minutes=row.within_minutes),
            description=row.description,
        )
        for row in rows
    )


def _by_the_terms(order: Order, now: datetime) -> refunds.RefundDecision:
    """Return what the CPO's terms give back now. A charger that was told to start counts as charging."""
    started = order.start_authorized_at is not None
    state = FulfillmentState.ACTIVE.value if started else order.fulfillment_state
    # Notice is given before the start; a session that was told to start has none to give.
    notice = max(order.planned_start - now, timedelta(0)) if started else order.planned_start - now
    return refunds.decide_refund(terms_of(order.cpo_id), paid=paid_in_all(order), state=state, notice=notice)


def _close(
    order: Order, by: CancelledBy, reason: str, decision: refunds.RefundDecision, *, now: datetime, reason_id: str = ""
) -> Cancelled:
    paid = paid_in_all(order)
    back = give_back(order, paid - decision.amount, now=now)
    ledger.release(order, now=now, reference="cancel")
    order.state, order.cancelled_at = OrderState.CANCELLED, now
    order.cancelled_by, order.cancellation_reason = by.value, reason[:300]
    order.save(update_fields=["state", "cancelled_at", "cancelled_by", "cancellation_reason"])
    term = decision.term
    nothing, everything = "By the refund terms nothing comes back.", "Everything that was paid comes back."
    nothing = nothing if paid else "Nothing was paid, so nothing comes back."
    description = (term.description if term and paid else "") or (everything if decision.amount else nothing)
    if back.credit:
        description = f"{description} {back.credit} went back to the prepaid balance."
    if back.energy:
        description = f"{description} {in_words(back.energy, ENERGY)} went back to the subscription."
    record_event(
        order,
        EventKind.CANCELLED,
        occurred_at=now,
        detail={"by": by.value, "reason_id": reason_id, "refund": f"{back.cash.amount:f}"}
        | ({"prepaid": f"{back.credit.amount:f}"} if back.credit else {})
        | ({"energy_wh": back.energy} if back.energy else {}),
    )
    if back.cash:
        within = WITHIN if term is None or term.within is None else term.within
        owe(order, Owed("CANCELLATION", back.cash, description, now + within), now=now)
    return Cancelled(order, back.cash, back.credit, description)


def _refunded(order: Order) -> Money:
    refund = Refund.objects.filter(order=order, reason="CANCELLATION").first()
    return Money(refund.amount, refund.currency).rounded() if refund else zero(order.currency)
