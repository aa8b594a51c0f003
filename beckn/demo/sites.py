"""Makes the demonstration's locations, chargers and connectors from locations.csv."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from beckn.demo.tables import BROKEN_EVERY, CHARGER_KINDS, HIGHWAY, CpoRow, Plug
from cpo_portal.accounts.models import Cpo
from cpo_portal.network.models import Charger, ChargingSystem, Connector, ConnectorStatus, Location, StatusChoice

TABLE = Path(__file__).with_name("locations.csv")


@dataclass(frozen=True, slots=True)
class ChargerRow:
    """A charger of a site: its number within the CPO, its kind, and its connectors' item ids."""

    number: int
    kind: str
    items: tuple[tuple[str, Plug], ...]


@dataclass(frozen=True, slots=True)
class SiteRow:
    """A line of locations.csv with its chargers numbered."""

    location_id: str
    values: dict[str, Any]
    chargers: tuple[ChargerRow, ...]


def read_sites(cpo: CpoRow) -> Iterator[SiteRow]:
    """Yield the CPO's sites; chargers and connectors are numbered in the file's order."""
    charger_number = item_number = 0
    with TABLE.open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            if line["cpo"] != cpo.provider_id:
                continue
            chargers = []
            for kind in line["chargers"].split():
                charger_number += 1
                items = []
                for plug in CHARGER_KINDS[kind][1]:
                    item_number += 1
                    items.append((f"{cpo.item_prefix}-{item_number:02d}", plug))
                chargers.append(ChargerRow(charger_number, kind, tuple(items)))
            yield SiteRow(line["location_id"], _values(line), tuple(chargers))


def make_sites(cpo: Cpo, row: CpoRow, system: ChargingSystem, now: datetime) -> None:
    """Make what is missing; a site that is there is left as it is, with whatever stands on it."""
    there = set(Location.objects.values_list("location_id", flat=True))
    made = [(location, site) for location, site in build_sites(cpo, row) if site.location_id not in there]
    if not made:
        return
    for location, _ in made:
        location.save()
    chargers = [charger for location, site in made for charger in build_chargers(location, site, row, system)]
    Charger.objects.bulk_create(charger for charger, _ in chargers)
    connectors = [connector for charger, own in chargers for connector in build_connectors(charger, own)]
    Connector.objects.bulk_create(connectors)
    ConnectorStatus.objects.bulk_create(
        ConnectorStatus(connector=connector, status=_status(row, connector), reported_at=now)
        for connector in connectors
    )


def build_sites(cpo: Cpo, row: CpoRow) -> Iterator[tuple[Location, SiteRow]]:
    """Yield the CPO's locations, not saved."""
    for site in read_sites(row):
        yield Location(cpo=cpo, location_id=site.location_id, **site.values), site


def build_chargers(
    location: Location, site: SiteRow, cpo: CpoRow, system: ChargingSystem
) -> Iterator[tuple[Charger, ChargerRow]]:
    """Yield a site's chargers, not saved."""
    for row in site.chargers:
        words = CHARGER_KINDS[row.kind][0]
        charger = Charger(
            cpo=location.cpo,
            location=location,
            evse_id=f"{cpo.evse_prefix}{row.number:04d}",
            name=f"EV Charger #{row.number} ({words})",
            short_desc=f"{words}, up to {max(plug.watts for _, plug in row.items) / 1000:g} kW",
            system=system,
        )
        yield charger, row


def build_connectors(charger: Charger, row: ChargerRow) -> Iterator[Connector]:
    """Yield a charger's connectors, not saved."""
    for position, (item_id, plug) in enumerate(row.items, start=1):
        yield Connector(
            cpo=charger.cpo,
            charger=charger,
            item_id=item_id,
            connector_id=str(position),
            connector_type=plug.connector_type,
            connector_format=plug.connector_format,
            power_type=plug.power_type,
            max_power_w=plug.watts,
            charging_speed=plug.speed,
        )


def _status(cpo: CpoRow, connector: Connector) -> StatusChoice:
    number = int(connector.item_id.rpartition("-")[2])
    broken = cpo.provider_id == HIGHWAY and number % BROKEN_EVERY == 0
    return StatusChoice.OUT_OF_ORDER if broken else StatusChoice.AVAILABLE


def _values(line: dict[str, str]) -> dict[str, Any]:
    texts = ("name", "address", "city", "city_code", "state", "postal_code", "instructions")
    return {name: line[name] for name in texts} | {
        "latitude": Decimal(line["latitude"]),
        "longitude": Decimal(line["longitude"]),
        "tags": line["tags"].split(),
        "opened_on": date.fromisoformat(line["opened_on"]),
        "opening_hours": _hours(line["hours"]),
    }


def _hours(text: str) -> list[dict[str, Any]]:
    """Return "1-5 07:00-23:00" as the location keeps it; nothing means always open."""
    if not text:
        return []
    days, clocks = text.split()
    first, last = (int(day) for day in days.split("-"))
    opens, shuts = clocks.split("-")
    return [{"weekday": day, "from": opens, "to": shuts} for day in range(first, last + 1)]
