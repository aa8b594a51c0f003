"""Carts and orders as buyer apps see them, from the first quote to the bill."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from beckn.presenting.adjusted import exchanges_of, net_trace, trail_of
from beckn.presenting.consents import consent_asked, consent_given
from beckn.presenting.fulfillments import fulfillment_view, order_fulfillment
from beckn.presenting.offers import offer_summary, used_offers, validated_offers
from beckn.presenting.parts import ItemPrice, given_views, item_view, price_at, product_view, provider_view
from beckn.presenting.payments import payment_views, refund_term_view, settlement_views
from beckn.presenting.prepaid import prepaid_views
from beckn.presenting.referrals import promised, referral_of
from beckn.presenting.surcharges import cheaper_view, surcharges_of
from beckn.protocol.catalog_views import ItemView
from beckn.protocol.order_views import (
    CancellationView,
    OrderState,
    OrderView,
    QuoteView,
    ReceiptView,
)
from beckn.protocol.values import Billing, Measure, MeasureUnit
from cpo_portal.charging import models as charging
from cpo_portal.network.catalogue import products_at
from cpo_portal.network.models import Connector
from offers.book import book_for
from offers.codes.holding import codes_of
from offers.engine.codec import trace_from_json
from offers.engine.values import OfferTerms
from offers.models import Quote
from offers.nearby import cheaper_for
from offers.ordering.adjusting import lines_after, taken_back_of
from offers.ordering.cancel import terms_of
from offers.ordering.orders import LockedQuote, quote_of
from offers.ordering.settle import bill_of, ceilings_of
from offers.quoting import Lock, PricedSession, SessionAsk
from offers.receipts.links import expiry_of, receipt_url
from pricing.engine import values as engine
from pricing.engine.money import Money
from pricing.engine.values import PricingError


@dataclass(frozen=True, slots=True)
class Cart:
    """What on_select answers with: the request's own words beside the price."""

    connector: Connector
    ask: SessionAsk
    priced: PricedSession
    stored: Quote
    measure: Measure | None
    vehicle: tuple[str, str] = ("", "")
    #: What the transaction's order holds itself.
    lock: Lock = field(default_factory=Lock)


def cart_view(cart: Cart, now: datetime) -> OrderView:
    """Return the answer to select."""
    quote = cart.priced.quote
    return OrderView(
        provider=provider_view(cart.connector.cpo),
        items=_cart_items(cart, now),
        fulfillment=fulfillment_view(
            cart.connector, cart.ask.planned_start, cart.ask.planned_end, vehicle=cart.vehicle
        ),
        offers=validated_offers(
            cart.priced.trace,
            cart.priced.book.book.get,
            asked=cart.priced.asked_for(cart.ask),
            provider_id=cart.connector.cpo.provider_id,
        ),
        quote=QuoteView(str(cart.stored.pk), cart.stored.valid_until - now, quote.total, quote.lines),
        referral=promised(cart.priced, quote.total.currency),
        surcharge_consent=consent_asked(cart.stored, cart.priced),
    )


def _cart_items(cart: Cart, now: datetime) -> tuple[ItemView, ...]:
    """Return the connector with its surges as they are told before the sale, and where it is cheaper nearby."""
    at, lines = cart.ask.planned_start, cart.priced.quote.lines
    add_ons = _add_ons(cart.connector, cart.ask.products, lines)
    [item] = _items(cart.connector, price_at(cart.priced.quote.terms, at), cart.measure, add_ons)
    found = cart.priced.surges.found
    if not found:
        return (item,)
    cheaper = cheaper_for(cart.connector, cart.ask, cart.priced, cart.lock, now=now)
    return (replace(item, surcharges=surcharges_of(found, cart.connector, at=at), cheaper=cheaper_view(cheaper)),)


def order_view(order: charging.Order, *, now: datetime, otp: str = "") -> OrderView:
    """Return the order as it stands: quoted, running with its cost so far, or billed; in the CPO's scope."""
    locked = quote_of(order)
    shown, lines, energy_wh, total = _price_shown(order, locked, now)
    billed = shown.is_bill
    trace = trace_from_json(shown.trace)
    trace = net_trace(trace, taken_back_of(order).saved) if billed else trace
    placed = order.state == charging.OrderState.INITIALISED
    connector = order.connector
    add_ons = _add_ons(connector, locked.request.products, lines)
    codes = codes_of(order) if any(terms.single_use for terms in locked.offers) else {}
    price = price_at(locked.terms, locked.request.planned_start)
    prepaid, pools = prepaid_views(order)
    return OrderView(
        provider=provider_view(order.cpo),
        items=_items(connector, price, _measure_of(locked.request.measure), add_ons, energy_wh),
        fulfillment=order_fulfillment(order, otp),
        id="" if placed else str(order.pk),
        state=None if placed else OrderState(order.state),
        offers=used_offers(trace, locked.offers, lines, order.currency, codes, order.cpo.provider_id)
        if billed
        else validated_offers(
            trace,
            _known_offers(order, locked),
            asked=locked.asked_for,
            ceilings=_ceilings(order),
            codes=codes,
            provider_id=order.cpo.provider_id,
        ),
        quote=QuoteView(str(shown.pk), max(locked.row.valid_until - now, timedelta(0)), total, lines),
        billing=_billing(order),
        payments=payment_views(order),
        refund_terms=tuple(refund_term_view(term, order) for term in terms_of(order.cpo_id)),
        offer_summary=offer_summary(connector, lines, locked.offers, currency=order.currency, now=now)
        if billed
        else None,
        receipt=_receipt(order, now) if billed else None,
        settlements=settlement_views(order),
        cancellation=_cancellation(order),
        created_at=order.created_at,
        updated_at=now,
        prepaid=prepaid,
        pools=pools,
        trail=trail_of(order),
        exchanges=exchanges_of(order),
        referral=referral_of(order),
        surcharge_consent=consent_given(order) if locked.terms.surges else None,
    )


