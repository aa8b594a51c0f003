"""Which versions of tariffs price the CPO's connectors, now and as announced, and what one uncovers by going."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.db.models import Q
from django.utils import timezone

from cpo_portal.network.models import Connector
from pricing import mapping  # the module: it reads places and claims of this package
from pricing.authoring.ceilings import Ceilings, Priced
from pricing.engine.codec import decode
from pricing.engine.values import PriceComponent
from pricing.models import CeilingMode, Tariff, TariffAssignment, TariffVersion

#: Announced changes of tariffs that are looked at.
_MOST_CHANGES = 20


@dataclass(frozen=True, slots=True)
class ConnectorPrice:
    """A connector with a version that prices it, now or from an announced instant on."""

    connector: Connector
    version: TariffVersion
    components: tuple[PriceComponent, ...]

    @property
    def key(self) -> tuple[int, int]:
        return self.connector.pk, self.version.pk


def prices_of(connectors: Sequence[Connector]) -> list[ConnectorPrice]:
    """Return these connectors with each version that prices them, by connector; inside the CPO's scope."""
    if not connectors:
        return []
    now = timezone.now()
    places = {x.pk: set(mapping.places_of(x, x.charger.location_id)) for x in connectors}
    found: dict[tuple[int, int], ConnectorPrice] = {}
    parts: dict[int, tuple[PriceComponent, ...]] = {}
    for at, changed in ((now, None), *sorted(_changes(now).items())[:_MOST_CHANGES]):
        # Whatever a change is not about has the price that it had before.
        about = [x for x in connectors if changed is None or not places[x.pk].isdisjoint(changed)]
        versions = mapping.tariffs_for(about, at=at) if about else {}
        for connector in about:
            if (version := versions.get(connector.pk)) is not None:
                if version.pk not in parts:
                    parts[version.pk] = decode(tuple[PriceComponent, ...], version.components)
                priced = ConnectorPrice(connector, version, parts[version.pk])
                found.setdefault(priced.key, priced)
    return list(found.values())


def _changes(now: datetime) -> dict[datetime, set[mapping.Place]]:
    """Return the places of which another assignment holds from an announced instant on, by that instant."""
    found: dict[datetime, set[mapping.Place]] = {}
    for row in TariffAssignment.objects.filter(Q(valid_from__gt=now) | Q(valid_until__gt=now)):
        for at in (row.valid_from, row.valid_until):
            if at is not None and at > now:
                found.setdefault(at, set()).add((row.location_id, row.connector_id, row.connector_type))
    return found


class Uncovering:
    """The prices before a tariff ends or leaves places, to be compared with those after; inside one transaction."""

    def __init__(self, tariff: Tariff) -> None:
        self._tariff = tariff
        self._ceilings = Ceilings()
        before = prices_of(self._ceilings.connectors) if self._blocking else []
        self._before = {x.key for x in before}
        self._priced = {x.connector.pk: x.connector for x in before if x.version.tariff_id == tariff.pk}

    def faults(self, instead: str) -> list[str]:
        """Return a sentence for each ceiling that says so and that another tariff's price, which now shows, is above.

        `instead` is what else can be done.
        """
        shown: dict[str, list[Priced]] = {}
        for x in prices_of(list(self._priced.values())):
            if x.key not in self._before and x.version.tariff_id != self._tariff.pk:
                priced = self._ceilings.priced(x.connector, x.components)
                shown.setdefault(x.version.tariff.name, []).extend(priced)
        return [
            f"Then “{name}” applies: {found.fault}. Lower that first, or {instead}."
            for name, priced in shown.items()
            for found in self._ceilings.told(priced, self._tariff.cpo.currency)
            if found.blocks
        ]

    @cached_property
    def _blocking(self) -> bool:
        return any(x.mode == CeilingMode.BLOCK for x in self._ceilings.rules)
