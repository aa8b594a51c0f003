"""The panels of an order's page that explain its price: each quote's offers with their reasons, and the ledger."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from cpo_portal.adminkit.display import EMPTY, Tone, chip, money, when
from cpo_portal.charging.models import Order
from cpo_portal.charging.panels import Panel, table, zone_of
from offers.engine.codec import trace_from_json
from offers.engine.values import OfferOutcome, OfferTrace, Outcome
from offers.models import LedgerEntry, Quote, Redemption, RedemptionState
from offers.trace_words import OUTCOMES, choice_in_words, outcome_in_words

_SHOWN_QUOTES = 5
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


def considered(request: HttpRequest, order: Order) -> Panel | None:
    """Say for every quote of the order which offers were looked at, and what became of each."""
    quotes = Quote.objects.filter(order=order).select_related("tariff_version").order_by("-created_at")
    parts = [_quote(quote, order) for quote in quotes[:_SHOWN_QUOTES]]
    return Panel("Why this price", format_html_join("", "{}", ((part,) for part in parts))) if parts else None


def held(request: HttpRequest, order: Order) -> Panel | None:
    """Show which offers the order holds or has used."""
    rows = [
        (
            f"{row.version.name} (version {row.version.number})",
            chip(row.get_state_display(), REDEMPTION_TONES[RedemptionState(row.state)]),
            money(row.reserved, row.currency),
            money(row.committed, row.currency),
            money(row.reversed, row.currency),
        )
        for row in Redemption.objects.filter(order=order).select_related("version").order_by("created_at")
    ]
    headers = ("Offer", "State", "Reserved", "Given", "Taken back")
    return Panel("Offers held and used", table(headers, rows, numbers=(2, 3, 4))) if rows else None


def ledger(request: HttpRequest, order: Order) -> Panel | None:
    """Show the entries that the order made in the offers' ledger."""
    zone = zone_of(order)
    rows = [
        (
            when(entry.at, zone),
            entry.get_kind_display(),
            f"{entry.offer} (version {entry.version_number})",
            money(entry.amount, entry.currency),
            f"{entry.uses:+d}" if entry.uses else "",
            entry.reference or EMPTY,
        )
        for entry in LedgerEntry.objects.filter(redemption__order=order).select_related("offer").order_by("id")
    ]
    headers = ("When", "Entry", "Offer", "Amount", "Uses", "Reference")
    return Panel("Offer ledger", table(headers, rows, numbers=(3, 4))) if rows else None


def _quote(quote: Quote, order: Order) -> SafeString:
    trace = trace_from_json(quote.trace) if quote.trace else OfferTrace()
    title = "Bill" if quote.is_bill else "Quote in force" if quote.pk == order.quote_ref else "Earlier quote"
    tariff = f"tariff {quote.terms['tariff_id']}, version {quote.terms['tariff_version']}"
    made = f"{when(quote.created_at, zone_of(order))}, {tariff}, engine {quote.engine_version}"
    outcomes = table(("Offer", "Outcome", "Why", "Saving"), map(_outcome, trace.outcomes), numbers=(3,))
    return format_html(
        "<p><strong>{}: {}</strong> – {}.</p><p>{}</p>{}",
        title,
        money(quote.total, quote.currency),
        made,
        choice_in_words(trace),
        outcomes if trace.outcomes else "",
    )


def _outcome(outcome: OfferOutcome) -> tuple[object, ...]:
    version = f", version {outcome.version}" if outcome.version else ""
    return (
        f"{outcome.name or outcome.offer_id} ({outcome.offer_id}{version})",
        chip(OUTCOMES[outcome.outcome], OUTCOME_TONES[outcome.outcome]),
        outcome_in_words(outcome),
        money(outcome.saving.amount, outcome.saving.currency),
    )
