"""The panel of an order's page that leads to its receipt."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html

from cpo_portal.accounts.access import Right
from cpo_portal.adminkit.display import when
from cpo_portal.adminkit.rules import rights
from cpo_portal.charging.models import Order
from cpo_portal.charging.panels import Panel, zone_of
from offers.receipts.links import expiry_of, receipt_url


def receipt(request: HttpRequest, order: Order) -> Panel | None:
    """Link the receipt of a billed order, for whoever may read who was billed."""
    if order.settled_at is None or Right.CHANGE not in rights(request):
        return None
    expires_at = expiry_of(order.settled_at, timezone.now())
    return Panel(
        "Receipt",
        format_html(
            '<p><a href="{}">Open the receipt</a> – whoever has this link may read it until {}; the '
            "buyer app got one with the bill.</p>",
            receipt_url(order.pk, expires_at),
            when(expires_at, zone_of(order)),
        ),
    )
