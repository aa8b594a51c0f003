"""A tariff in plain words."""

from __future__ import annotations

from pricing.authoring import TariffContent
from pricing.engine.wording import energy_text, money_text
from pricing.models import TaxProfile


def tariff_in_words(content: TariffContent, tax: TaxProfile | None) -> str:
    """Return "₹18.00/kWh + Service Fee ₹10.00 + GST 18 %", with the bounds of the energy where there are any."""
    parts = [f"{money_text(content.rate, content.currency)}/kWh"]
    parts += [f"{fee.title} {money_text(fee.amount, content.currency)}" for fee in content.fees]
    if tax is not None and tax.rate:
        parts.append(str(tax))
    return f"{' + '.join(parts)}{_bounds(content)}"


def _bounds(content: TariffContent) -> str:
    low, high = content.minimum_wh, content.maximum_wh
    if low is not None and high is not None:
        return f", {energy_text(low)} to {energy_text(high)}"
    if low is not None:
        return f", from {energy_text(low)}"
    return f", up to {energy_text(high)}" if high is not None else ""
