"""What an order's page says of events, refunds and stops, in words instead of the codes that are kept of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from cpo_portal.adminkit.display import EMPTY, money
from cpo_portal.charging.balances.units import ENERGY, in_words
from cpo_portal.charging.models import EventKind, OrderState, Payment, PaymentStatus

#: Why money is owed back; the codes are part of the API.
REFUND_REASONS = {
    "CANCELLATION": "Order cancelled",
    "SETTLEMENT": "Paid more than billed",
    "LATE_PAYMENT": "Paid after the cancellation",
    "ALREADY_PAID": "Paid twice",
    "WRONG_AMOUNT": "Another amount was paid",
    "WRONG_CURRENCY": "Another currency was paid",
    "BILL": "Bill refunded",
    "EXCHANGE": "Exchange returned",
    "RETURNED": "Given products taken back",
}
CANCELLED_BY = {"CONSUMER": "the driver", "PROVIDER": "the CPO"}
#: Reasons that this portal gives a stop; every other one is the charging system's own word.
STOP_REASONS = {
    "ChargerFault": "the charger was out of order for too long",
    "Silent": "nothing was heard of the charger",
    "StopIgnored": "the charger did not stop when it was told to",
    "EndedByStaff": "ended by staff",
}
#: What cannot be true of a stop beside the readings, and why a bill waits for a person.
ODDITIES = {
    "register_backwards": "the register went backwards",
    "readings_after_stop": "there are later readings",
    "REVIEW_POWER": "more power was metered than the connector gives",
    "REGISTER_BACKWARDS": "the register went backwards: only what is above its highest was billed",
    "NO_ENERGY": "no energy came, and standing there would be charged from the start on",
    "NO_READINGS": "there are no readings: no energy was billed",
    "ONE_READING": "there is one reading alone: no energy was billed",
    "READINGS_OUTSIDE_SESSION": "readings lie before the start or after the stop",
    "STOP_BEFORE_START": "the stop is before the start",
}
Detail = Mapping[str, Any]


def oddities(flags: Iterable[str]) -> str:
    """Return what is odd about a session's readings, in words; "" for nothing."""
    return "; ".join(ODDITIES.get(flag, flag) for flag in flags)


def refund_reason(code: str) -> str:
    """Return why money is owed back; a code without words as it is kept, and without the number of a second one."""
    return REFUND_REASONS.get(code.rstrip(" 0123456789"), code)


def payment_state(payment: Payment) -> str:
    """Return what became of a request for money: paid, not yet, not asked for any more, or nothing to pay."""
    if payment.is_void or (payment.status == PaymentStatus.NOT_PAID and payment.order.state == OrderState.CANCELLED):
        return str(PaymentStatus.VOID.label)
    if payment.status == PaymentStatus.PAID and payment.paid_at is None and not payment.amount:
        return "Nothing to pay"
    return str(PaymentStatus(payment.status).label)


def notice_outcome(code: str) -> str:
    """Return what became of a gateway's report."""
    return code.replace("_", " ").capitalize()


def cancelled_by(code: str) -> str:
    """Return who gave an order up."""
    return CANCELLED_BY.get(code, code)


def stop_reason(code: str) -> str:
    """Return why a session stopped: in words where this portal ended it, else as the charging system said it."""
    return STOP_REASONS.get(code, code)


def energy(watt_hours: int) -> str:
    """Return 5200 as 5.200 kWh."""
    return f"{watt_hours / 1000:,.3f} kWh"


def event_in_words(kind: str, detail: Detail, currency: str) -> str:
    """Say what an event is about; `currency` is the order's. What it has no words for stands as it is kept."""
    say = _SAYINGS.get(EventKind(kind), _as_kept)
    try:
        return say(detail, currency) or EMPTY
    except KeyError:  # written by a release that kept less of it
        return _as_kept(detail, currency) or EMPTY


def _amount(detail: Detail, currency: str, name: str = "amount") -> str:
    return money(Decimal(detail[name]), detail.get("currency", currency))


def _as_kept(detail: Detail, currency: str) -> str:
    return ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in detail.items())


