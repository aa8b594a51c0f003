"""A tariff in plain words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from zoneinfo import ZoneInfo

from pricing.authoring import Place, TariffContent
from pricing.authoring.validity import Bounded
from pricing.engine.values import Dimension, PriceComponent, Tax, WheelingBasis
from pricing.engine.week import windows_in_words
from pricing.engine.wording import energy_text, moment_text, money_text, plain_number
from pricing.models import TaxProfile

_PER = {
    Dimension.ENERGY: "/kWh",
    Dimension.TIME: "/min of charging",
    Dimension.FLAT: " per session",
    Dimension.IDLE: "/min of standing after charging",
}
_ORDER = (Dimension.ENERGY, Dimension.FLAT, Dimension.TIME, Dimension.IDLE)


def tariff_in_words(content: TariffContent, tax: Tax | TaxProfile | None) -> str:
    """Return "₹18.00/kWh + Service Fee ₹10.00 + GST 18 %", with the bounds of energy and price where there are any."""
    default = () if content.rate is None else (PriceComponent(Dimension.ENERGY, content.rate),)
    prices = (*content.components, *default)
    kinds = ([x for x in prices if x.dimension is dimension] for dimension in _ORDER)
    parts = [_prices(kind, content.currency) for kind in kinds if kind]
    parts += [f"{fee.title} {money_text(fee.amount, content.currency)}" for fee in content.fees]
    if content.wheeling is not None:
        per = "order" if content.wheeling.basis is WheelingBasis.ORDER else "kWh"
        parts.append(f"{content.wheeling.title} {money_text(content.wheeling.amount, content.currency)} per {per}")
    if tax is not None and tax.rate:
        parts.append(f"{tax.label} {plain_number(tax.rate)} %")
    return f"{' + '.join(parts)}{_bounds(content)}"


def validity_in_words(period: Bounded, zone: str) -> str:
    """Return "for sessions that start from 1 Apr 2027 00:00 IST"; empty where it holds at all times."""
    here = ZoneInfo(zone)
    first, last = period.valid_from, period.valid_until
    parts = [f"from {moment_text(first.astimezone(here))}"] if first is not None else []
    parts += [f"before {moment_text(last.astimezone(here))}"] if last is not None else []
    return f"for sessions that start {' and '.join(parts)}" if parts else ""


def places_in_words(places: Iterable[Place], names: dict[str, str], *, most: int = 20) -> str:
    """Return "to CCS2 at Connaught Place, at pe-charging-01"; `names` are the names of locations, by id."""
    said = [place.named(names) for place in places]
    rest = f" and {len(said) - most} more" if len(said) > most else ""
    return ", ".join(said[:most]) + rest or "nowhere"


def _prices(parts: list[PriceComponent], currency: str) -> str:
    """Return the prices of one kind: "₹22.00/kWh every day 18:00–21:00, else ₹18.00/kWh"."""
    return ", ".join(f"{'else ' if n and not x.windows else ''}{_price(x, currency)}" for n, x in enumerate(parts))


def _price(part: PriceComponent, currency: str) -> str:
    words = [f"{money_text(part.rate, currency)}{_PER[part.dimension]}"]
    words += [f"after {part.grace_minutes} min"] if part.grace_minutes else []
    words += [windows_in_words(part.windows)] if part.windows else []
    return " ".join(words)


def _bounds(content: TariffContent) -> str:
    energies = _range(content.minimum_wh, content.maximum_wh, energy_text)
    prices = _range(content.minimum_price, content.maximum_price, lambda amount: money_text(amount, content.currency))
    return (f", {energies}" if energies else "") + (f", charging costs {prices}" if prices else "")


def _range(low: Any, high: Any, words: Callable[[Any], str]) -> str:
    if low is not None and high is not None:
        return f"{words(low)} to {words(high)}"
    if low is not None:
        return f"from {words(low)}"
    return f"up to {words(high)}" if high is not None else ""
