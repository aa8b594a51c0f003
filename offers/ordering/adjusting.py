"""What the changes of a sale after its bill share: who says why, what was said before, what the bill then comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum

from cpo_portal.accounts.models import User
from cpo_portal.charging.models import Order, OrderState
from offers.engine.recovery import total, with_less
from offers.models import Adjustment, AdjustmentKind, Quote
from offers.ordering.orders import lock_order, read_quote
from pricing.engine.money import Money
from pricing.engine.values import QuoteLine


class AdjustmentRefused(Exception):
    """A change that cannot be; nothing was changed. `field` is the input at fault; the message says what to do."""

    def __init__(self, message: str, field: str = "amount") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Said:
    """Under which reference of the books, why (told to the driver's app), and by whom: a person, or else a token."""

    reference: str
    reason: str
    by: User | None = None
    source: str = ""


def lock_billed(order: Order) -> Order:
    """Lock an order that has its bill and return it; raises AdjustmentRefused where it has none."""
    order = lock_order(order)
    if order.state != OrderState.COMPLETE:
        raise AdjustmentRefused("This order has no bill yet: wait until it is complete, or cancel it.", "order")
    return order


def said_before(order: Order, kind: AdjustmentKind, said: Said) -> Adjustment | None:
    """Return what this reference changed before."""
    done = Adjustment.objects.filter(order=order, kind=kind, reference=said.reference).first()
    if done is not None:
        done.repeated = True
    return done


def used_otherwise(done: Adjustment) -> AdjustmentRefused:
    """Refuse a reference that stands for another change of the order."""
    amount = Money(done.amount, done.currency)
    return AdjustmentRefused(
        f"The reference {done.reference} was used on this order for {amount}; give this change one of its own.",
        "reference",
    )


def taken_back_of(order: Order) -> dict[str, Decimal]:
    """Return how much was taken back of each offer, by its Beckn id."""
    taken = Adjustment.objects.filter(order=order, kind=AdjustmentKind.TAKEN_BACK)
    return dict(taken.values_list("redemption__offer__offer_id").annotate(taken=Sum("amount")).order_by())


def lines_after(bill: Quote, taken: Mapping[str, Decimal]) -> tuple[tuple[QuoteLine, ...], Money]:
    """Return the lines and the total of a bill after so much was taken back of its offers."""
    read = read_quote(bill)
    if not taken:
        return read.lines, Money(bill.total, bill.currency)
    lines = with_less(read.lines, taken, read.terms.tax, bill.currency)
    return lines, total(lines, bill.currency)
