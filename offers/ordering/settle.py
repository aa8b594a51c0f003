"""Settle: a stopped session becomes a bill by the locked terms, and the ledger is committed with what was given."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import F, Q

from cpo_portal.charging.events import record_event
from cpo_portal.charging.models import (
    ChargingSession,
    EventKind,
    FulfillmentState,
    LineStage,
    Order,
    OrderState,
    Payment,
    PaymentType,
    PricedSlice,
)
from cpo_portal.charging.sessions.reports import delivered_wh
from cpo_portal.network.models import CHARGING_CATEGORY
from offers import holdings, ledger
from offers.engine.giving import goods_of
from offers.engine.proof import LockedContext
from offers.engine.step import LockedStep
from offers.engine.values import OfferTrace, Outcome
from offers.models import Offer, Quote, Redemption, RedemptionState
from offers.ordering import pools, prepaid
from offers.ordering.cancel import cancel_unmet
from offers.ordering.orders import lock_order, paid_for, quote_of, write_lines
from offers.ordering.owed import WITHIN, Owed, owe
from offers.proofs import proof_of_bill
from offers.quoting import write_quote
from offers.receipts.tax import divide_tax
from offers.referrals import coming
from pricing.engine import values as engine
from pricing.engine.money import Money
from pricing.engine.price import price
from pricing.engine.settle import SettlementKind, settlement

#: A bill that would be wrong to print: a person looks at it first.
HOLD_FLAGS = frozenset({"REVIEW_POWER", "NO_ENERGY"})

#: Why a charger stopped by itself, in OCPP's words.
FAULTS = frozenset(
    {
        "EmergencyStop",
        "GroundFault",
        "HardReset",
        "OvercurrentFault",
        "PowerLoss",
        "PowerQuality",
        "Reboot",
        "SoftReset",
    }
)


def bill_of(order: Order, *, now: datetime) -> engine.Quote:
    """Return the price of what was delivered so far, by the order's locked terms: running cost and bill alike.

    A subscription includes what the order can draw now.
    """
    locked = quote_of(order)
    session = ChargingSession.objects.get(order=order)
    request = replace(locked.request, delivery=delivery_of(session))
    step = LockedStep(
        locked.offers,
        ceilings=ceilings_of(order),
        category=CHARGING_CATEGORY,
        max_discount_percent=locked.row.max_discount_percent,
        goods=goods_of(locked.lines),
    )
    return price(request, pools.as_drawn(locked.terms, order, request, now=now), discounts=step)


def delivery_of(session: ChargingSession) -> engine.Delivery:
    """Return what the charging system reported, as the engine reads it."""
    readings = session.readings.values_list("measured_at", "register_wh").order_by("measured_at", "received_at")
    return engine.Delivery(
        started_at=session.started_at,
        stopped_at=session.stopped_at,
        readings=tuple(engine.Reading(at, register) for at, register in readings),
    )


def ceilings_of(order: Order) -> dict[str, Decimal]:
    """Return how much each budgeted offer of this order may give at most: what was reserved for it."""
    rows = Redemption.objects.filter(
        Q(offer__budget__isnull=False) | Q(offer__budget_per_day__isnull=False),
        order=order,
        state__in=(RedemptionState.RESERVED, RedemptionState.COMMITTED),
    )
    return dict(rows.values_list("offer__offer_id", F("reserved")))


def settle(order: Order, *, now: datetime, reviewed: bool = False) -> Order:
    """Bill a stopped session once; a second call changes nothing. A suspicious one is held until it is `reviewed`."""
    order = lock_order(order)
    if order.state != OrderState.ACTIVE or order.fulfillment_state != FulfillmentState.COMPLETED:
        return order
    if _is_failure(order):
        cancel_unmet(order, "The charger failed before it delivered anything.", now=now)
        return order
    bill = bill_of(order, now=now)
    if HOLD_FLAGS & set(bill.flags) and not reviewed:
        record_event(order, EventKind.HELD, occurred_at=now, detail={"flags": list(bill.flags)})
        return order
    coming.earn(order, bill.energy_wh, now=now)
    holdings.lock_held(order)
    if pools.lock_held(order, now=now):
        # What is left of the pools stays as it is from here on.
        bill = bill_of(order, now=now)
    _store_bill(order, bill, now)
    energy = pools.draw_for_bill(order, bill, now=now)
    drawn = prepaid.draw_for_bill(order, bill.total, now=now)
    _commit_offers(order, bill, now)
    detail = _settle_money(order, bill, drawn, now) | ({"energy_wh": energy} if energy else {})
    order.state, order.billed_amount, order.settled_at = OrderState.COMPLETE, bill.total.amount, now
    order.save(update_fields=["state", "billed_amount", "settled_at"])
    record_event(order, EventKind.SETTLED, occurred_at=now, detail=detail)
    return order


def _is_failure(order: Order) -> bool:
    """Tell whether the charger, not the driver, ended a session that delivered nothing: nothing is owed for it."""
    session = ChargingSession.objects.get(order=order)
    failed = order.charger_failed_at or session.given_up_at or session.stop_reason in FAULTS
    return bool(failed) and delivered_wh(session) == 0


def _store_bill(order: Order, bill: engine.Quote, now: datetime) -> None:
    locked = quote_of(order)
    trace: OfferTrace = bill.trace or OfferTrace()
    row = Quote(
        cpo=order.cpo,
        bap_id=order.bap_id,
        transaction_id=order.transaction_id,
        sandbox=order.sandbox,
        order=order,
        tariff_version=locked.row.tariff_version,
        valid_until=now,
        offer_terms=[terms for terms in locked.row.offer_terms if terms["offer_id"] in trace.chosen],
        max_discount_percent=locked.row.max_discount_percent,
        cart_hash=locked.row.cart_hash,
        proof=proof_of_bill(
            order.cpo_id,
            locked.offers,
            LockedContext(
                ceilings_of(order), CHARGING_CATEGORY, locked.row.max_discount_percent, goods_of(locked.lines)
            ),
        ),
        is_bill=True,
        created_at=now,
    )
    write_quote(bill, row, _keys_of(order))
    divide_tax(order, bill)
    write_lines(order, bill.lines, LineStage.BILLED)
    PricedSlice.objects.bulk_create(
        PricedSlice(
            order=order,
            position=position,
            starts_at=part.starts_at,
            ends_at=part.ends_at,
            energy_wh=part.energy_wh,
            rate=part.rate,
            currency=order.currency,
            quality=part.quality.value,
        )
        for position, part in enumerate(bill.slices, start=1)
    )


def _keys_of(order: Order) -> dict[str, tuple[int, int]]:
    """Return the keys of offer and version that the order holds; those of a former init are released."""
    held = Redemption.objects.filter(order=order).exclude(state=RedemptionState.RELEASED)
    rows = held.values_list("offer__offer_id", "offer_id", "version_id")
    return {offer_id: (offer_pk, version_pk) for offer_id, offer_pk, version_pk in rows}


def _commit_offers(order: Order, bill: engine.Quote, now: datetime) -> None:
    trace: OfferTrace = bill.trace or OfferTrace()
    given = {x.offer_id: x.saving.amount for x in trace.outcomes if x.outcome is Outcome.APPLIED}
    keys = dict(Offer.objects.filter(offer_id__in=given, cpo=order.cpo).values_list("offer_id", "pk"))
    ledger.commit(order, {keys[offer_id]: amount for offer_id, amount in given.items()}, now=now)


def _settle_money(order: Order, bill: engine.Quote, drawn: Money, now: datetime) -> dict[str, Any]:
    """Write what is owed beside the bill: a refund of what was paid too much, or a second payment."""
    decided = settlement(billed=bill.total, paid=paid_for(order) + drawn)
    if decided.kind is SettlementKind.REFUND:
        owe(order, Owed("SETTLEMENT", decided.amount, "The session cost less than was paid.", now + WITHIN), now=now)
    elif decided.kind is SettlementKind.SHORTFALL:
        Payment.objects.get_or_create(
            order=order,
            type=PaymentType.POST_FULFILLMENT,
            defaults={"cpo": order.cpo, "amount": decided.amount.amount, "currency": order.currency},
        )
    said: dict[str, Any] = {"settlement": decided.kind.value, "amount": f"{decided.amount.amount:f}"}
    said |= {"prepaid": f"{drawn.amount:f}"} if drawn else {}
    return said | ({"flags": list(bill.flags)} if bill.flags else {})