def _known_offers(order: charging.Order, locked: LockedQuote) -> Callable[[str], OfferTerms | None]:
    """Return the look-up of what the quote may speak of: its own offers as they were then, the others as today."""
    own, today = {terms.offer_id: terms for terms in locked.offers}, book_for(order.cpo).book
    return lambda offer_id: own.get(offer_id) or today.get(offer_id)


def _price_shown(
    order: charging.Order, locked: LockedQuote, now: datetime
) -> tuple[Quote, tuple[engine.QuoteLine, ...], int | None, Money]:
    """Return the price to show: the bill where there is one, less what was taken back since, the cost so far while
    charging, else the quote."""
    if order.state == charging.OrderState.COMPLETE:
        bill = Quote.objects.select_related("tariff_version").get(order=order, is_bill=True)
        lines, total = lines_after(bill, taken_back_of(order))
        return bill, lines, bill.energy_wh, total
    if order.fulfillment_state != charging.FulfillmentState.PENDING and order.state == charging.OrderState.ACTIVE:
        try:
            running = bill_of(order, now=now)
        except PricingError:  # held for a person: until then the buyer sees what it was quoted
            return locked.row, locked.lines, None, Money(locked.row.total, order.currency)
        return locked.row, running.lines, running.energy_wh, running.total
    return locked.row, locked.lines, None, Money(locked.row.total, order.currency)


def _items(
    connector: Connector,
    price: ItemPrice,
    measure: Measure | None,
    add_ons: tuple[ItemView, ...],
    energy_wh: int | None = None,
) -> tuple[ItemView, ...]:
    return (
        item_view(
            connector,
            price,
            add_ons=add_ons,
            selected=measure,
            allocated_kwh=None if energy_wh is None else Decimal(energy_wh) / 1000,
        ),
    )


def _add_ons(
    connector: Connector, products: tuple[engine.ProductOrder, ...], lines: tuple[engine.QuoteLine, ...]
) -> tuple[ItemView, ...]:
    """Return the products that the driver added, and those that offers give beside them."""
    given = given_views(lines, connector.cpo.currency)
    if not products:
        return given
    location = connector.charger.location
    sold = {product.product_id: product for product in products_at([location])[location.pk]}
    added = (product_view(sold[choice.product_id], choice.count) for choice in products if choice.product_id in sold)
    return (*added, *given)


def _measure_of(measure: engine.Measure) -> Measure:
    match measure:
        case engine.AmountMeasure(amount=amount):
            return Measure(amount, MeasureUnit.INR)
        case engine.EnergyMeasure(wh=wh):
            return Measure(Decimal(wh) / 1000, MeasureUnit.KWH)
        case engine.DurationMeasure(minutes=minutes):
            return Measure(Decimal(minutes), MeasureUnit.MINUTES)


def _billing(order: charging.Order) -> Billing | None:
    contact = charging.OrderContact.objects.filter(order=order).first()
    if contact is None:
        return None
    at = contact.billing.get("at")
    return Billing(**{**contact.billing, "at": datetime.fromisoformat(at) if at else None})


def _receipt(order: charging.Order, now: datetime) -> ReceiptView | None:
    if order.settled_at is None:
        return None
    valid_until = expiry_of(order.settled_at, now)
    return ReceiptView(receipt_url(order.pk, valid_until), valid_until)


def _ceilings(order: charging.Order) -> dict[str, Money]:
    return {offer_id: Money(most, order.currency) for offer_id, most in ceilings_of(order).items()}


def _cancellation(order: charging.Order) -> CancellationView | None:
    if order.cancelled_at is None:
        return None
    event = order.events.filter(kind=charging.EventKind.CANCELLED).first()
    return CancellationView(
        cancelled_by=order.cancelled_by,
        at=order.cancelled_at,
        reason_id=event.detail.get("reason_id", "") if event else "",
        reason=order.cancellation_reason,
    )