def _paid(detail: Detail, currency: str) -> str:
    return _amount(detail, currency) + (", too late for the order" if detail.get("late") else "")


def _unasked(detail: Detail, currency: str) -> str:
    return f"{_amount(detail, currency)}: {refund_reason(detail['outcome']).lower()}"


def _started(detail: Detail, currency: str) -> str:
    return f"meter at {energy(detail['register_wh'])}"


def _stopped(detail: Detail, currency: str) -> str:
    odd = [words for name, words in ODDITIES.items() if detail.get(name)]
    parts = (f"{energy(detail['delivered_wh'])} delivered", f"meter at {energy(detail['register_wh'])}")
    return "; ".join(part for part in (*parts, stop_reason(detail["reason"]), *odd) if part)


def _settled(detail: Detail, currency: str) -> str:
    sayings = {"REFUND": "{} comes back to the driver", "SHORTFALL": "{} is still to be paid"}
    owed = sayings.get(detail["settlement"], "nothing is owed").format(_amount(detail, currency))
    return "; ".join(filter(None, (owed, _energy(detail, "drawn from"), oddities(detail.get("flags", ())))))


def _cancelled(detail: Detail, currency: str) -> str:
    back = f"by {cancelled_by(detail['by'])}; {_amount(detail, currency, 'refund')} comes back"
    return "; ".join(filter(None, (back, _energy(detail, "back to"))))


def _refunded(detail: Detail, currency: str) -> str:
    reference = f", reference {detail['reference']}" if detail.get("reference") else ""
    return f"{_amount(detail, currency)}: {refund_reason(detail['reason']).lower()}{reference}"


def _reversed(detail: Detail, currency: str) -> str:
    what = detail.get("units") or _amount(detail, currency)
    return f"{detail['offer']}: {what} taken back, {detail['reference']}"


def _bill_refunded(detail: Detail, currency: str) -> str:
    credit = f", {_amount(detail, currency, 'prepaid')} to the prepaid balance" if detail.get("prepaid") else ""
    ownerless = _amount(detail, currency, "ownerless") if detail.get("ownerless") else ""
    instead = f" ({ownerless} of a balance that nobody has any more)" if ownerless else ""
    energy = f", {_energy(detail, 'back to')}" if detail.get("energy_wh") else ""
    return f"{_amount(detail, currency)} comes back{instead}{credit}{energy}, {detail['reference']}"


def _energy(detail: Detail, how: str) -> str:
    """Say what happened to the energy of a subscription, "" where it had none."""
    return f"{in_words(detail['energy_wh'], ENERGY)} {how} the subscription" if "energy_wh" in detail else ""


def _exchanged(detail: Detail, currency: str) -> str:
    to = "credited to the prepaid balance" if detail["to"] == "BALANCE" else "paid back"
    return f"{detail['offer']}: {_amount(detail, currency)} {to}, {detail['reference']}"


def _referred(detail: Detail, currency: str) -> str:
    return (
        f"{_amount(detail, currency)} credited to the driver, {_amount(detail, currency, 'referrer')} to who sent them"
    )


def _held(detail: Detail, currency: str) -> str:
    return detail.get("reason") or oddities(detail.get("flags", ()))


_SAYINGS: Mapping[EventKind, Callable[[Detail, str], str]] = {
    EventKind.PLACED: lambda detail, currency: f"quote {detail['quote']}",
    EventKind.PAYMENT_REPORTED: _paid,
    EventKind.PAYMENT_UNASKED: _unasked,
    EventKind.CHARGING_STARTED: _started,
    EventKind.CHARGING_STOPPED: _stopped,
    EventKind.SETTLED: _settled,
    EventKind.CANCELLED: _cancelled,
    EventKind.REFUNDED: _refunded,
    EventKind.REFUND_PAID: _refunded,
    EventKind.REVERSED: _reversed,
    EventKind.HELD: _held,
    EventKind.BILL_REFUNDED: _bill_refunded,
    EventKind.EXCHANGED: _exchanged,
    EventKind.REFERRED: _referred,
}
