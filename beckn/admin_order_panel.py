"""The panel of an order's page that lists what was said about it on the network, with links to the messages."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from beckn.models import InboundMessage, InboundState, OutboundCallback, OutboundState
from cpo_portal.adminkit.display import Tone, chip, when
from cpo_portal.charging.models import Order
from cpo_portal.charging.panels import Panel, table, zone_of

SHOWN = 100
TONES: dict[str, Tone] = {
    InboundState.RECEIVED: Tone.INFO,
    InboundState.DONE: Tone.GOOD,
    InboundState.DEAD: Tone.BAD,
    OutboundState.PENDING: Tone.INFO,
    OutboundState.DELIVERED: Tone.GOOD,
    OutboundState.EXPIRED: Tone.WARN,
    OutboundState.DEAD: Tone.BAD,
}


def messages(request: HttpRequest, order: Order) -> Panel | None:
    """List the transaction's requests and callbacks of this CPO in the order of time."""
    ours = {"cpo": order.cpo_id, "bap_id": order.bap_id, "transaction_id": order.transaction_id}
    found: list[tuple[datetime, str, InboundMessage | OutboundCallback]] = [
        *((row.received_at, "in", row) for row in InboundMessage.objects.filter(**ours).order_by("id")[:SHOWN]),
        *((row.created_at, "out", row) for row in OutboundCallback.objects.filter(**ours).order_by("sequence")[:SHOWN]),
    ]
    zone = zone_of(order)
    rows = [
        (
            when(at, zone),
            "→" if way == "in" else "←",
            _link(row),
            chip(row.get_state_display(), TONES[row.state]),
            row.message_id,
        )
        for at, way, row in sorted(found, key=lambda entry: entry[0])
    ]
    return Panel("Messages", table(("When", "", "Action", "State", "Message id"), rows)) if rows else None


def _link(row: InboundMessage | OutboundCallback) -> SafeString:
    address = reverse(f"admin:beckn_{row._meta.model_name}_change", args=[row.pk])
    return format_html('<a href="{}">{}</a>', address, row.action)
