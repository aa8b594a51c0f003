"""A tariff in plain words."""

from __future__ import annotations

from collections.abc import Iterable

from pricing.authoring import Place, TariffContent
from pricing.engine.wording import energy_text, money_text
from pricing.models import TaxProfile


def tariff_in_words(content: TariffContent, tax: TaxProfile | None) -> str:
    """Return "₹18.00/kWh + Service Fee ₹10.00 + GST 18 %", with the bounds of the energy where there are any."""
    parts = [f"{money_text(content.rate, content.currency)}/kWh"]
    parts += [f"{fee.title} {money_text(fee.amount, content.currency)}" for fee in content.fees]
    if tax is not None and tax.rate:
        parts.append(str(tax))
    return f"{' + '.join(parts)}{_bounds(content)}"


def places_in_words(places: Iterable[Place], names: dict[str, str], *, most: int = 20) -> str:
    """Return "to CCS2 at Connaught Place, at pe-charging-01"; `names` are the names of locations, by id."""
    said = [place.named(names) for place in places]
    rest = f" and {len(said) - most} more" if len(said) > most else ""
    return ", ".join(said[:most]) + rest or "nowhere"


def _bounds(content: TariffContent) -> str:
    low, high = content.minimum_wh, content.maximum_wh
    if low is not None and high is not None:
        return f", {energy_text(low)} to {energy_text(high)}"
    if low is not None:
        return f", from {energy_text(low)}"
    return f", up to {energy_text(high)}" if high is not None else ""
