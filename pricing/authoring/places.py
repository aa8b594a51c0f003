"""Where a tariff applies: the places that a version names, and the rows that say which tariff holds them now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import Q

from cpo_portal.network.models import Connector, ConnectorType, Location
from pricing.models import Tariff, TariffAssignment, TariffState, TariffVersion


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


def conflicts_of(tariff: Tariff, places: Iterable[Place]) -> dict[Place, str]:
    """Return why the tariff cannot be published at places, one sentence each: another one applies there."""
    wanted = list(places)
    held, names = _rows_at(wanted), location_names(wanted)
    others = {place: held[place].tariff for place in wanted if place in held}
    return {
        place: f"“{other}” already applies {place.named(names)}: take it off there first."
        for place, other in others.items()
        if other.pk != tariff.pk and other.state == TariffState.APPROVED
    }


def check_publishable(tariff: Tariff, places: Iterable[Place]) -> None:
    """Refuse to publish a tariff that applies nowhere, or where another one applies; raises for `places`."""
    wanted = list(places)
    faults = list((faults_of(tariff, wanted) | conflicts_of(tariff, wanted)).values())
    if faults or not wanted:
        raise ValidationError({"places": faults or "It applies nowhere: name a place before you publish it."})


def take(tariff: Tariff, places: Iterable[Place]) -> None:
    """Make these the only places of the tariff, from tariffs that are not published; in the caller's transaction.

    Raises ValidationError for `places`, and where there is none.
    """
    with connection.cursor() as cursor:
        # Two publications, each sure that a place is free, must not both take it.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('pricing.places'), %s)", [tariff.cpo_id])
    wanted = list(dict.fromkeys(places))
    check_publishable(tariff, wanted)
    held = _rows_at(wanted)
    own = {place: row.pk for place, row in held.items() if row.tariff_id == tariff.pk}
    TariffAssignment.objects.filter(pk__in=[row.pk for row in held.values() if row.pk not in own.values()]).delete()
    TariffAssignment.objects.filter(tariff=tariff).exclude(pk__in=own.values()).delete()
    _assign(tariff, [place for place in wanted if place not in own])


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


def _rows_at(places: Iterable[Place]) -> dict[Place, TariffAssignment]:
    """Return the assignment at each of these places that has one, whatever its tariff's state."""
    wanted = set(places)
    rows = TariffAssignment.objects.select_related("tariff", "location", "connector").filter(
        Q(location=None) | Q(location__location_id__in={place.location_id for place in wanted}),
        Q(connector=None) | Q(connector__item_id__in={place.item_id for place in wanted}),
    )
    found = {
        Place(
            row.location.location_id if row.location else "",
            row.connector.item_id if row.connector else "",
            row.connector_type,
        ): row
        for row in rows
    }
    return {place: row for place, row in found.items() if place in wanted}


def _assign(tariff: Tariff, places: Sequence[Place]) -> None:
    site_ids, item_ids = ({getattr(x, key) for x in places} - {""} for key in ("location_id", "item_id"))
    locations = {row.location_id: row for row in Location.objects.filter(location_id__in=site_ids)}
    connectors = {row.item_id: row for row in Connector.objects.filter(item_id__in=item_ids)}
    try:
        with transaction.atomic():
            TariffAssignment.objects.bulk_create(
                TariffAssignment(
                    cpo=tariff.cpo,
                    tariff=tariff,
                    location=locations[place.location_id] if place.location_id else None,
                    connector=connectors[place.item_id] if place.item_id else None,
                    connector_type=place.connector_type,
                )
                for place in places
            )
    except (IntegrityError, KeyError) as race:
        raise ValidationError({"places": "One of the places has just changed: reload and try again."}) from race
