"""Writes the callbacks that carry an order: on_select, on_init, on_confirm, on_status, on_update, on_cancel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from beckn.protocol.catalog_views import OfferUsageView, OfferValidationView, OfferView
from beckn.protocol.deg_v1.render_benefit import write_benefit
from beckn.protocol.deg_v1.render_catalog import offer_head, write_item, write_provider
from beckn.protocol.deg_v1.render_order_tags import order_tags
from beckn.protocol.deg_v1.render_session import write_fulfillment
from beckn.protocol.deg_v1.tags import write_group
from beckn.protocol.deg_v1.writing import (
    amount,
    descriptor,
    instant,
    number,
    price,
    sparse,
    true_or_false,
)
from beckn.protocol.order_views import (
    CancellationView,
    OrderView,
    PaymentMethodView,
    PaymentView,
    QuoteView,
    RefundTermView,
)
from beckn.protocol.times import format_duration
from beckn.protocol.values import Billing
from pricing.engine.values import QuoteLine


def render_on_select(order: OrderView) -> dict[str, Any]:
    """Return the message: the cart with its quote."""
    return _order(order)


def render_on_init(order: OrderView) -> dict[str, Any]:
    """Return the message: the cart with offer validation, payments and refund terms."""
    return _order(order)


def render_on_confirm(order: OrderView) -> dict[str, Any]:
    """Return the message: the order with its id and, at the start, the one-time password."""
    return _order(order)


def render_on_status(order: OrderView) -> dict[str, Any]:
    """Return the message: the order as it is, its quote holding the cost so far."""
    return _order(order)


def render_on_update(order: OrderView) -> dict[str, Any]:
    """Return the message: the order after a change; at the end with bill, offer usage and summary."""
    return _order(order)


def render_on_cancel(order: OrderView) -> dict[str, Any]:
    """Return the message: the cancelled order with what was refunded and why."""
    return _order(order)


def _order(order: OrderView) -> dict[str, Any]:
    """Write what the view knows; every callback is the same order at another time."""
    return {
        "order": sparse(
            id=order.id,
            status=order.state.value if order.state else "",
            provider=write_provider(order.provider),
            items=[write_item(item) for item in order.items],
            fulfillments=[write_fulfillment(order.fulfillment)],
            offers=write_offers(order.offers),
            billing=_billing(order.billing) if order.billing else {},
            quote=_quote(order.quote) if order.quote else {},
            payments=[_payment(payment) for payment in order.payments],
            refund_terms=[_refund_term(term) for term in order.refund_terms],
            cancellation=_cancellation(order.cancellation) if order.cancellation else {},
            created_at=instant(order.created_at),
            updated_at=instant(order.updated_at),
            tags=order_tags(order),
        )
    }


def write_offers(offers: Iterable[OfferView]) -> list[dict[str, Any]]:
    """Write the offers of an order: what each is, and what became of it here."""
    return [_offer(offer) for offer in offers]


def _offer(offer: OfferView) -> dict[str, Any]:
    tags = [*write_benefit(offer)]
    if offer.validation is not None:
        tags.append(_validation(offer, offer.validation))
    if offer.usage is not None:
        tags.append(_usage(offer.usage))
    return {**offer_head(offer, in_order=True), **sparse(tags=tags)}


def _validation(offer: OfferView, validation: OfferValidationView) -> dict[str, Any]:
    # A code that the buyer must know is shown only to a buyer who evidently knew it.
    known = validation.validated or not offer.requires_code
    discount, ceiling = validation.discount, validation.ceiling
    return write_group(
        "offer-validation",
        (
            ("validated", true_or_false(validation.validated)),
            ("discount-applied", "" if discount is None else amount(abs(discount.amount), discount.currency)),
            ("offer-code", offer.display_code if known else ""),
            ("reason-code", validation.reason_code),
            ("reason", validation.reason),
            ("reserved-up-to", "" if ceiling is None else amount(ceiling.amount, ceiling.currency)),
            ("depends-on-identity", "yes" if validation.depends_on_identity else ""),
        ),
    )


def _usage(usage: OfferUsageView) -> dict[str, Any]:
    discount = usage.discount
    return write_group(
        "offer-usage",
        (
            ("offer-applied", true_or_false(usage.applied)),
            ("discount-amount", amount(abs(discount.amount), discount.currency)),
            ("savings-percentage", number(usage.savings_percentage)),
            ("offer-code-used", usage.code_used),
            *_given(usage),
        ),
    )


def _given(usage: OfferUsageView) -> Iterator[tuple[str, str]]:
    """Yield what was given, item by item in one order of tags."""
    for given in usage.given:
        yield "given-item-id", given.item_id
        yield "given-quantity", "" if given.quantity is None else number(given.quantity)
        yield "given-unit", given.unit


def _billing(billing: Billing) -> dict[str, Any]:
    organization = sparse(descriptor=descriptor(billing.organization))
    # A naive time was the buyer's local one; nobody knows its zone here, so it is not repeated.
    given_at = billing.at if billing.at and billing.at.tzinfo else None
    return sparse(
        name=billing.name,
        organization=organization,
        address=billing.address,
        state=sparse(name=billing.state),
        city=sparse(name=billing.city),
        email=billing.email,
        phone=billing.phone,
        time=sparse(timestamp=instant(given_at)),
        tax_id=billing.tax_id,
    )


def _quote(quote: QuoteView) -> dict[str, Any]:
    return {
        "id": quote.id,
        "price": price(quote.total),
        "breakup": [_line(line) for line in quote.lines],
        "ttl": format_duration(quote.ttl),
    }


def _line(line: QuoteLine) -> dict[str, Any]:
    """Write a line: the title for people; its kind and figures, typed, in the tags of its item."""
    kind = write_group(
        "line",
        (
            ("kind", line.kind.value),
            ("line-id", line.line_id),
            ("code", line.code),
            ("quantity", "" if line.quantity is None else number(line.quantity)),
            ("unit", line.unit),
            ("rate", "" if line.rate is None else number(line.rate)),
            ("given", "yes" if line.is_given else ""),
        ),
    )
    return {"title": line.title, "item": sparse(id=line.item_id, tags=[kind]), "price": price(line.amount)}


def _payment(payment: PaymentView) -> dict[str, Any]:
    return sparse(
        id=payment.id,
        collected_by=payment.collected_by,
        url=payment.url,
        params=sparse(
            transaction_id=payment.transaction_id,
            amount=amount(payment.amount.amount, payment.amount.currency),
            currency=payment.amount.currency,
            bank_code=payment.bank_code,
            bank_account_number=payment.bank_account_number,
            virtual_payment_address=payment.virtual_payment_address,
        ),
        type=payment.type,
        status=payment.status.value,
        time=sparse(timestamp=instant(payment.at)),
        tags=[_payment_methods(payment.methods)] if payment.methods else [],
    )


def _payment_methods(methods: tuple[PaymentMethodView, ...]) -> dict[str, Any]:
    """Write the ways to pay, which are codes without values."""
    return {
        "descriptor": {"code": "payment-methods", "name": "Payment Methods"},
        "list": [{"descriptor": sparse(code=method.code, short_desc=method.short_desc)} for method in methods],
    }


def _refund_term(term: RefundTermView) -> dict[str, Any]:
    state = {"descriptor": descriptor(term.state_name, code=term.state, long_desc=term.description)}
    within = {} if term.within is None else {"duration": format_duration(term.within)}
    return {
        "fulfillment_state": state,
        "refund_eligible": term.eligible,
        **sparse(refund_within=within, refund_amount={} if term.amount is None else price(term.amount)),
    }


def _cancellation(cancellation: CancellationView) -> dict[str, Any]:
    reason = sparse(id=cancellation.reason_id, descriptor=descriptor(short_desc=cancellation.reason))
    return sparse(time=instant(cancellation.at), cancelled_by=cancellation.cancelled_by, reason=reason)
