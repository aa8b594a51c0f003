"""Stores a quote with what became of each candidate, and what it was made of, so that it can be proven again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cpo_portal.charging.models import Order
from cpo_portal.network.models import Connector
from offers.asking import SessionAsk
from offers.engine.codec import offer_to_json, trace_to_json
from offers.engine.facts import UNOBSERVED
from offers.engine.values import OfferTrace
from offers.models import Quote, QuoteOffer
from offers.priced import PricedSession
from offers.proofs import proof_of_choice
from pricing.engine import values as engine
from pricing.engine.codec import encode, request_to_json, terms_hash, terms_to_json


def cart_hash(connector: Connector, ask: SessionAsk) -> str:
    """Name the cart: the same connector, measure, products and plan; offers are no part of it."""
    start = ask.planned_start if ask.start_given else None
    text = repr((connector.pk, ask.measure, sorted(ask.products, key=repr), start, ask.planned_end))
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who a quote is for on the network."""

    bap_id: str
    transaction_id: str
    sandbox: bool = False


def store_quote(
    priced: PricedSession,
    connector: Connector,
    ask: SessionAsk,
    buyer: Buyer,
    *,
    now: datetime,
    order: Order | None = None,
) -> Quote:
    """Store the quote with one row per candidate; in the caller's transaction."""
    quote = priced.quote
    valid_until = priced.kept_until or now + timedelta(minutes=priced.policy.quote_minutes)
    return write_quote(
        quote,
        Quote(
            cpo=connector.cpo,
            bap_id=buyer.bap_id,
            transaction_id=buyer.transaction_id,
            sandbox=buyer.sandbox,
            order=order,
            tariff_version=priced.tariff_version,
            valid_until=valid_until,
            offer_terms=[offer_to_json(terms) for terms in priced.applied()],
            max_discount_percent=priced.policy.max_discount_percent,
            cart_hash=cart_hash(connector, ask),
            choices=_choices(priced, ask),
            proof=_proof(priced, connector.cpo_id),
            levels=encode(priced.levels) if priced.levels != UNOBSERVED else None,
            created_at=now,
        ),
        priced.book.keys,
    )


def _choices(priced: PricedSession, ask: SessionAsk) -> dict[str, Any]:
    """Return what was said beside the cart, by which it is priced again, and which offers its codes are of."""
    said: dict[str, Any] = {"opted_in": ask.opted_in, "declined": ask.declined, "codes": ask.codes}
    if opened := priced.asked_by_code(ask):
        said["opened"] = sorted(opened)
    return said if ask.charge_percent is None else said | {"charge_percent": ask.charge_percent}


def _proof(priced: PricedSession, cpo_id: int) -> dict[str, Any] | None:
    if priced.context is None:
        return None
    return proof_of_choice(cpo_id, priced.context, priced.considered, priced.book.hashes)


def write_quote(quote: engine.Quote, row: Quote, keys: Mapping[str, tuple[int, int]]) -> Quote:
    """Fill a row with an engine's quote, save it and its candidates."""
    trace: OfferTrace = quote.trace or OfferTrace()
    row.basis = quote.basis.value if quote.basis else ""
    row.total, row.currency = quote.total.amount, quote.total.currency
    row.energy_wh = quote.energy_wh
    row.request, row.terms = request_to_json(quote.request), terms_to_json(quote.terms)
    row.lines, row.trace = [encode(line) for line in quote.lines], trace_to_json(trace)
    row.terms_hash, row.engine_version = terms_hash(quote.terms), quote.engine_version
    row.save(force_insert=True)
    QuoteOffer.objects.bulk_create(
        QuoteOffer(
            quote=row,
            offer_id=keys.get(outcome.offer_id, (None, None))[0],
            version_id=keys.get(outcome.offer_id, (None, None))[1],
            asked_id=outcome.offer_id[:100],
            outcome=outcome.outcome.value,
            reason_code=outcome.reason.code.value if outcome.reason else "",
            amount=outcome.saving.amount,
        )
        for outcome in trace.outcomes
    )
    return row
