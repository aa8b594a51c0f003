"""Offers of the types beside the discount, and a café, that several tests share."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from offers.engine.values import (
    Benefit,
    BenefitKind,
    FinanceMethod,
    FinanceTerm,
    Slab,
    ValueType,
)
from pricing.engine.values import LineKind, ProductOrder, ProductPrice
from tests.offers.engine.samples import offer
from tests.pricing.engine.samples import PLAIN

COFFEE = ProductPrice("coffee", "Coffee", Decimal("60.00"), "food")
CAKE = ProductPrice("cake", "Cake", Decimal("40.00"), "food")
CAFE = replace(PLAIN, product_prices=(COFFEE, CAKE))
WITH_BOTH = (ProductOrder("coffee", 1), ProductOrder("cake", 1))


def slab(first, last, value="10", cap="1000", value_type=ValueType.PERCENT):
    return Slab(first, last, Decimal(value), value_type, Decimal(cap))


def by_slabs(*slabs, offer_id="bulk", **said):
    return replace(
        offer(offer_id, "0", **said),
        benefit=Benefit(BenefitKind.SLAB, ValueType.PERCENT, Decimal(0), slabs=slabs),
    )


def combo(*items, value="20", cap="500", **said):
    made = offer("combo", value, value_cap=Decimal(cap), **said)
    kind = replace(made.benefit, kind=BenefitKind.COMBO)
    return replace(made, benefit=kind, qualifier=replace(made.qualifier, item_ids=frozenset(items)))


def off_the_fee(value, *, value_type=ValueType.PERCENT, **said):
    made = offer("fee", value, value_type=value_type, **said)
    return replace(made, benefit=replace(made.benefit, kind=BenefitKind.DELIVERY))


def per_kwh(value, offer_id="cheap", **said):
    return offer(offer_id, value, value_type=ValueType.PER_KWH, **said)


EMI = FinanceTerm("Some Bank", FinanceMethod.EMI, 6, Decimal(12), Decimal(50))
LATER = FinanceTerm("Some Bank", FinanceMethod.PAY_LATER, 1, Decimal(0), Decimal(0))


def beside(offer_id="loan", kind=BenefitKind.FINANCING, **said):
    """Return an offer that leaves the price as it is."""
    terms = (EMI, LATER) if kind is BenefitKind.FINANCING else ()
    made = offer(offer_id, **said)
    return replace(made, benefit=Benefit(kind, ValueType.PERCENT, Decimal(0), finance=terms))


def loan(**said):
    return beside(additive=True, **said)


def swap(**said):
    return beside("swap", BenefitKind.EXCHANGE, additive=True, **said)


def off(offer_id, value="25", **said):
    return offer(offer_id, value, additive=True, **said)


def taken(quote):
    return str(quote.sum_of(LineKind.DISCOUNT).amount)


BANDS = by_slabs(slab(10, 19), slab(20, None, "15"))
