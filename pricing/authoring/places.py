"""Where a tariff applies: the places that a version names, by Beckn ids."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from cpo_portal.network.models import Connector, ConnectorType, Location
from pricing.models import Tariff, TariffAssignment, TariffVersion


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a tariff applies, by Beckn ids: one connector, else a location and/or a connector type.

    All empty is everywhere.
    """

    location_id: str = ""
    item_id: str = ""
    connector_type: str = ""

    def __str__(self) -> str:
        return self.named({})

    def named(self, names: dict[str, str]) -> str:
        """Return the place in words; `names` are the names of locations, by id."""
        if self.item_id:
            return f"at {self.item_id}"
        if not self.location_id and not self.connector_type:
            return "everywhere"
        kind = f"to {dict(ConnectorType.choices).get(self.connector_type, self.connector_type)}"
        where = f"at {names.get(self.location_id, self.location_id)}"
        return " ".join(part for part, said in ((kind, self.connector_type), (where, self.location_id)) if said)


EVERYWHERE = Place()


def places_of(version: TariffVersion) -> tuple[Place, ...]:
    """Return the places that a version names; one from before versions named them has those of today."""
    if version.places is None:
        return held_by(version.tariff)
    return tuple(Place(**place) for place in version.places)


def held_by(tariff: Tariff) -> tuple[Place, ...]:
    """Return where the tariff is assigned now."""
    rows = TariffAssignment.objects.filter(tariff=tariff)
    keys = rows.values_list("location__location_id", "connector__item_id", "connector_type")
    return tuple(sorted(Place(location or "", item or "", kind) for location, item, kind in keys))


def encoded(places: Iterable[Place]) -> list[dict[str, Any]]:
    """Return the places as a version keeps them."""
    return [asdict(place) for place in places]


def faults_of(tariff: Tariff, places: Iterable[Place]) -> dict[Place, str]:
    """Return why a draft may not name places, one sentence each: unknown or badly named."""
    wanted = list(places)
    locations = _known(Location, "location_id", wanted)
    connectors = _known(Connector, "item_id", wanted)
    found: dict[Place, str] = {}
    for place in wanted:
        if place.item_id and (place.location_id or place.connector_type):
            found[place] = "Name either one connector, or a location and a connector type."
        elif place.location_id and place.location_id not in locations:
            found[place] = f"You have no location “{place.location_id}”: name one of yours."
        elif place.item_id and place.item_id not in connectors:
            found[place] = f"You have no connector “{place.item_id}”: name one of yours."
        elif place.connector_type and place.connector_type not in ConnectorType.values:
            found[place] = f"“{place.connector_type}” is no connector type: choose one of the list."
    return found


def most_specific_first(connector: Connector, location_id: str) -> tuple[Place, ...]:
    """Return where a tariff for this connector may be placed, the most specific first."""
    return (
        Place(item_id=connector.item_id),
        Place(location_id, connector_type=connector.connector_type),
        Place(location_id),
        Place(connector_type=connector.connector_type),
        EVERYWHERE,
    )


def location_names(places: Iterable[Place]) -> dict[str, str]:
    """Return the names of the locations that places name, by id."""
    return _known(Location, "location_id", places)


def _known(model: Any, key: str, places: Iterable[Place]) -> dict[str, str]:
    wanted = {getattr(place, key) for place in places} - {""}
    if not wanted:
        return {}
    return {getattr(row, key): str(row) for row in model.objects.filter(**{f"{key}__in": wanted})}
