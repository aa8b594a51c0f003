"""Confirm: the order becomes binding at the price it was quoted, or, too late, at a price that is no higher."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from cpo_portal.charging import otp
from cpo_portal.charging.events import record_event
from cpo_portal.charging.models import EventKind, LineStage, Order, OrderState, PaymentStatus
from offers import ledger
from offers.engine.values import Outcome
from offers.models import Offer, OfferState, Quote, Redemption, RedemptionState
from offers.ordering.cancel import cancel_unmet
from offers.ordering.orders import LockedQuote, lock_order, money_text, quote_of, write_lines
from offers.ordering.place import NOT_VALID, USED_UP, holds_of, said
from offers.quoting import Buyer, Lock, PricedSession, SessionAsk, price_session, store_quote
from offers.refusals import Refusal, RefusalKind
from pricing.engine.values import AmountMeasure, PricingError


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The confirmed order; `otp` is the text to send once, "" when it was confirmed by an earlier message."""

    order: Order
    otp: str = ""


def confirm(order: Order, *, now: datetime) -> Confirmed:
    """Confirm the order; a repeated confirm changes nothing. A Refusal after a cancellation says so."""
    order = lock_order(order)
    if order.state in {OrderState.ACTIVE, OrderState.COMPLETE}:
        return Confirmed(order)
    if order.state == OrderState.CANCELLED:
        raise Refusal(RefusalKind.ACTION_NOT_APPLICABLE, "This order is cancelled; start again with select.")
    unpaid = order.payments.filter(type="PRE-FULFILLMENT").exclude(status=PaymentStatus.PAID).exists()
    if unpaid:
        raise Refusal(
            RefusalKind.BUSINESS_RULE,
            f"The payment of {money_text(order.quoted_amount, order.currency)} has not been reported yet; "
            "pay by the link of on_init and confirm again.",
        )
    _refuse_withdrawn(order, now)
    if not _is_reserved(order, now):
        _price_again(order, now)
    ledger.keep(order, reserved_until=_last_moment(order, now))
    text, digest = otp.make_otp(order)
    order.state, order.confirmed_at, order.otp_digest = OrderState.ACTIVE, now, digest
    order.otp_failures = 0
    order.save(update_fields=["state", "confirmed_at", "otp_digest", "otp_failures"])
    record_event(order, EventKind.CONFIRMED, occurred_at=now)
    return Confirmed(order, text)


def _is_reserved(order: Order, now: datetime) -> bool:
    """Return whether the quote still binds: until the later of its validity and the payment window."""
    valid_until = Quote.objects.values_list("valid_until", flat=True).get(pk=order.quote_ref)
    return now <= max(valid_until, order.payment_until)


def _last_moment(order: Order, now: datetime) -> datetime:
    """A confirmed order keeps its offers until it is settled or cancelled; a day past its plan ends a forgotten one."""
    return max(now, order.planned_end or order.planned_start) + timedelta(days=1)


def _refuse_withdrawn(order: Order, now: datetime) -> None:
    withdrawn = Redemption.objects.filter(
        order=order, state=RedemptionState.RESERVED, offer__state=OfferState.WITHDRAWN
    ).select_related("offer")
    for redemption in withdrawn:
        cancel_unmet(order, f"offer {redemption.offer.offer_id} withdrawn", now=now)
        raise Refusal(
            RefusalKind.OFFER_NOT_VALID,
            f"The offer {redemption.offer.offer_id} was withdrawn; the order is cancelled and the payment comes back.",
        )


def _price_again(order: Order, now: datetime) -> None:
    """After the reservation: confirmed at the same total or a lower one, else cancelled and refunded."""
    old = quote_of(order)
    held = frozenset(
        Offer.objects.filter(redemptions__order=order, redemptions__state=RedemptionState.RESERVED).values_list(
            "offer_id", flat=True
        )
    )
    asked = _ask_again(order, old)
    try:
        priced = price_session(order.connector, asked, now=now, lock=Lock(held=held))
    except (PricingError, Refusal) as error:
        cancel_unmet(order, "the quote has ended and the session has no price any more", now=now)
        raise Refusal(
            RefusalKind.QUOTE_UNAVAILABLE,
            f"The quote has ended and cannot be made again ({error}); "
            "the order is cancelled and the payment comes back.",
        ) from error
    _cancel_if_offer_gone(order, old, priced, now)
    if priced.quote.total.amount > order.quoted_amount:
        cancel_unmet(order, "the quote has ended and the price has risen", now=now)
        raise Refusal(
            RefusalKind.QUOTE_CHANGED,
            f"The quote of {money_text(order.quoted_amount, order.currency)} has ended and the price is now "
            f"{priced.quote.total}; the order is cancelled and the payment comes back.",
        )
    _take_new_quote(order, asked, priced, now)


def _ask_again(order: Order, old: LockedQuote) -> SessionAsk:
    return SessionAsk(
        measure=old.request.measure,
        planned_start=order.planned_start,
        planned_end=order.planned_end,
        products=old.request.products,
        opted_in=tuple(terms.offer_id for terms in old.offers if not terms.auto),
        codes=tuple(terms.display_code for terms in old.offers if terms.requires_code),
        customer=order.customer,
        identity_required=True,
        basis=old.request.measure.basis if isinstance(old.request.measure, AmountMeasure) else None,
    )


def _cancel_if_offer_gone(order: Order, old: LockedQuote, priced: PricedSession, now: datetime) -> None:
    opted_in = {terms.offer_id for terms in old.offers if not terms.auto}
    for outcome in priced.trace.outcomes:
        reason = outcome.reason
        if outcome.offer_id not in opted_in or outcome.outcome is Outcome.APPLIED or reason is None:
            continue
        used_up = outcome.outcome is Outcome.LIMITED or reason.code in USED_UP
        if used_up or reason.code in NOT_VALID:
            cancel_unmet(order, f"offer {outcome.offer_id} is no longer available", now=now)
            raise Refusal(
                RefusalKind.OFFER_NOT_FULFILLABLE if used_up else RefusalKind.OFFER_NOT_VALID,
                f"The offer {outcome.offer_id} no longer holds ({said(reason)}); "
                "the order is cancelled and the payment comes back.",
            )


def _take_new_quote(order: Order, asked: SessionAsk, priced: PricedSession, now: datetime) -> None:
    buyer = Buyer(order.bap_id, order.transaction_id, order.sandbox)
    try:
        with transaction.atomic():
            ledger.release(order, now=now, reference=f"confirm {now.isoformat()}")
            ledger.reserve(
                order,
                holds_of(priced),
                customer=order.customer,
                reserved_until=_last_moment(order, now),
                now=now,
            )
    except ledger.LimitReached as reached:
        cancel_unmet(order, f"offer {reached.offer_id} is used up", now=now)
        raise Refusal(
            RefusalKind.OFFER_NOT_FULFILLABLE,
            f"The offer {reached.offer_id} is used up; the order is cancelled and the payment comes back.",
        ) from None
    quote = store_quote(priced, order.connector, asked, buyer, now=now, order=order)
    order.quote_ref, order.quoted_amount = quote.pk, quote.total
    order.save(update_fields=["quote_ref", "quoted_amount"])
    write_lines(order, priced.quote.lines, LineStage.QUOTED)
