"""The wheeling charge: after the discounts and before the tax, per order or per kWh."""

from __future__ import annotations

from decimal import Decimal

from pricing.engine.money import Money, round_amount
from pricing.engine.values import LineKind, PriceTerms, QuoteLine, WheelingBasis
from pricing.engine.wording import energy_text, money_text

_NOTHING = Decimal(0)


def wheeling_cost(terms: PriceTerms, energy_wh: int) -> Decimal:
    """Return the exact, unrounded charge for so much energy."""
    wheeling = terms.wheeling
    if wheeling is None:
        return _NOTHING
    if wheeling.basis is WheelingBasis.ORDER:
        return wheeling.amount
    return (wheeling.amount * energy_wh).scaleb(-3)


def wheeling_lines(terms: PriceTerms, energy_wh: int) -> tuple[QuoteLine, ...]:
    """Return the line of the charge; none where the tariff has none."""
    wheeling = terms.wheeling
    if wheeling is None:
        return ()
    amount = Money(round_amount(wheeling_cost(terms, energy_wh), terms.currency), terms.currency)
    if wheeling.basis is WheelingBasis.ORDER:
        return (QuoteLine("WHEELING-1", LineKind.WHEELING, wheeling.title, amount),)
    rate = money_text(wheeling.amount, terms.currency)
    title = f"{wheeling.title} ({energy_text(energy_wh)} @ {rate}/kWh)"
    quantity = Decimal(energy_wh).scaleb(-3)
    return (QuoteLine("WHEELING-1", LineKind.WHEELING, title, amount, quantity, "kWh", wheeling.amount),)
