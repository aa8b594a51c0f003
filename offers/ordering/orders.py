"""What the steps of an order share: finding and locking it, its quote, its lines, its paid amount."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db.models import Q

from cpo_portal.accounts.tenancy import every_cpo
from cpo_portal.charging.models import Order, OrderLine, OrderState, PaymentStatus
from offers.engine.codec import offer_from_json
from offers.engine.values import OfferTerms
from offers.models import Quote
from offers.refusals import Refusal, RefusalKind
from pricing.engine import values as engine
from pricing.engine.codec import decode, request_from_json, terms_from_json
from pricing.engine.money import Money, total_of


@dataclass(frozen=True, slots=True)
class LockedQuote:
    """A stored quote read back: what the bill is made with."""

    row: Quote
    request: engine.ChargingRequest
    terms: engine.PriceTerms
    offers: tuple[OfferTerms, ...]
    lines: tuple[engine.QuoteLine, ...]

    @property
    def asked_for(self) -> frozenset[str]:
        """Return the ids of the offers that the buyer asked for, by id or by code, and what named no offer."""
        choices = self.row.choices
        return frozenset((*choices.get("opted_in", ()), *choices.get("opened", ())))


def find_order(bap_id: str, *, order_id: str = "", transaction_id: str = "") -> Order:
    """Return the buyer app's order by its id, else the newest of the transaction; raise Refusal where there is none."""
    with every_cpo():
        orders = Order.objects.filter(bap_id=bap_id).select_related("cpo", "connector__charger__location")
        if order_id:
            try:
                found = orders.filter(pk=UUID(order_id)).first()
            except ValueError:
                found = None
        else:
            found = orders.filter(transaction_id=transaction_id).order_by("-created_at").first()
    if found is None:
        raise Refusal(RefusalKind.ORDER_NOT_FOUND, "There is no such order of yours; send the id from on_confirm.")
    return found


def lock_order(order: Order) -> Order:
    """Lock the order's row and return it as it is now."""
    return (
        Order.objects.select_for_update(no_key=True, of=("self",))
        .select_related("cpo", "connector__charger__location", "customer")
        .get(pk=order.pk)
    )


def open_order(bap_id: str, transaction_id: str) -> Order | None:
    """Return the transaction's order that is not cancelled, of whichever CPO, locked, or None."""
    with every_cpo():
        return (
            Order.objects.select_for_update(no_key=True, of=("self",))
            .select_related("cpo", "connector__charger__location", "customer")
            .filter(~Q(state=OrderState.CANCELLED), bap_id=bap_id, transaction_id=transaction_id)
            .first()
        )


def unconfirmed_order(bap_id: str, transaction_id: str) -> Order | None:
    """Return the transaction's order with the CPO in scope that can still be made again, as it is now, or None."""
    orders = Order.objects.filter(bap_id=bap_id, transaction_id=transaction_id, state=OrderState.INITIALISED)
    return orders.select_related("cpo").first()


def quote_of(order: Order) -> LockedQuote:
    """Return the order's quote with its locked terms."""
    return read_quote(Quote.objects.select_related("tariff_version").get(pk=order.quote_ref))


def read_quote(row: Quote) -> LockedQuote:
    """Read a stored quote back into the engine's values."""
    return LockedQuote(
        row=row,
        request=request_from_json(row.request),
        terms=terms_from_json(row.terms),
        offers=tuple(offer_from_json(terms) for terms in row.offer_terms),
        lines=tuple(decode(engine.QuoteLine, line) for line in row.lines),
    )


def write_lines(order: Order, lines: Iterable[engine.QuoteLine], stage: str) -> None:
    """Store the printed lines of a stage, in place of any earlier ones of it."""
    OrderLine.objects.filter(order=order, stage=stage).delete()
    OrderLine.objects.bulk_create(
        OrderLine(
            order=order,
            stage=stage,
            position=position,
            line_id=line.line_id,
            kind=line.kind.value,
            title=line.title,
            amount=line.amount.amount,
            currency=line.amount.currency,
            quantity=line.quantity,
            unit=line.unit,
            rate=line.rate,
            item_id=line.item_id,
            code=line.code,
            shares=[[line_id, f"{share.amount:f}"] for line_id, share in line.shares],
        )
        for position, line in enumerate(lines, start=1)
    )


def paid_for(order: Order) -> Money:
    """Return what the gateway reported as paid for the order."""
    paid = order.payments.filter(status=PaymentStatus.PAID).values_list("paid_amount", flat=True)
    return total_of((Money(amount, order.currency) for amount in paid), order.currency).rounded()


def money_text(amount: Decimal, currency: str) -> str:
    """Return an amount for a sentence."""
    return f"{Money(amount, currency)}"
