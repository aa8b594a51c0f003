"""The panels of an order's page that lead to its receipt, and doubt the tax id that the tax goes by."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html

from cpo_portal.accounts.access import Right
from cpo_portal.adminkit.display import when
from cpo_portal.adminkit.rules import rights
from cpo_portal.charging.models import Order, OrderState
from cpo_portal.charging.panels import Panel, zone_of
from offers.receipts.links import expiry_of, receipt_url
from offers.receipts.tax import DOUBT, billing_of, is_doubtful
from pricing.models import TaxProfile


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


def tax_id(request: HttpRequest, order: Order) -> Panel | None:
    """Say that the buyer's tax id is no GSTIN though it was meant as one, to whoever may read who is billed."""
    if order.state == OrderState.CANCELLED or Right.CHANGE not in rights(request):
        return None
    if not is_doubtful(billing := billing_of(order)):
        return None
    if not TaxProfile.objects.filter(cpo=order.cpo).exclude(gstin="").exists():
        return None
    said = (
        f"{billing['tax_id']}: {DOUBT[:1].lower()}{DOUBT[1:]}. Ask the buyer for the right one before you file the tax."
    )
    return Panel("Tax id", format_html("<p>{}</p>", said))
