"""A connector and its site as the offer engine reads them, and where a version applies beyond named places."""

from __future__ import annotations

from typing import Any

from cpo_portal.network.models import Connector, PowerType
from offers.engine.facts import Circle, Current, PlaceFacts
from offers.models import OfferVersion


def place_facts(connector: Connector) -> PlaceFacts:
    """Return what is known of a connector whose charger and location are loaded; reads nothing."""
    charger = connector.charger
    location = charger.location
    return PlaceFacts(
        tags=frozenset(location.tags),
        areas=frozenset(x for x in (location.city, location.city_code) if x),
        state=location.state,
        latitude=location.latitude,
        longitude=location.longitude,
        charger_id=charger.evse_id,
        connector_type=connector.connector_type,
        current=Current.DC if connector.power_type == PowerType.DC else Current.AC,
        max_power_w=connector.max_power_w,
    )


def place_terms(version: OfferVersion) -> dict[str, Any]:
    """Return the fields of Applicability that limit the place."""
    latitude, longitude, radius = version.near_latitude, version.near_longitude, version.radius_km
    whole = latitude is not None and longitude is not None and radius is not None
    return {
        "location_tags": frozenset(version.location_tags),
        "cities": frozenset(version.cities),
        "states": frozenset(version.states),
        "circle": Circle(latitude, longitude, radius) if whole else None,  # type: ignore[arg-type]
        "charger_ids": frozenset(version.charger_ids),
        "connector_types": frozenset(version.connector_types),
        "currents": frozenset(Current(x) for x in version.currents),
        "min_power_w": version.min_power_w,
        "max_power_w": version.max_power_w,
    }
