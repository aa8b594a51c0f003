"""The columns of what a CPO's accountant downloads of orders, payments and refunds, in the words of the screen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from cpo_portal.adminkit.display import plain_amount
from cpo_portal.charging.balances.units import in_sheet, unit_in_words
from cpo_portal.charging.models import (
    BalanceEntry,
    Customer,
    LineStage,
    Order,
    OrderLineKind,
    Payment,
    Refund,
)
from cpo_portal.charging.wording import payment_state, refund_reason

Columns = dict[str, Callable[[Any], Any]]

_APART = (OrderLineKind.DISCOUNT, OrderLineKind.TAX, OrderLineKind.ROUND_OFF)
_CHARGES = tuple(kind for kind in OrderLineKind if kind not in _APART)


def _billed(*kinds: OrderLineKind) -> Callable[[Order], Decimal | None]:
    """Return a column: the sum of the bill's lines of these kinds; empty while there is no bill."""

    def column(order: Order) -> Decimal | None:
        if order.billed_amount is None:
            return None
        lines = [line for line in order.lines.all() if line.stage == LineStage.BILLED and line.kind in kinds]
        return plain_amount(sum((line.amount for line in lines), Decimal(0)), order.currency)

    return column


def _kwh(order: Order) -> Decimal | None:
    """The energy that the bill charges."""
    lines: Iterable[Any] = order.lines.all()
    energy = [
        line.quantity
        for line in lines
        if line.stage == LineStage.BILLED and line.kind == OrderLineKind.ENERGY and line.quantity is not None
    ]
    return sum(energy, Decimal(0)).quantize(Decimal("0.001")) if energy else None


ORDER_COLUMNS: Columns = {
    "Order": lambda order: str(order.id),
    "Transaction": lambda order: order.transaction_id,
    "Made ({clock})": lambda order: order.created_at,
    "Buyer app": lambda order: order.bap_id,
    "Test order": lambda order: "yes" if order.sandbox else "no",
    "Connector": lambda order: order.connector.item_id,
    "Location": lambda order: order.connector.charger.location.name,
    "State": lambda order: order.get_state_display(),
    "Fulfillment": lambda order: order.get_fulfillment_state_display(),
    "Quoted": lambda order: plain_amount(order.quoted_amount, order.currency),
    "Billed energy (kWh)": _kwh,
    "Charges before discount": _billed(*_CHARGES),
    "Discount": _billed(OrderLineKind.DISCOUNT),
    "Tax": _billed(OrderLineKind.TAX),
    "Round-off": _billed(OrderLineKind.ROUND_OFF),
    "Billed": lambda order: plain_amount(order.billed_amount, order.currency),
    "Currency": lambda order: order.currency,
    "Settled ({clock})": lambda order: order.settled_at,
}

PAYMENT_COLUMNS: Columns = {
    "Payment": lambda row: str(row.id),
    "Order": lambda row: str(row.order_id),
    "Due": Payment.get_type_display,  # type: ignore[attr-defined]
    "State": payment_state,
    "Amount": lambda row: plain_amount(row.amount, row.currency),
    "Paid": lambda row: plain_amount(row.paid_amount, row.currency),
    "Currency": lambda row: row.currency,
    "Gateway reference": lambda row: row.gateway_reference,
    "Asked ({clock})": lambda row: row.created_at,
    "Paid at ({clock})": lambda row: row.paid_at,
}

REFUND_COLUMNS: Columns = {
    "Order": lambda row: str(row.order_id),
    "Reason": lambda row: refund_reason(row.reason),
    "Why": lambda row: row.description,
    "State": Refund.get_status_display,  # type: ignore[attr-defined]
    "Amount": lambda row: plain_amount(row.amount, row.currency),
    "Currency": lambda row: row.currency,
    "Made ({clock})": lambda row: row.created_at,
    "Due by ({clock})": lambda row: row.due_by,
    "Paid back ({clock})": lambda row: row.paid_at,
    "Reference": lambda row: row.paid_reference,
}


def _kept(name: str) -> Callable[[Customer], Any]:
    """Return a column of what the CPO keeps of a customer."""
    return lambda customer: getattr(getattr(customer, "record", None), name, None)


def _joined(customer: Customer) -> str:
    day = _kept("joined_on")(customer)
    return day.isoformat() if day else ""


#: They have the names that an import reads, so that a file can be changed and taken in again.
CUSTOMER_COLUMNS: Columns = {
    "customer": lambda customer: str(customer.id),
    "tier": _kept("tier"),
    "organisation": _kept("organisation"),
    "joined_on": _joined,
    "vehicle_make": _kept("vehicle_make"),
}

BALANCE_COLUMNS: Columns = {
    "Balance": lambda row: str(row.id),
    "Name": lambda row: row.name,
    "Customer": lambda row: str(row.customer_id or ""),
    "Group": lambda row: row.group.name if row.group else "",
    "Left": lambda row: in_sheet(row.amount, row.currency),
    "Held": lambda row: in_sheet(row.held, row.currency),
    "Currency": lambda row: unit_in_words(row.currency),
    "Subscription": lambda row: row.plan,
    "Expires ({clock})": lambda row: row.expires_at,
    "Made ({clock})": lambda row: row.created_at,
}

BALANCE_ENTRY_COLUMNS: Columns = {
    "Entry": lambda row: str(row.pk),
    "Balance": lambda row: str(row.balance_id),
    "Name": lambda row: row.balance.name,
    "At ({clock})": lambda row: row.at,
    "Kind": BalanceEntry.get_kind_display,  # type: ignore[attr-defined]
    "Amount": lambda row: in_sheet(row.amount, row.balance.currency),
    "Currency": lambda row: unit_in_words(row.balance.currency),
    "Reference": lambda row: row.reference,
    "Order": lambda row: str(row.order_id or ""),
    "By": lambda row: row.by.email if row.by else "",
    "Note": lambda row: row.note,
}
