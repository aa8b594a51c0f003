"""The CPO's own places as forms offer them: locations, their tags and states, chargers and connectors."""

from __future__ import annotations

from collections.abc import Iterable

from cpo_portal.network.models import Charger, Connector, Location


def location_choices() -> list[tuple[str, str]]:
    """Return the CPO's locations by id, each with its city."""
    rows = Location.objects.order_by("city", "name").values_list("location_id", "name", "city")
    return [(key, f"{name}, {city} ({key})") for key, name, city in rows]


def tag_choices() -> list[tuple[str, str]]:
    """Return the tags of the CPO's locations."""
    return _plain(tag for tags in Location.objects.values_list("tags", flat=True) for tag in tags)


def state_choices() -> list[tuple[str, str]]:
    """Return the states in which the CPO has a location."""
    return _plain(Location.objects.exclude(state="").values_list("state", flat=True))


def charger_choices() -> list[tuple[str, str]]:
    """Return the CPO's chargers by EVSE id, each with where it stands."""
    rows = Charger.objects.select_related("location").order_by("location__name", "name")
    return [(x.evse_id, f"{x.name}, {x.location} ({x.evse_id})") for x in rows]


def connector_choices() -> list[tuple[str, str]]:
    """Return the CPO's connectors by item id, each with where it stands."""
    connectors = Connector.objects.select_related("charger__location").order_by("item_id")
    return [(row.item_id, f"{row} – {row.charger.location.name}") for row in connectors]


def _plain(names: Iterable[str]) -> list[tuple[str, str]]:
    return [(name, name) for name in sorted(set(names))]
