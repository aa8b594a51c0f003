"""What the changes of a sale after its bill come to, in words for staff: before they are made and after."""

from __future__ import annotations

from decimal import Decimal

from cpo_portal.adminkit.display import EMPTY, money
from cpo_portal.charging.balances.holds import taken_by
from cpo_portal.charging.balances.units import ENERGY, in_words
from cpo_portal.charging.models import Order, PaymentStatus
from offers.models import Adjustment
from offers.ordering.adjusting import units_text
from offers.ordering.orders import paid_for
from offers.ordering.refund import OWNERLESS, energy_back, ownerless_of, refund_of
from offers.ordering.takeable import Takeable, takeable_of

_NEVER_PAID = "Nothing was paid for this session, so nothing comes back."
_NOTHING_LEFT = (
    "All that was paid for this session went back already or is due to the driver, so nothing more comes back."
)


def taken_back_in_words(done: Adjustment) -> str:
    """Return "₹10.00 was taken back; the driver owes ₹11.80."."""
    if done.repeated:
        return _again(done)
    if done.items:
        back = f"{money(done.refund.amount, done.currency)} is due to the driver" if done.refund else "nothing is owed"
        return f"{units_text(done.items)} was taken back; {back}."
    owed = f"the driver owes {money(done.owed, done.currency)}" if done.owed else "it had saved no money"
    return f"{money(done.amount, done.currency)} was taken back; {owed}."


def refunded_in_words(done: Adjustment) -> str:
    """Return "₹51.45 is due to the driver, ₹40.00 to the prepaid balance."."""
    if done.repeated:
        return _again(done)
    cash = done.refund.amount if done.refund else Decimal(0)
    credit = f", {money(done.amount - cash, done.currency)} to the prepaid balance" if done.amount > cash else ""
    energy = energy_back(done.order)
    pools = f" {in_words(energy, ENERGY)} went back to the subscription." if energy else ""
    ownerless = _ownerless(ownerless_of(done.order).amount, done)
    return f"{money(cash, done.currency)} is due to the driver{credit}.{pools}{ownerless}"


def valued_in_words(done: Adjustment) -> str:
    """Return "₹500.00 was credited to the driver's balance."."""
    if done.repeated:
        return _again(done)
    to = "was credited to the driver's balance" if done.balance_id else "is due to the driver"
    return f"{money(done.amount, done.currency)} {to}."


def refund_beforehand(order: Order) -> str:
    """Say what a refund of the bill would pay back, and what would not be asked for any more."""
    back = refund_of(order)
    cash, credit, asked = (money(x, order.currency) for x in (back.cash.amount, back.credit, back.asked))
    if back.cash and back.credit:
        said = f"{cash} will be due to the driver, and {credit} goes back to the prepaid balance."
    elif back.credit:
        said = f"{credit} goes back to the prepaid balance; nothing was paid in money."
    elif back.cash:
        said = f"{cash} will be due to the driver."
    elif back.energy:
        said = "No money comes back."
    else:
        said = _NOTHING_LEFT if paid_for(order) or taken_by(order) else _NEVER_PAID
    if back.energy:
        said = f"{said} {in_words(back.energy, ENERGY)} goes back to the subscription."
    said += _ownerless(back.ownerless.amount, order)
    return f"{said} {asked} that nobody has paid yet is not asked for any more." if back.asked else said


def takeable_in_words(left: Takeable) -> str:
    """Return what of an offer can be taken back, as a choice."""
    name = left.redemption.version.name
    if left.units:
        return f"{name}: {left.units} × {left.product}"
    return f"{name}: {money(left.amount, left.redemption.currency) if left.amount else 'its use alone'}"


def take_back_beforehand(order: Order) -> str:
    """Say what it comes to, with its tax, where all that is left of each offer is taken back."""
    return " ".join(map(_all_of_it, takeable_of(order)))


def _all_of_it(left: Takeable) -> str:
    name, currency = f"“{left.redemption.version.name}”", left.redemption.currency
    if left.units:
        paid = f"the driver gets {money(-left.change, currency)} back" if left.change < 0 else "no money is owed"
        return f"All {left.units} × {left.product} of {name}: {paid}."
    if not left.amount:
        return f"{name} saved no money: only its use is taken back."
    owed = money(left.change, currency)
    return f"All {money(left.amount, currency)} of {name}: the driver owes {owed} with tax."


def owed_in_words(row: Adjustment) -> str:
    """Return what the driver still owes for an offer taken back; a payment that is made or void is no debt."""
    if row.payment is None or not row.owed:
        return EMPTY
    asked = money(row.owed, row.currency)
    if row.payment.is_void:
        return "Nothing any more"
    return f"Paid: {asked}" if row.payment.status == PaymentStatus.PAID else asked


def _ownerless(amount: Decimal, row: Adjustment | Order) -> str:
    return f" {OWNERLESS.format(money(amount, row.currency))}" if amount else ""


def _again(done: Adjustment) -> str:
    what = units_text(done.items) or money(done.amount, done.currency)
    return f"Nothing was changed: {done.reference} had been written before, {what}."
