"""What became of the offers of a cart or an order, as buyer apps are told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from beckn.presenting.parts import offer_view
from beckn.protocol.catalog_views import GivenView, OfferUsageView, OfferValidationView, OfferView
from beckn.protocol.order_views import OfferSummaryView
from cpo_portal.network.models import CHARGING_CATEGORY, Connector
from offers.book import book_for
from offers.engine.describe import benefit_in_words
from offers.engine.values import Check, OfferOutcome, OfferTerms, OfferTrace, Outcome, ReasonCode
from offers.models import OfferState
from offers.places import place_facts
from offers.public.names import benefit_items, with_item_named
from offers.published import Place, next_offer
from offers.reasons.words import in_short
from pricing.engine.money import Money, total_of
from pricing.engine.values import LineKind, QuoteLine

_HUNDREDTH = Decimal("0.01")
#: How often a driver charged elsewhere, and what the CPO keeps of them, is no buyer app's business.
OF_THE_CUSTOMER = {
    ReasonCode.SEGMENT: "it is for customers of a segment that this customer is not in",
    ReasonCode.SESSION_NUMBER: "it is for another of a customer's sessions",
}


def validated_offers(
    trace: OfferTrace,
    known: Callable[[str], OfferTerms | None],
    *,
    asked: Iterable[str] = (),
    ceilings: Mapping[str, Money] | None = None,
    codes: Mapping[str, str] | None = None,
    provider_id: str = "",
) -> tuple[OfferView, ...]:
    """Return every offer for which the buyer could be eligible, with its state and reason.

    An offer that is kept for who has its code, or that is not published, is named only to a buyer who asked for it.
    `codes` are the single-use codes by which an order has its offers.
    """
    wanted = set(asked)
    views = []
    for outcome in trace.outcomes:
        terms = known(outcome.offer_id)
        hidden = terms is None or terms.requires_code or terms.state != OfferState.APPROVED
        if hidden and outcome.outcome is not Outcome.APPLIED and outcome.offer_id not in wanted:
            continue
        base = (
            _shown(terms, codes or {}, provider_id) if terms else OfferView(id=outcome.offer_id, name=outcome.offer_id)
        )
        ceiling = (ceilings or {}).get(outcome.offer_id)
        views.append(replace(base, validation=_validation(outcome, ceiling)))
    return tuple(views)


def used_offers(
    trace: OfferTrace,
    known: Iterable[OfferTerms],
    lines: Iterable[QuoteLine],
    currency: str,
    codes: Mapping[str, str],
    provider_id: str = "",
) -> tuple[OfferView, ...]:
    """Return the locked offers of a billed order with what each gave; `codes` are its single-use codes."""
    lines = tuple(lines)
    outcomes = {outcome.offer_id: outcome for outcome in trace.outcomes}
    views = []
    for terms in known:
        outcome = outcomes.get(terms.offer_id)
        applied = outcome is not None and outcome.outcome is Outcome.APPLIED
        saving = outcome.saving if outcome is not None and applied else Money(Decimal("0.00"), currency)
        shown = _shown(terms, codes, provider_id)
        given = tuple(
            GivenView(x.item_id, x.quantity, x.unit)
            for x in lines
            if x.is_given and x.quantity and x.code == terms.offer_id
        )
        percentage = savings_percentage(terms.offer_id, lines)
        usage = OfferUsageView(applied, saving, percentage, shown.display_code, given)
        views.append(replace(shown, usage=usage))
    return tuple(views)


def savings_percentage(offer_id: str, lines: tuple[QuoteLine, ...]) -> Decimal:
    """Return the discount of an offer over the lines it was taken of, in percent with at most two decimals."""
    discount = next((x for x in lines if x.kind is LineKind.DISCOUNT and x.code == offer_id), None)
    if discount is None:
        return Decimal(0)
    touched = {line_id for line_id, _ in discount.shares}
    base = sum((x.amount.amount for x in lines if x.line_id in touched), Decimal(0))
    if base == 0:
        return Decimal(0)
    return (-discount.amount.amount * 100 / base).quantize(_HUNDREDTH, ROUND_HALF_UP).normalize()


def offer_summary(
    connector: Connector, lines: tuple[QuoteLine, ...], offers: Iterable[OfferTerms], *, currency: str, now: datetime
) -> OfferSummaryView:
    """Return the savings of a bill in one place, and the next offer at this connector; in the CPO's scope."""
    used = tuple(offers)
    location = connector.charger.location
    place = Place(
        location.location_id, connector.item_id, CHARGING_CATEGORY, location.time_zone, place_facts(connector)
    )
    upcoming = next_offer(
        book_for(connector.cpo), place, after=now, without=frozenset(terms.offer_id for terms in used)
    )
    return OfferSummaryView(
        total_savings=total_of((-x.amount for x in lines if x.kind is LineKind.DISCOUNT), currency),
        offer_type=used[0].campaign_kind if used else "",
        next_offer=_in_words(*upcoming, location.time_zone) if upcoming else "",
    )


def said(check: Check) -> str:
    """Return a failing check as one sentence for the driver."""
    if check.code in OF_THE_CUSTOMER:
        return OF_THE_CUSTOMER[check.code]
    return in_short(check)


def _shown(terms: OfferTerms, codes: Mapping[str, str], provider_id: str) -> OfferView:
    """Return the offer as published, with the order's own code in the place of one for all."""
    shown = offer_view(terms, provider_id)
    return replace(shown, display_code=codes.get(terms.offer_id, "")) if terms.single_use else shown


def _validation(outcome: OfferOutcome, ceiling: Money | None) -> OfferValidationView:
    if outcome.outcome is Outcome.APPLIED:
        return OfferValidationView(
            True, discount=outcome.saving, ceiling=ceiling, depends_on_identity=outcome.depends_on_identity
        )
    reason = outcome.reason
    return OfferValidationView(
        False,
        reason_code=reason.code.value if reason else outcome.outcome.value,
        reason=said(reason) if reason else "",
        depends_on_identity=outcome.depends_on_identity,
    )


def _in_words(terms: OfferTerms, opens: datetime, zone: str) -> str:
    local = opens.astimezone(ZoneInfo(zone))
    benefit = benefit_in_words(with_item_named(terms), benefit_items(terms))
    return f"{terms.name}: {benefit}, from {local:%d %b %Y %H:%M %Z}"
