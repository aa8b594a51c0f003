"""What a tariff charges, in plain words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pricing.engine.values import Dimension, PriceComponent, PriceTerms, PricingModel, SliceQuality, WheelingBasis
from pricing.engine.week import windows_in_words
from pricing.engine.wording import energy_text, money_text, plain_number

_PER = {
    Dimension.ENERGY: "/kWh",
    Dimension.TIME: "/min of charging",
    Dimension.FLAT: " per session",
    Dimension.IDLE: "/min of idling",
}
#: How the energy of a stretch at one price is known.
QUALITIES = {
    SliceQuality.METERED: "read at both ends",
    SliceQuality.INTERPOLATED: "divided between two readings",
    SliceQuality.SINGLE_RATE: "one price throughout",
}
_ORDER = (Dimension.ENERGY, Dimension.FLAT, Dimension.TIME, Dimension.IDLE)


def terms_in_words(terms: PriceTerms) -> str:
    """Return "₹18.00/kWh + Service Fee ₹10.00 + GST 18 %", with the bounds of energy and price where there are any.

    A subscription says first that there is included energy, and how much where the terms are a driver's own.
    """
    kinds = ([x for x in terms.components if x.dimension is dimension] for dimension in _ORDER)
    parts = [_prices(kind, terms.currency) for kind in kinds if kind]
    parts += [f"{fee.title} {money_text(fee.amount, terms.currency)}" for fee in terms.fees]
    if terms.wheeling is not None:
        per = "order" if terms.wheeling.basis is WheelingBasis.ORDER else "kWh"
        parts.append(f"{terms.wheeling.title} {money_text(terms.wheeling.amount, terms.currency)} per {per}")
    if terms.tax is not None and terms.tax.rate:
        parts.append(f"{terms.tax.label} {plain_number(terms.tax.rate)} %")
    return f"{_included(terms)}{' + '.join(parts)}{_bounds(terms)}"


def _included(terms: PriceTerms) -> str:
    if terms.included_wh:
        return f"{energy_text(terms.included_wh)} included, then "
    return "included energy first, then " if terms.model is PricingModel.SUBSCRIPTION else ""


def _prices(parts: list[PriceComponent], currency: str) -> str:
    """Return the prices of one kind: "₹22.00/kWh every day 18:00–21:00, else ₹18.00/kWh"."""
    return ", ".join(f"{'else ' if n and not x.windows else ''}{_price(x, currency)}" for n, x in enumerate(parts))


def _price(part: PriceComponent, currency: str) -> str:
    words = [f"{money_text(part.rate, currency)}{_PER[part.dimension]}"]
    words += [f"({part.grace_minutes} min free)"] if part.grace_minutes else []
    words += [windows_in_words(part.windows)] if part.windows else []
    return " ".join(words)


def _bounds(terms: PriceTerms) -> str:
    energies = _range(terms.minimum_wh, terms.maximum_wh, energy_text)
    prices = _range(terms.minimum_price, terms.maximum_price, lambda amount: money_text(amount, terms.currency))
    return (f", {energies}" if energies else "") + (f", charging costs {prices}" if prices else "")


def _range(low: Any, high: Any, words: Callable[[Any], str]) -> str:
    if low is not None and high is not None:
        return f"{words(low)} to {words(high)}"
    if low is not None:
        return f"from {words(low)}"
    return f"up to {words(high)}" if high is not None else ""
