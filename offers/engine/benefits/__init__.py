"""The benefit kinds by name: one module per kind, each with the functions of `BenefitRule`."""

from __future__ import annotations

from collections.abc import Mapping

from offers.engine.benefits import buyxgety, combo, delivery, discount, exchange, financing, freebie, slab
from offers.engine.benefits.rule import BenefitRule
from offers.engine.values import BenefitKind, OfferTerms

BENEFITS: Mapping[BenefitKind, BenefitRule] = {
    BenefitKind.DISCOUNT: discount,
    BenefitKind.BUY_X_GET_Y: buyxgety,
    BenefitKind.FREEBIE: freebie,
    BenefitKind.SLAB: slab,
    BenefitKind.COMBO: combo,
    BenefitKind.DELIVERY: delivery,
    BenefitKind.EXCHANGE: exchange,
    BenefitKind.FINANCING: financing,
}


def rule_of(offer: OfferTerms) -> BenefitRule:
    """Return the module that knows this offer's kind of benefit."""
    return BENEFITS[offer.benefit.kind]
