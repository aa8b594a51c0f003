"""Why a price is what it is: every offer of a CPO for a price check, and an order's quotes from select to the bill."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from django.db.models import Q

from cpo_portal.accounts.models import Cpo
from cpo_portal.charging.models import Order
from cpo_portal.charging.segments.rules import Segment
from offers.days import with_holidays
from offers.engine.codec import trace_from_json
from offers.engine.explain import cart_of, explain_all
from offers.engine.values import OfferContext, OfferTerms, OfferTrace
from offers.mapping import offer_terms
from offers.models import OfferState, OfferVersion, Quote
from offers.observing import goods_left
from offers.quoting import PricedSession
from offers.segments import compiled_segments
from offers.usage import CodesSent, look_up

#: An app that asks again and again: the newest of its quotes say it all.
MOST_QUOTES = 50


class Stage(StrEnum):
    """When a quote was made; part of the API, never renamed."""

    SELECT = "SELECT"
    INIT = "INIT"
    CONFIRM = "CONFIRM"
    SETTLEMENT = "SETTLEMENT"


STAGES = {
    Stage.SELECT: "Quoted when the app asked",
    Stage.INIT: "Quoted for the order",
    Stage.CONFIRM: "Quoted again when it was confirmed",
    Stage.SETTLEMENT: "Bill",
}


@dataclass(frozen=True, slots=True)
class StoredPrice:
    """One quote of an order: when it was made, whether the order stands on it, and what became of each offer."""

    stage: Stage
    quote: Quote
    in_force: bool
    trace: OfferTrace


def full_trace(priced: PricedSession, cpo: Cpo, *, as_of: datetime | None = None) -> OfferTrace:
    """Return the trace with an outcome for every offer of the CPO; drafts are named too, but not as of the past."""
    offers = {x.offer_id: x for x in priced.book.book.all()}
    if as_of is None:
        shared = priced.book.shared
        segments = compiled_segments() if shared is None else shared.segments
        offers = {x.offer_id: x for x in _unpublished(cpo, segments)} | offers
    if priced.context is None:
        return priced.trace
    context = _context_of_all(priced, priced.context, offers.values())
    found = explain_all((offers[offer_id] for offer_id in sorted(offers)), cart_of(priced.quote), context, priced.trace)
    nobodys = tuple(x for x in priced.trace.outcomes if x.offer_id not in offers)
    return replace(priced.trace, outcomes=(*found, *nobodys))


def _context_of_all(priced: PricedSession, context: OfferContext, offers: Collection[OfferTerms]) -> OfferContext:
    """Return what a price was judged by with what all other offers ask of the moment, in the one query that a price
    takes.

    What the price itself has looked up stays as it was, and is not looked up again.
    """
    if priced.asked is None:
        return context
    judged = {x.offer_id for x in priced.trace.outcomes}
    found = look_up(replace(priced.asked, offers=[x for x in offers if x.offer_id not in judged], codes=CodesSent()))
    bought = priced.asked.sight.bought if priced.asked.sight is not None else {}
    goods = goods_left(found.observed.goods, {}, bought, past=priced.asked.past)
    sessions = found.observed.customer_sessions if context.customer_sessions is None else context.customer_sessions
    return replace(
        context,
        usage={**found.usage, **context.usage},
        customer=found.facts or context.customer,
        levels=context.levels.or_else(found.observed.levels),
        goods={**goods, **context.goods},
        customer_sessions=sessions,
    )


def _unpublished(cpo: Cpo, segments: Mapping[str, Segment]) -> list[OfferTerms]:
    drafts = OfferVersion.objects.filter(
        cpo=cpo, published_at=None, offer__state__in=(OfferState.DRAFT, OfferState.IN_REVIEW)
    ).select_related("offer")
    return [offer_terms(draft.offer, draft, segments) for draft in with_holidays(drafts)]


def prices_of(order: Order) -> list[StoredPrice]:
    """Return the order's quotes in the order in which they were made, those before its init included."""
    own = Quote.objects.filter(order=order).order_by("-created_at").values_list("created_at", flat=True).first()
    if own is None:
        return []
    asked = Q(order=None, bap_id=order.bap_id, transaction_id=order.transaction_id, created_at__lte=own)
    quotes = (
        Quote.objects.filter(Q(order=order) | asked).select_related("tariff_version__tariff").order_by("-created_at")
    )
    return [
        StoredPrice(
            stage_of(quote, order),
            quote,
            quote.pk == order.quote_ref,
            trace_from_json(quote.trace) if quote.trace else OfferTrace(),
        )
        for quote in reversed(quotes[:MOST_QUOTES])
    ]


def stage_of(quote: Quote, order: Order) -> Stage:
    """Say when a quote of this order's transaction was made."""
    if quote.is_bill:
        return Stage.SETTLEMENT
    if quote.order_id is None:
        return Stage.SELECT
    # A confirm that prices again writes its quote and itself with the same instant.
    return Stage.CONFIRM if quote.created_at == order.confirmed_at else Stage.INIT
