"""A tariff in plain words."""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from pricing.authoring import Place, TariffContent
from pricing.authoring.components import with_default
from pricing.engine.describe import terms_in_words
from pricing.engine.values import PriceTerms, Tax
from pricing.engine.wording import moment_text
from pricing.models import TaxProfile
from pricing.versions.validity import Bounded


def tariff_in_words(content: TariffContent, tax: Tax | TaxProfile | None) -> str:
    """Return what a version charges: "₹18.00/kWh + Service Fee ₹10.00 + GST 18 %"."""
    return terms_in_words(
        PriceTerms(
            tariff_id="",
            tariff_version=0,
            model=content.model,
            currency=content.currency,
            time_zone="",
            components=with_default(content.rate, content.components),
            fees=content.fees,
            tax=Tax(tax.label, tax.rate) if tax is not None else None,
            minimum_wh=content.minimum_wh,
            maximum_wh=content.maximum_wh,
            minimum_price=content.minimum_price,
            maximum_price=content.maximum_price,
            wheeling=content.wheeling,
        )
    )


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
