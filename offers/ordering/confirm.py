"""Confirm: the order becomes binding at the price it was quoted, or, too late, at one no higher for no less."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn

from django.db import transaction

from cpo_portal.charging.balances import holds as balance_holds
from cpo_portal.charging.balances.holds import PREPAID
from cpo_portal.charging.events import record_event
from cpo_portal.charging.models import EventKind, LineStage, Order, OrderContact, OrderState, PaymentStatus
from cpo_portal.charging.people.contact_hashes import contact_hashes
from cpo_portal.charging.sessions import otp
from offers import holdings, ledger, stock
from offers.models import OfferState, Redemption, RedemptionState
from offers.ordering import pools, prepaid
from offers.ordering.cancel import cancel_unmet
from offers.ordering.orders import LockedQuote, lock_order, money_text, quote_of, write_lines
from offers.ordering.place import MAX_ROUNDS, holds_of, refuse_invalid_offers
from offers.ordering.promised import lost
from offers.policies import policy_of
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
    unpaid = order.payments.filter(type="PRE-FULFILLMENT").exclude(status=PaymentStatus.PAID).first()
    if unpaid is not None:
        raise Refusal(
            RefusalKind.BUSINESS_RULE,
            f"The payment of {money_text(unpaid.amount, unpaid.currency)} has not been reported yet; "
            "pay by the link of on_init and confirm again.",
        )
    _refuse_missed_slot(order, now)
    _refuse_unstartable(order, now)
    _refuse_withdrawn(order, now)
    quote = quote_of(order)
    if not _is_reserved(order, quote, now):
        _price_again(order, quote, now)
    holdings.keep(order, reserved_until=_last_moment(order, now))
    balance_holds.keep(order, held_until=_last_moment(order, now))
    text, digest = otp.make_otp(order)
    order.state, order.confirmed_at, order.otp_digest = OrderState.ACTIVE, now, digest
    order.otp_failures = 0
    order.save(update_fields=["state", "confirmed_at", "otp_digest", "otp_failures"])
    record_event(order, EventKind.CONFIRMED, occurred_at=now)
    return Confirmed(order, text)


def _is_reserved(order: Order, quote: LockedQuote, now: datetime) -> bool:
    """Return whether the quote still binds: in time, with its offers, products, energy and the balance still held."""
    in_time = now <= max(quote.row.valid_until, order.payment_until)
    held = holdings.covers(order, (terms.offer_id for terms in quote.offers)) and prepaid.covers(order)
    if not in_time or not held or not pools.covers(order, quote):
        return False
    return stock.covers(order, quote.request.products) or _takes_up(order, quote)


def _takes_up(order: Order, quote: LockedQuote) -> bool:
    """Hold what the order buys only now, at the price that it was promised: the release before held no products."""
    holdings.lock_held(order)
    try:
        with transaction.atomic():
            stock.take_up(order, quote.request.products)
    except stock.OutOfStock:
        return False
    return True


def _refuse_missed_slot(order: Order, now: datetime) -> None:
    """A slot that is over cannot be started any more: the order is not sold, and the payment comes back."""
    late = timedelta(minutes=policy_of(order.cpo_id).late_start_minutes)
    if now > order.planned_start + late:
        cancel_unmet(order, "the slot was over before the order was confirmed", now=now)
        raise Refusal(
            RefusalKind.QUOTE_UNAVAILABLE, "The slot is over; the order is cancelled and the payment comes back."
        )


def _refuse_unstartable(order: Order, now: datetime) -> None:
    """A charger that has lost its charging system since the init could not be started by anybody."""
    if order.connector.charger.system_id is None:
        cancel_unmet(order, "the charger has no charging system any more", now=now)
        raise Refusal(
            RefusalKind.ITEM_NOT_FOUND,
            "This charger cannot be started any more; the order is cancelled and the payment comes back. "
            "Choose another connector.",
        )


def _last_moment(order: Order, now: datetime) -> datetime:
    """A confirmed order holds its offers until it is settled or cancelled, which a no-show is, too."""
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


def _price_again(order: Order, old: LockedQuote, now: datetime) -> None:
    """After the reservation: confirmed at no higher total with no less given, else cancelled and refunded."""
    # The driver knows of no surge but those of the quote.
    asked, lock = _ask_again(order, old), Lock(surges=old.terms.surges, is_test=order.sandbox)
    for _ in range(MAX_ROUNDS):
        priced = _fresh_price(order, asked, lock, now)
        _cancel_if_offer_gone(order, asked, priced, now)
        if _is_dearer(priced, order, old):
            cancel_unmet(order, "the quote has ended and the price has risen", now=now)
            before, after = old.row.energy_wh / 1000, priced.quote.energy_wh / 1000
            raise Refusal(
                RefusalKind.QUOTE_CHANGED,
                f"The quote of {money_text(order.quoted_amount, order.currency)} has ended and the price is now "
                f"{priced.quote.total} (for {after:.3f} kWh, before for {before:.3f} kWh); "
                "the order is cancelled and the payment comes back.",
            )
        _cancel_if_less_given(order, old, priced, now)
        try:
            with transaction.atomic():
                _take_new_quote(order, asked, priced, now)
        except (ledger.LimitsChanged, pools.EnergyChanged, stock.OutOfStock):
            continue
        except ledger.LimitReached as reached:
            # Somebody was faster: the next price is made without the offer.
            lock = lock.without(reached.offer_id, reached.guard)
            continue
        except prepaid.Uncovered as short:
            _cancel_uncovered(order, short, now)
        return
    raise Refusal(RefusalKind.BUSINESS_RULE, "The offers of this session are being used up just now; try again.")


def _is_dearer(priced: PricedSession, order: Order, old: LockedQuote) -> bool:
    """More money, or, for who asked for an amount, less energy for the same money."""
    return priced.quote.total.amount > order.quoted_amount or priced.quote.energy_wh < old.row.energy_wh


def _fresh_price(order: Order, asked: SessionAsk, lock: Lock, now: datetime) -> PricedSession:
    try:
        lock = holdings.own_to(lock, order, order.customer, now=now)
        return price_session(order.connector, asked, now=now, lock=lock)
    except (PricingError, Refusal) as error:
        cancel_unmet(order, "the quote has ended and the session has no price any more", now=now)
        raise Refusal(
            RefusalKind.QUOTE_UNAVAILABLE,
            f"The quote has ended and cannot be made again ({error}); "
            "the order is cancelled and the payment comes back.",
        ) from error


def _ask_again(order: Order, old: LockedQuote) -> SessionAsk:
    """Ask for what was asked for when the quote was made, the choices about offers included."""
    choices = old.row.choices
    return SessionAsk(
        measure=old.request.measure,
        planned_start=order.planned_start,
        planned_end=order.planned_end,
        products=old.request.products,
        opted_in=tuple(choices["opted_in"]),
        declined=tuple(choices["declined"]),
        codes=tuple(choices["codes"]),
        customer=order.customer,
        identity_required=True,
        basis=old.request.measure.basis if isinstance(old.request.measure, AmountMeasure) else None,
        bap_id=order.bap_id,
        vehicle_make=order.vehicle_make,
        contact_hashes=_hashes_of(order),
        charge_percent=choices.get("charge_percent"),
    )


def _hashes_of(order: Order) -> tuple[bytes, ...]:
    contact = OrderContact.objects.filter(order=order).first()
    return contact_hashes(order.cpo, contact.billing, contact.customer) if contact is not None else ()


def _cancel_if_offer_gone(order: Order, asked: SessionAsk, priced: PricedSession, now: datetime) -> None:
    """An offer that the buyer asked for and that no longer holds ends the order, whatever the price without it."""
    try:
        refuse_invalid_offers(priced, asked)
    except Refusal as refusal:
        cancel_unmet(order, f"an offer no longer holds: {refusal.message}", now=now)
        raise Refusal(
            refusal.kind, f"{refusal.message} The order is cancelled and the payment comes back."
        ) from refusal


def _cancel_if_less_given(order: Order, old: LockedQuote, priced: PricedSession, now: datetime) -> None:
    """The same money for less than was promised ends the order as a higher price does."""
    less = lost(old, priced)
    if less:
        cancel_unmet(order, f"the quote has ended and {less} can no longer be given", now=now)
        raise Refusal(
            RefusalKind.OFFER_NOT_FULFILLABLE,
            f"The quote has ended and {less} can no longer be given; the order is cancelled and the payment comes "
            "back. Start again with select.",
        )


def _cancel_uncovered(order: Order, short: prepaid.Uncovered, now: datetime) -> NoReturn:
    """The balance was given back with the reservation and has been used since: nobody has paid for the session."""
    cancel_unmet(order, "the prepaid balance does not cover the session any more", now=now)
    raise Refusal(
        RefusalKind.QUOTE_UNAVAILABLE,
        f"The quote has ended and the prepaid balance is {short.missing} short of it; the order is cancelled and what "
        "was paid comes back. Start again with select.",
    ) from short


def _take_new_quote(order: Order, asked: SessionAsk, priced: PricedSession, now: datetime) -> None:
    until, total = _last_moment(order, now), priced.quote.total.amount
    pools.hold_energy(order, priced.quote, held_until=until, now=now)
    prepaid.hold_again(order, total, wanted=PREPAID not in asked.declined, held_until=until, now=now)
    bought = stock.units_bought(asked.products)
    ledger.reserve(order, holds_of(priced), customer=order.customer, reserved_until=until, now=now, bought=bought)
    buyer = Buyer(order.bap_id, order.transaction_id, order.sandbox)
    quote = store_quote(priced, order.connector, asked, buyer, now=now, order=order)
    order.quote_ref, order.quoted_amount = quote.pk, quote.total
    order.save(update_fields=["quote_ref", "quoted_amount"])
    write_lines(order, priced.quote.lines, LineStage.QUOTED)
