"""Rows to engine values: what a version of an offer says, with the offer's state and limits."""

from __future__ import annotations

from decimal import Decimal

from offers.engine.values import (
    Applicability,
    Benefit,
    BenefitKind,
    DiscountBase,
    FinanceTerm,
    OfferLimits,
    OfferTerms,
    Qualifier,
    Slab,
    ValueType,
)
from offers.models import Offer, OfferVersion
from pricing.engine.codec import decode
from pricing.engine.values import WeeklyWindow


def offer_terms(offer: Offer, version: OfferVersion) -> OfferTerms:
    """Return the offer as the engine sees it, with the stored state of now and the limits of now."""
    return OfferTerms(
        offer_id=offer.offer_id,
        version=version.number,
        name=version.name,
        short_desc=version.short_desc,
        campaign_kind=version.campaign_kind,
        display_code=version.display_code,
        requires_code=version.requires_code,
        currency=version.currency,
        priority=version.priority,
        additive=version.additive,
        auto=version.auto,
        state=offer.state,
        applicability=applicability(version),
        qualifier=Qualifier(version.min_value, frozenset(version.qualifier_item_ids)),
        benefit=benefit(version),
        limits=OfferLimits(offer.total_uses, offer.uses_per_customer, offer.budget, offer.redemption_cap),
        long_desc=version.long_desc,
        images=(version.image_url,) if version.image_url else (),
    )


def benefit(version: OfferVersion) -> Benefit:
    """Return what the version gives; the value of a type without one is 0 percent."""
    return Benefit(
        BenefitKind(version.benefit_kind),
        ValueType(version.value_type or ValueType.PERCENT),
        Decimal(0) if version.value is None else version.value,
        version.value_cap,
        DiscountBase(version.base),
        decode(tuple[Slab, ...], version.slabs),
        decode(tuple[FinanceTerm, ...], version.finance_terms),
    )


def applicability(version: OfferVersion) -> Applicability:
    """Return where, on what and when the version applies."""
    return Applicability(
        location_ids=frozenset(version.location_ids),
        item_ids=frozenset(version.item_ids),
        categories=frozenset(version.categories),
        valid_from=version.valid_from,
        valid_until=version.valid_until,
        weekly_windows=decode(tuple[WeeklyWindow, ...], version.weekly_windows),
    )
