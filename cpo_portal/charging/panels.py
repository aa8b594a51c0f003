"""The panels of an order's page and a group's; rooms above add theirs to the lists without this room knowing them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from cpo_portal.accounts.access import Right
from cpo_portal.adminkit.display import EMPTY, Tone, chip, money, table, when
from cpo_portal.adminkit.rules import rights
from cpo_portal.charging.balances.units import in_words
from cpo_portal.charging.models import (
    BalanceHold,
    ChargingSession,
    CustomerGroup,
    EventKind,
    FulfillmentState,
    GatewayNotice,
    LineStage,
    Order,
    OrderContact,
    OrderState,
    Payment,
    Refund,
    RefundStatus,
    SessionState,
)
from cpo_portal.charging.payments.reports import NoticeOutcome
from cpo_portal.charging.sessions.reports import delivered_wh
from cpo_portal.charging.wording import (
    energy,
    event_in_words,
    notice_outcome,
    payment_state,
    refund_reason,
    stop_reason,
)

ORDER_TONES = {
    OrderState.INITIALISED: Tone.NEUTRAL,
    OrderState.ACTIVE: Tone.INFO,
    OrderState.COMPLETE: Tone.GOOD,
    OrderState.CANCELLED: Tone.WARN,
}
SESSION_TONES = {
    SessionState.ACTIVE: Tone.INFO,
    SessionState.INTERRUPTED: Tone.WARN,
    SessionState.STOPPED: Tone.GOOD,
}
EVENT_TONES = {
    EventKind.CANCELLED: Tone.WARN,
    EventKind.INTERRUPTED: Tone.WARN,
    EventKind.HELD: Tone.BAD,
    EventKind.CHARGER_FAILED: Tone.BAD,
    EventKind.PAYMENT_UNASKED: Tone.BAD,
    EventKind.REFUND_PAID: Tone.GOOD,
    EventKind.SETTLED: Tone.GOOD,
}


NO_SYSTEM = "The charger has no charging system any more: give it one, or cancel the order."


@dataclass(frozen=True, slots=True)
class Panel:
    """A titled part of the page; `body` is safe HTML, made with `table()` or format_html."""

    title: str
    body: SafeString


#: Called in this order with the request and the order; None leaves the panel out.
ORDER_PANELS: list[Callable[[HttpRequest, Order], Panel | None]] = []
#: The same for a group of customers.
GROUP_PANELS: list[Callable[[HttpRequest, CustomerGroup], Panel | None]] = []


def panels_of(request: HttpRequest, order: Order) -> list[Panel]:
    """Return this room's panels, then those that upper rooms added."""
    own = (hindrance, contact, quote, bill, payments, prepaid, reports, refunds, session, timeline)
    made = (make(request, order) for make in (*own, *ORDER_PANELS))
    return [panel for panel in made if panel is not None]


def zone_of(order: Order) -> str:
    """Return the zone in whose clock the order's page speaks: the location's."""
    return order.connector.charger.location.time_zone


def hindrance(request: HttpRequest, order: Order) -> Panel | None:
    """Why nobody can start a session that is still to come."""
    waits = order.state in {OrderState.INITIALISED, OrderState.ACTIVE}
    waits = waits and order.fulfillment_state == FulfillmentState.PENDING
    if not waits or order.connector.charger.system_id is not None:
        return None
    return Panel("Cannot be started", chip(NO_SYSTEM, Tone.BAD))


def contact(request: HttpRequest, order: Order) -> Panel | None:
    """Personal data, for those who operate."""
    kept = OrderContact.objects.filter(order=order).first()
    if kept is None or Right.CHANGE not in rights(request):
        return None
    rows = [
        (name, ", ".join(str(value) for value in part.values() if value and not isinstance(value, dict | list)))
        for name, part in (("Billing", kept.billing), ("Driver", kept.customer))
        if part
    ]
    return Panel("Contact", table(("", "As the buyer app sent it"), rows)) if rows else None


def quote(request: HttpRequest, order: Order) -> Panel | None:
    return Panel("Quote", _lines(order, LineStage.QUOTED))


def bill(request: HttpRequest, order: Order) -> Panel | None:
    return Panel("Bill", _lines(order, LineStage.BILLED)) if order.billed_amount is not None else None


def payments(request: HttpRequest, order: Order) -> Panel | None:
    zone = zone_of(order)
    rows = [
        (
            row.get_type_display(),
            payment_chip(row),
            money(row.amount, row.currency),
            paid_text(row),
            row.gateway_reference or EMPTY,
            when(row.paid_at, zone),
        )
        for row in Payment.objects.filter(order=order).select_related("order")
    ]
    headers = ("Due", "State", "Amount", "Paid", "Reference", "When")
    return Panel("Payments", table(headers, rows, numbers=(2, 3))) if rows else None


def prepaid(request: HttpRequest, order: Order) -> Panel | None:
    """What the order holds of balances, or has drawn on them."""
    rows = [
        (
            row.balance.name,
            row.get_state_display(),
            in_words(row.amount, row.balance.currency),
            in_words(row.taken, row.balance.currency),
            when(row.created_at, zone_of(order)),
        )
        for row in BalanceHold.objects.filter(order=order).select_related("balance")
    ]
    headers = ("Balance", "State", "Held", "Drawn", "Since")
    return Panel("Prepaid balances", table(headers, rows, numbers=(2, 3))) if rows else None


