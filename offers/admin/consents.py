"""The panel of an order's page that shows what its driver agreed to: the surge of a quote, word for word."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.html import format_html, format_html_join

from cpo_portal.adminkit.display import money, when
from cpo_portal.charging.models import Order
from cpo_portal.charging.panels import Panel, table, zone_of
from offers.models import SurgeConsent


def consents(request: HttpRequest, order: Order) -> Panel | None:
    """Show every consent that the order was made with."""
    zone = zone_of(order)
    rows = [
        (
            when(consent.at, zone),
            f"{consent.get_channel_display()} {consent.bap_id}",
            format_html_join("", "<p>{}</p>", ((part["words"],) for part in consent.parts)),
            money(consent.amount, consent.currency),
            format_html("<code>{}</code><br>SHA-256 <code>{}</code>", consent.quote_id, consent.text_hash),
        )
        for consent in SurgeConsent.objects.filter(order=order)
    ]
    headers = ("When", "Through", "What the driver agreed to", "Amount", "Quote and text")
    return Panel("Consent to surcharges", table(headers, rows, numbers=(3,))) if rows else None
