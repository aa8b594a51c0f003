"""Offers, carts and contexts that the offer engine's tests share; the tariff is the pricing tests' own."""

from __future__ import annotations

from dataclasses import fields
from decimal import Decimal
from typing import Any

from offers.engine.book import OfferBook
from offers.engine.step import OfferStep
from offers.engine.values import (
    Applicability,
    Benefit,
    BenefitKind,
    OfferContext,
    OfferLimits,
    OfferTerms,
    Qualifier,
    ValueType,
)
from pricing.engine.money import Money
from pricing.engine.price import price
from pricing.engine.values import Cart, ChargingRequest, LineKind, PriceTerms, Quote, QuoteLine
from tests.pricing.engine.samples import PLAIN, SATURDAY, kwh, window

WEEKEND = (window("00:00", "00:00", frozenset({6, 7})),)
_BENEFIT = ("value", "value_type", "value_cap", "base")
_LIMITS = tuple(x.name for x in fields(OfferLimits))
_QUALIFIER = tuple(x.name for x in fields(Qualifier) if x.name != "min_value")
_SCOPE = tuple(x.name for x in fields(Applicability))


def offer(offer_id: str = "weekend", value: str = "25", **said: Any) -> OfferTerms:
    """Return a live automatic percentage offer that says these things differently."""
    benefit = {key: said.pop(key) for key in _BENEFIT if key in said}
    limits = OfferLimits(**{key: said.pop(key) for key in _LIMITS if key in said})
    scope = Applicability(**{key: said.pop(key) for key in _SCOPE if key in said})
    least = said.pop("min_value", None)
    qualifier = {key: said.pop(key) for key in _QUALIFIER if key in said}
    values: dict[str, Any] = {
        "offer_id": offer_id,
        "version": 1,
        "name": f"Offer {offer_id}",
        "short_desc": "",
        "campaign_kind": "WEEKEND_SPECIAL",
        "display_code": "",
        "requires_code": False,
        "currency": "INR",
        "priority": 0,
        "additive": False,
        "auto": True,
        "state": "APPROVED",
    }
    terms = {"value_type": ValueType.PERCENT, "value": Decimal(value), **benefit}
    return OfferTerms(
        **{**values, **said},
        applicability=scope,
        qualifier=Qualifier(None if least is None else Decimal(least), **qualifier),
        benefit=Benefit(BenefitKind.DISCOUNT, **terms),
        limits=limits,
    )


def rupees_off(offer_id: str, value: str, **said: Any) -> OfferTerms:
    return offer(offer_id, value, value_type=ValueType.AMOUNT, **said)


def context(**said: Any) -> OfferContext:
    values: dict[str, Any] = {
        "location_id": "station-1",
        "item_id": "connector-1",
        "category": "EV_CHARGING",
        "now": SATURDAY,
    }
    return OfferContext(**{**values, **said})


def step(*offers: OfferTerms, **said: Any) -> OfferStep:
    return OfferStep(OfferBook.compile(offers, revision=1), context(**said))


def cart(energy: str = "90.00", *more: QuoteLine, request: ChargingRequest | None = None) -> Cart:
    """Return a cart of one energy line and any other lines."""
    first = line("ENERGY-1", LineKind.ENERGY, energy, item_id="connector-1")
    return Cart(request or kwh("5"), (first, *more), 5000, "INR", "Asia/Kolkata")


def line(line_id: str, kind: LineKind, amount: str, **said: Any) -> QuoteLine:
    return QuoteLine(line_id, kind, line_id, Money(Decimal(amount), "INR"), **said)


def quoted(request: ChargingRequest, *offers: OfferTerms, terms: PriceTerms = PLAIN, **said: Any) -> Quote:
    return price(request, terms, discounts=step(*offers, **said))


def outcomes(quote: Quote) -> dict[str, tuple[str, str | None]]:
    """Return, by offer id, the outcome and the code of the first failing check."""
    return {x.offer_id: (x.outcome.value, x.reason.code.value if x.reason else None) for x in quote.trace.outcomes}