def reports(request: HttpRequest, order: Order) -> Panel | None:
    """What the gateway reported, also the money that did not match."""
    zone = zone_of(order)
    rows = [
        (
            when(row.received_at, zone),
            notice_chip(row),
            money(row.received_amount, row.received_currency),
            row.reference or EMPTY,
            row.event_id,
        )
        for row in GatewayNotice.objects.filter(payment__order=order).order_by("id")
    ]
    headers = ("When", "Outcome", "Amount", "Reference", "Event")
    return Panel("Gateway reports", table(headers, rows, numbers=(2,))) if rows else None


def refunds(request: HttpRequest, order: Order) -> Panel | None:
    zone = zone_of(order)
    rows = [
        (
            link_to(row, refund_reason(row.reason)),
            refund_chip(row),
            money(row.amount, row.currency),
            row.description,
            when(row.due_by, zone),
            paid_back_text(row, zone),
        )
        for row in Refund.objects.filter(order=order).select_related("paid_by")
    ]
    headers = ("Reason", "State", "Amount", "Why", "Due by", "Paid back")
    return Panel("Refunds", table(headers, rows, numbers=(2,))) if rows else None


def session(request: HttpRequest, order: Order) -> Panel | None:
    row = ChargingSession.objects.select_related("system").filter(order=order).first()
    if row is None:
        return None
    zone = zone_of(order)
    late = row.late_stop_at
    rows = [
        ("State", chip(row.get_state_display(), SESSION_TONES[SessionState(row.state)])),
        ("Session", f"{row.session_id} of {row.system}"),
        ("Started", when(row.started_at, zone)),
        ("Stopped", ", ".join(filter(None, (when(row.stopped_at, zone), stop_reason(row.stop_reason))))),
        ("Delivered", energy(delivered_wh(row))),
        ("Register", f"{energy(row.start_register_wh)} → {energy(row.last_register_wh)}"),
        ("Readings", f"{row.readings.count()}, the last {when(row.last_reading_at, zone)}"),
        ("Asked to stop", when(row.stop_requested_at, zone)),
    ]
    if row.given_up_at is not None:
        rows.append(("Ended by the portal", when(row.given_up_at, zone)))
        stop = f"{when(late, zone)} at {energy(row.late_register_wh or 0)}, not billed" if late else EMPTY
        rows.append(("Charger's own stop", stop))
    return Panel("Session", table(("", ""), rows))


def timeline(request: HttpRequest, order: Order) -> Panel | None:
    zone = zone_of(order)
    rows = [
        (
            when(event.occurred_at, zone),
            chip(event.get_kind_display(), EVENT_TONES.get(EventKind(event.kind), Tone.INFO)),
            event_in_words(event.kind, event.detail, order.currency),
        )
        for event in order.events.order_by("id")
    ]
    return Panel("Events", table(("When", "What", "Detail"), rows)) if rows else None


def payment_chip(payment: Payment) -> SafeString:
    """Return whether the money is here."""
    return chip(payment_state(payment), Tone.GOOD if payment.paid_at is not None else Tone.NEUTRAL)


def paid_text(payment: Payment) -> str:
    """Return what was paid, – where nobody paid anything."""
    return EMPTY if payment.paid_at is None else money(payment.paid_amount, payment.currency)


def is_refunded(order: Order) -> bool:
    """Tell whether the whole bill was paid back; `refunded` of a list's rows says it without a query."""
    known: bool | None = getattr(order, "refunded", None)
    return order.events.filter(kind=EventKind.BILL_REFUNDED).exists() if known is None else known


def state_chips(order: Order) -> SafeString:
    """Return the order's state, and whether its bill was refunded."""
    state = chip(order.get_state_display(), ORDER_TONES[OrderState(order.state)])
    return format_html("{} {}", state, chip("Refunded", Tone.WARN)) if is_refunded(order) else state


def notice_chip(notice: GatewayNotice) -> SafeString:
    """Return what became of a report; money that nobody asked for wants a person."""
    outcome = NoticeOutcome(notice.outcome)
    tones = {NoticeOutcome.PAID: Tone.GOOD, NoticeOutcome.NOT_PAID: Tone.NEUTRAL}
    return chip(notice_outcome(notice.outcome), tones.get(outcome, Tone.BAD))


def refund_chip(refund: Refund) -> SafeString:
    """Return whether the money went back."""
    tones = {RefundStatus.PAID: Tone.GOOD, RefundStatus.DUE: Tone.WARN, RefundStatus.VOID: Tone.NEUTRAL}
    return chip(refund.get_status_display(), tones[RefundStatus(refund.status)])


def paid_back_text(refund: Refund, zone: str) -> str:
    """Return when, by whom and under which reference a refund was paid back."""
    if refund.paid_at is None:
        return EMPTY
    return f"{when(refund.paid_at, zone)} by {refund.paid_by}, reference {refund.paid_reference}"


def link_to(row: Refund, text: str) -> SafeString:
    """Return a link to a refund's page."""
    return format_html('<a href="{}">{}</a>', reverse("admin:charging_refund_change", args=[row.pk]), text)


def _lines(order: Order, stage: LineStage) -> SafeString:
    rows = [
        (
            line.title,
            line.get_kind_display(),
            f"{line.quantity.normalize():f} {line.unit}".strip() if line.quantity is not None else EMPTY,
            money(line.amount, line.currency),
        )
        for line in order.lines.filter(stage=stage)
    ]
    total = order.quoted_amount if stage == LineStage.QUOTED else order.billed_amount
    rows.append(("Total", "", "", money(total, order.currency)))
    return table(("Line", "Kind", "Quantity", "Amount"), rows, numbers=(2, 3))
