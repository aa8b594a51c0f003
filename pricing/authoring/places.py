"""Where a tariff applies: the places that it holds, each at most once in the whole CPO."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Connector, ConnectorType, Location
from pricing.authoring.tariffs import lock_tariff
from pricing.models import Tariff, TariffAssignment, TariffState


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tariff applies: one connector, else a location and/or a connector type; all empty is everywhere."""

    location: Location | None = None
    connector: Connector | None = None
    connector_type: str = ""

    def __str__(self) -> str:
        if self.connector is not None:
            return f"at {self.connector.item_id}"
        if self.location is None and not self.connector_type:
            return "everywhere"
        kind = f"to {ConnectorType(self.connector_type).label}" if self.connector_type else ""
        where = f"at {self.location}" if self.location is not None else ""
        return f"{kind} {where}".strip()


def assign(tariff: Tariff, places: Iterable[Place]) -> list[TariffAssignment]:
    """Make these the only places of the tariff; a place of another tariff is refused unless that one has ended."""
    with cpo_scope(tariff.cpo), transaction.atomic():
        lock_tariff(tariff)
        wanted = list(dict.fromkeys(places))
        for place in wanted:
            _check_place(tariff, place)
        kept, made = set(), []
        for place in wanted:
            TariffAssignment.objects.filter(_at(place), tariff__state=TariffState.ENDED).exclude(tariff=tariff).delete()
            row = TariffAssignment.objects.filter(_at(place), tariff=tariff).first()
            row = row or _assigned(tariff, place)
            kept.add(row.pk)
            made.append(row)
        TariffAssignment.objects.filter(tariff=tariff).exclude(pk__in=kept).delete()
        return made


def other_tariff_at(tariff: Tariff, place: Place) -> Tariff | None:
    """Return the tariff, not ended, that already applies at exactly this place."""
    rows = TariffAssignment.objects.filter(_at(place)).exclude(tariff=tariff.pk)
    row = rows.exclude(tariff__state=TariffState.ENDED).select_related("tariff").first()
    return row.tariff if row else None


def _at(place: Place) -> Q:
    return Q(location=place.location, connector=place.connector, connector_type=place.connector_type)


def _check_place(tariff: Tariff, place: Place) -> None:
    if place.connector is not None and (place.location is not None or place.connector_type):
        raise ValidationError("Name either one connector, or a location and a connector type.")
    for thing in (place.location, place.connector):
        if thing is not None and thing.cpo_id != tariff.cpo_id:
            raise ValidationError("Choose a place of your own.")
    other = other_tariff_at(tariff, place)
    if other is not None:
        raise ValidationError(refusal_of(place, other))


def refusal_of(place: Place, other: Tariff) -> str:
    """Say that another tariff is at this place and what to do."""
    return f"“{other}” already applies {place}: take it off there first."


def _assigned(tariff: Tariff, place: Place) -> TariffAssignment:
    try:
        with transaction.atomic():
            return TariffAssignment.objects.create(
                cpo=tariff.cpo,
                tariff=tariff,
                location=place.location,
                connector=place.connector,
                connector_type=place.connector_type,
            )
    except IntegrityError as race:
        raise ValidationError(f"Another tariff was just assigned {place}: reload and try again.") from race
