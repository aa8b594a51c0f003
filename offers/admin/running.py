"""The panels of an order's page that show the meter's price: the cost so far, and the bill's energy by time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from cpo_portal.adminkit.display import EMPTY, money, when
from cpo_portal.charging.models import FulfillmentState, Order, OrderState, PricedSlice
from cpo_portal.charging.panels import Panel, table, zone_of
from cpo_portal.charging.wording import oddities
from offers.models import Quote
from offers.ordering.orders import read_quote
from offers.ordering.settle import bill_of
from offers.receipts.slices import Surcharged
from pricing.engine.describe import QUALITIES
from pricing.engine.values import PricingError, SliceQuality
from pricing.engine.wording import energy_text, money_text

#: The page asks for the panel again, which is the same function of the readings as the bill.
_LIVE = (
    '<div id="cost-so-far" hx-get="" hx-select="#cost-so-far" hx-swap="outerHTML" hx-trigger="every 15s">{}{}{}</div>'
)


def running(request: HttpRequest, order: Order) -> Panel | None:
    """Show what a session costs so far, or would be billed, while it has no bill."""
    if order.state != OrderState.ACTIVE or order.fulfillment_state == FulfillmentState.PENDING:
        return None
    try:
        bill = bill_of(order, now=timezone.now())
    except PricingError as refusal:
        return Panel("Cost so far", format_html(_LIVE, format_html("<p>{}</p>", refusal), "", ""))
    except Quote.DoesNotExist:  # without its quote an order has no price
        return None
    rows = [(line.title, money(line.amount.amount, order.currency)) for line in bill.lines]
    rows.append(("Total", money(bill.total.amount, order.currency)))
    odd = oddities(bill.flags)
    note = format_html("<p>To be looked at: {}.</p>", odd) if odd else ""
    parts = _slices(bill.slices, order, Surcharged(bill.terms, bill.lines))
    return Panel("Cost so far", format_html(_LIVE, note, _table(rows), parts))


def slices(request: HttpRequest, order: Order) -> Panel | None:
    """Show the energy of the bill by time and price with its surges, and how it is known."""
    parts = list(PricedSlice.objects.filter(order=order).order_by("position"))
    if not parts:
        return None
    bill = read_quote(Quote.objects.get(order=order, is_bill=True))
    return Panel("Energy by time", _slices(parts, order, Surcharged(bill.terms, bill.lines)))


def _table(rows: list[tuple[Any, ...]]) -> SafeString:
    return table(("Line", "Amount"), rows, numbers=(1,))


def _slices(parts: Iterable[Any], order: Order, surcharged: Surcharged) -> SafeString:
    zone = zone_of(order)
    rows = [
        (
            when(part.starts_at, zone),
            when(part.ends_at, zone),
            energy_text(part.energy_wh),
            f"{money_text(part.rate, order.currency)}/kWh",
            QUALITIES[SliceQuality(part.quality)],
            surcharged.names(part) or EMPTY,
        )
        for part in parts
    ]
    headers = ("From", "To", "Energy", "Price", "How it is known", "Surges on top")
    return table(headers, rows, numbers=(2, 3)) if rows else format_html("{}", EMPTY)
