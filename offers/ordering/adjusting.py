"""What the changes of a sale after its bill share: who says why, what was said before, what the bill then comes to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from cpo_portal.accounts.models import User
from cpo_portal.adminkit.display import money
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
    what = units_text(done.items) or money(done.amount, done.currency)
    return AdjustmentRefused(
        f"The reference {done.reference} was used on this order for {what}; give this change one of its own.",
        "reference",
    )


def units_text(items: Iterable[Mapping[str, Any]]) -> str:
    """Return units of products for a sentence, "" for none."""
    return " and ".join(f"{row['units']} × {row['item_id']}" for row in items)


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What was taken back of an order's offers, by their Beckn ids: what they had saved, and units of products."""

    saved: Mapping[str, Decimal]
    units: Mapping[str, Mapping[str, int]]

    def with_units(self, offer_id: str, items: Mapping[str, int]) -> TakenBack:
        """Return this with so many more units of an offer."""
        return replace(self, units={**self.units, offer_id: _sum(self.units.get(offer_id, {}), items)})

    def with_amount(self, offer_id: str, amount: Decimal) -> TakenBack:
        """Return this with so much more of an offer."""
        return replace(self, saved={**self.saved, offer_id: self.saved.get(offer_id, Decimal(0)) + amount})


def taken_back_of(order: Order) -> TakenBack:
    """Return what was taken back of each offer."""
    taken = TakenBack({}, {})
    rows = Adjustment.objects.filter(order=order, kind=AdjustmentKind.TAKEN_BACK).order_by("pk")
    for offer_id, amount, items in rows.values_list("redemption__offer__offer_id", "amount", "items"):
        taken = taken.with_amount(offer_id, amount)
        if items:
            taken = taken.with_units(offer_id, {row["item_id"]: row["units"] for row in items})
    return taken


def lines_after(bill: Quote, taken: TakenBack) -> tuple[tuple[QuoteLine, ...], Money]:
    """Return the lines and the total of a bill after so much was taken back of its offers."""
    read = read_quote(bill)
    if not taken.saved and not taken.units:
        return read.lines, Money(bill.total, bill.currency)
    # What an offer saved on units goes with them.
    amounts = {offer_id: amount for offer_id, amount in taken.saved.items() if offer_id not in taken.units}
    lines = with_less(read.lines, amounts, read.terms.tax, bill.currency, taken.units)
    return lines, total(lines, bill.currency)


def _sum(some: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    return dict(Counter(some) + Counter(more))
