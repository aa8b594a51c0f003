"""The panels of an order's page that explain its price: each quote's offers with their reasons, and the ledger."""

from __future__ import annotations

from itertools import groupby

from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from cpo_portal.adminkit.display import EMPTY, Tone, chip, money, when
from cpo_portal.charging.models import Order
from cpo_portal.charging.panels import Panel, table, zone_of
from offers.engine.values import Certificate, OfferOutcome, Outcome
from offers.explaining import STAGES, StoredPrice, prices_of
from offers.models import LedgerEntry, Redemption, RedemptionState
from offers.proofs import Reproof, reproof_in_words, reprove
from offers.reasons.names import names_for
from offers.reasons.traces import OUTCOMES, choice_in_words, outcome_in_words
from offers.reasons.words import Names

_SHOWN_QUOTES = 8
_SHOWN_DIFFERENCES = 20
OUTCOME_TONES = {
    Outcome.APPLIED: Tone.GOOD,
    Outcome.ELIGIBLE_NOT_CHOSEN: Tone.INFO,
    Outcome.INELIGIBLE: Tone.NEUTRAL,
    Outcome.LIMITED: Tone.WARN,
}
#: What is not given saves nothing.
_SAVING = frozenset({Outcome.APPLIED, Outcome.ELIGIBLE_NOT_CHOSEN})
REDEMPTION_TONES = {
    RedemptionState.RESERVED: Tone.INFO,
    RedemptionState.COMMITTED: Tone.GOOD,
    RedemptionState.RELEASED: Tone.NEUTRAL,
    RedemptionState.REVERSED: Tone.WARN,
}


def considered(request: HttpRequest, order: Order) -> Panel | None:
    """Say for every quote of the order, newest first, which offers were looked at, and what became of each.

    Quotes that follow each other and say the same are one.
    """
    alike = [list(group) for _, group in groupby(reversed(prices_of(order)), key=_what_it_says)]
    parts = [_quote(group, order) for group in alike[:_SHOWN_QUOTES]]
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


def _what_it_says(price: StoredPrice) -> object:
    quote = price.quote
    return quote.is_bill, quote.total, quote.currency, quote.terms_hash, quote.engine_version, quote.lines, quote.trace


def _quote(alike: list[StoredPrice], order: Order) -> SafeString:
    """Show the newest of quotes that say the same, and when each was made."""
    quote, trace = alike[0].quote, alike[0].trace
    stages = list(dict.fromkeys(STAGES[price.stage] for price in reversed(alike)))
    title = ", ".join([stages[0], *(f"{stage[:1].lower()}{stage[1:]}" for stage in stages[1:])])
    title += ", in force" if any(price.in_force for price in alike) else ""
    version = quote.tariff_version
    tariff = f"tariff {version.tariff}, version {version.number}"
    made = f"{when(quote.created_at, zone_of(order))}, {tariff}"
    names = names_for(trace.outcomes)
    rows = (_outcome(outcome, names) for outcome in trace.outcomes)
    outcomes = table(("Offer", "Outcome", "Why", "Saving"), rows, numbers=(3,))
    return format_html(
        '<p class="portal-quote"><strong>{}: {}</strong> – {}.</p><p>{} {}</p>{}{}',
        title,
        money(quote.total, quote.currency),
        made,
        choice_in_words(trace, names.offers),
        _certificate(alike[0]),
        outcomes if trace.outcomes else "",
        _proof(reprove(quote)),
    )


def _certificate(price: StoredPrice) -> str:
    """Say how good the choice was; a bill keeps the offers of its quote, so nothing was chosen for it."""
    trace = price.trace
    if not trace.chosen or price.quote.is_bill:
        return ""
    if trace.certificate is Certificate.BOUNDED:
        return "Others together might have saved more."
    if trace.difference is not None and trace.difference.amount < 0:
        return "It is the best by the driver's choices and your policy."
    return "No other offers together would have saved more."


def _proof(answer: Reproof) -> SafeString:
    """Say whether the same price comes out today, and which parts differ where it does not."""
    differing = [(f"{x.what.capitalize()} {x.name}", x.stored or EMPTY, x.now or EMPTY) for x in answer.differences]
    return format_html(
        "<p>{}</p>{}",
        reproof_in_words(answer),
        table(("Part", "Then", "Now"), differing[:_SHOWN_DIFFERENCES]) if differing else "",
    )


def _outcome(outcome: OfferOutcome, names: Names) -> tuple[object, ...]:
    version = f", version {outcome.version}" if outcome.version else ""
    return (
        f"{outcome.name or outcome.offer_id} ({outcome.offer_id}{version})",
        chip(OUTCOMES[outcome.outcome], OUTCOME_TONES[outcome.outcome]),
        outcome_in_words(outcome, names),
        money(outcome.saving.amount, outcome.saving.currency) if outcome.outcome in _SAVING else EMPTY,
    )
