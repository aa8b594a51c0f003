"""Where, when and under which conditions a version applies, field by field, for the pages of an offer."""

from __future__ import annotations

from offers.models import OfferVersion
from pricing.engine.wording import date_text, energy_text, plain_number, power_text

#: The fields in the order of the form, as people call them.
LABELS = {
    "location_tags": "Location tags",
    "cities": "Cities",
    "states": "States",
    "near_latitude": "Near this latitude",
    "near_longitude": "Near this longitude",
    "radius_km": "Within",
    "charger_ids": "Chargers",
    "connector_types": "Connector types",
    "currents": "AC or DC",
    "min_power_w": "From a power of",
    "max_power_w": "Up to a power of",
    "holiday_calendar": "Holiday calendar",
    "holidays": "On its holidays",
    "blackout_dates": "Blackout dates",
    "min_energy_wh": "From an energy of",
    "max_energy_wh": "Up to an energy of",
    "nth_session": "Only this session of a customer",
    "max_busy_percent": "While less than this much is busy",
    "stock_product_id": "While this product is in stock",
    "stock_at_least": "With at least",
}


def said_in_units(version: OfferVersion, name: str) -> str:
    """Return a field that has a value with its unit; "" where it is said like any other."""
    value = getattr(version, name)
    if name.endswith("_power_w"):
        return power_text(value)
    if name.endswith("_energy_wh"):
        return energy_text(value)
    if name == "blackout_dates":
        return ", ".join(date_text(day) for day in value)
    if name == "radius_km":
        return f"{plain_number(value)} km"
    units = {"max_busy_percent": "%", "stock_at_least": "units"}
    return f"{value} {units[name]}" if name in units else ""
