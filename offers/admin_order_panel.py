"""The panel of an order's page that explains its price: each quote's offers with their reasons, and the ledger."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from cpo_portal.adminkit.display import Tone, chip, money, when
from cpo_portal.charging.models import Order
from offers.engine.codec import trace_from_json
from offers.engine.values import OfferOutcome, OfferTrace, Outcome
from offers.models import LedgerEntry, Quote, Redemption, RedemptionState
from offers.trace_words import OUTCOMES, choice_in_words, outcome_in_words

OUTCOME_TONES = {
    Outcome.APPLIED: Tone.GOOD,
    Outcome.ELIGIBLE_NOT_CHOSEN: Tone.INFO,
    Outcome.INELIGIBLE: Tone.NEUTRAL,
    Outcome.LIMITED: Tone.WARN,
}
REDEMPTION_TONES = {
    RedemptionState.RESERVED: Tone.INFO,
    RedemptionState.COMMITTED: Tone.GOOD,
    RedemptionState.RELEASED: Tone.NEUTRAL,
    RedemptionState.REVERSED: Tone.WARN,
}


def offers_panel(request: HttpRequest, order: Order) -> SafeString:
    """Return the panel's HTML; inside the order's CPO scope."""
    zone = order.cpo.time_zone
    quotes = Quote.objects.filter(order=order).order_by("-created_at")[:5]
    redemptions = Redemption.objects.filter(order=order).select_related("offer", "version").order_by("created_at")
    entries = LedgerEntry.objects.filter(redemption__order=order).select_related("offer").order_by("id")
    context = {
        "quotes": [_quote(quote, order, zone) for quote in quotes],
        "redemptions": [_redemption(redemption) for redemption in redemptions],
        "entries": [_entry(entry, zone) for entry in entries],
    }
    return SafeString(render_to_string("offers/admin/order_panel.html", context, request))


def _quote(quote: Quote, order: Order, zone: str) -> dict[str, Any]:
    trace = trace_from_json(quote.trace) if quote.trace else OfferTrace()
    return {
        "title": "Bill" if quote.is_bill else "Quote in force" if quote.pk == order.quote_ref else "Earlier quote",
        "id": str(quote.pk),
        "at": when(quote.created_at, zone),
        "total": money(quote.total, quote.currency),
        "versions": f"tariff {quote.terms['tariff_id']} version {quote.tariff_version.number}, engine "
        f"{quote.engine_version}",
        "choice": choice_in_words(trace),
        "outcomes": [_outcome(outcome) for outcome in trace.outcomes],
    }


def _outcome(outcome: OfferOutcome) -> dict[str, Any]:
    return {
        "name": outcome.name or outcome.offer_id,
        "offer_id": outcome.offer_id,
        "version": outcome.version,
        "chip": chip(OUTCOMES[outcome.outcome], OUTCOME_TONES[outcome.outcome]),
        "words": outcome_in_words(outcome),
        "saving": money(outcome.saving.amount, outcome.saving.currency),
    }


def _redemption(redemption: Redemption) -> dict[str, Any]:
    state = RedemptionState(redemption.state)
    return {
        "offer": f"{redemption.version.name} (version {redemption.version.number})",
        "chip": chip(state.label, REDEMPTION_TONES[state]),
        "reserved": money(redemption.reserved, redemption.currency),
        "committed": money(redemption.committed, redemption.currency),
        "reversed": money(redemption.reversed, redemption.currency),
    }


def _entry(entry: LedgerEntry, zone: str) -> dict[str, Any]:
    return {
        "at": when(entry.at, zone),
        "what": entry.get_kind_display(),
        "offer": str(entry.offer),
        "amount": money(entry.amount, entry.currency),
        "uses": f"{entry.uses:+d}" if entry.uses else "",
        "reference": entry.reference,
    }
