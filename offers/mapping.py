"""Rows to engine values: what a version of an offer says, with the offer's state and limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal

from cpo_portal.charging.segments.rules import Segment
from offers.days import day_terms
from offers.engine.values import (
    Applicability,
    Benefit,
    BenefitKind,
    DiscountBase,
    FinanceTerm,
    ItemUnit,
    OfferLimits,
    OfferTerms,
    Qualifier,
    Slab,
    ValueType,
)
from offers.models import Offer, OfferVersion
from offers.places import place_terms
from offers.segments import segments_for
from pricing.engine.codec import decode
from pricing.engine.values import WeeklyWindow

#: The limits of an offer are columns of the same names.
LIMIT_NAMES = tuple(field.name for field in fields(OfferLimits))


def offer_terms(offer: Offer, version: OfferVersion, segments: Mapping[str, Segment] | None = None) -> OfferTerms:
    """Return the offer as the engine sees it, with the stored state of now and the limits of now.

    `segments` are the CPO's, compiled; without them a version that is for segments asks for them.
    """
    return _terms(offer, version, applicability(version), segments_for(version, segments))


def budget_terms(offer: Offer, version: OfferVersion) -> OfferTerms:
    """Return what tells the cost of a redemption, without looking for places, days and segments: for everybody."""
    return _terms(offer, version, Applicability(), ())


def _terms(offer: Offer, version: OfferVersion, scope: Applicability, segments: tuple[Segment, ...]) -> OfferTerms:
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
        applicability=scope,
        qualifier=qualifier(version),
        benefit=benefit(version),
        limits=limits_of(offer),
        long_desc=version.long_desc,
        terms_text=version.terms_text,
        images=(version.image_url,) if version.image_url else (),
        exclusivity_group=version.exclusivity_group,
        excludes=frozenset(version.excludes),
        segments=segments,
        single_use=version.single_use_codes,
    )


def qualifier(version: OfferVersion) -> Qualifier:
    """Return what a session must reach, and the demand that the version depends on."""
    return Qualifier(
        version.min_value,
        version.min_energy_wh,
        version.max_energy_wh,
        version.nth_session,
        version.max_busy_percent,
        version.stock_product_id,
        version.stock_at_least,
        item_ids=frozenset(version.qualifier_item_ids),
        item_count=version.qualifier_item_count,
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
        item_count=version.benefit_item_count,
        item_id=version.benefit_item_id,
        item_value=version.item_value,
        item_unit=ItemUnit(version.item_unit) if version.item_unit else None,
    )


def limits_of(offer: Offer) -> OfferLimits:
    """Return the limits as authored."""
    return OfferLimits(**{name: getattr(offer, name) for name in LIMIT_NAMES})


def applicability(version: OfferVersion) -> Applicability:
    """Return where, on what and when the version applies."""
    return Applicability(
        location_ids=frozenset(version.location_ids),
        item_ids=frozenset(version.item_ids),
        categories=frozenset(version.categories),
        valid_from=version.valid_from,
        valid_until=version.valid_until,
        weekly_windows=decode(tuple[WeeklyWindow, ...], version.weekly_windows),
        **place_terms(version),
        **day_terms(version),
    )
