"""Connectors with all that a catalogue shows of them: charger, location, CPO and last state.

They hardly change and every search needs many of them, so they are kept in memory by the versions of their rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from cpo_portal.accounts.tenancy import every_cpo
from cpo_portal.database.queries import by_key, rows_of
from cpo_portal.database.rows import KeptRows
from cpo_portal.network.models import Charger, Connector, Location

KEPT = 5_000


class _LocationKey(NamedTuple):
    pk: int
    version: str
    cpo_version: str


class _ChargerKey(NamedTuple):
    pk: int
    version: str
    location: _LocationKey


class _ConnectorKey(NamedTuple):
    pk: int
    version: str
    status_version: str | None
    charger: _ChargerKey


# A row's version is the transaction that wrote it, and the place, which tells apart what one transaction writes twice.
_VERSIONS = """
SELECT c.id, c.xmin::text || c.ctid::text, s.xmin::text || s.ctid::text, h.id, h.xmin::text || h.ctid::text,
    l.id, l.xmin::text || l.ctid::text, o.xmin::text || o.ctid::text
FROM network_connector c
JOIN network_charger h ON h.id = c.charger_id
JOIN network_location l ON l.id = h.location_id
JOIN accounts_cpo o ON o.id = l.cpo_id
LEFT JOIN network_connectorstatus s ON s.connector_id = c.id
"""
_CHOSEN = _VERSIONS + "WHERE c.id = ANY(%(chosen)s::bigint[])"
_FOR_SALE = (
    _VERSIONS
    + """WHERE o.provider_id = %(provider)s AND o.is_active AND c.item_id = %(item)s
    AND c.is_published AND l.is_published AND h.system_id IS NOT NULL"""
)

_locations: KeptRows[_LocationKey, Location] = KeptRows(KEPT)
_chargers: KeptRows[_ChargerKey, Charger] = KeptRows(KEPT)
_connectors: KeptRows[_ConnectorKey, Connector] = KeptRows(KEPT)


def load_connectors(chosen: list[int]) -> list[Connector]:
    """Return the connectors with these primary keys, in this order; one that was deleted meanwhile is left out.

    `.charger`, `.charger.location`, `.cpo` and `.status_row` (where there is one) are loaded. They are shared: read
    them, and never save or change them. As new as this call, or newer.
    """
    found = _load(_CHOSEN, {"chosen": chosen})
    return [found[pk] for pk in chosen if pk in found]


def connector_for_sale(provider_id: str, item_id: str) -> Connector | None:
    """Return the connector that an active CPO sells under this item id, as from `load_connectors`; None where none."""
    found = _load(_FOR_SALE, {"provider": provider_id, "item": item_id})
    return next(iter(found.values()), None)


def _load(statement: str, values: Mapping[str, Any]) -> dict[int, Connector]:
    """Return by primary key the connectors whose versions a statement returns."""
    keys = {
        pk: _ConnectorKey(pk, version, status, _ChargerKey(charger, charger_version, _LocationKey(*location)))
        for pk, version, status, charger, charger_version, *location in rows_of(statement, values)
    }
    with every_cpo():
        found = _connectors.get(keys.values(), _load_connectors)
    return {pk: found[key] for pk, key in keys.items() if key in found}


def _load_connectors(keys: list[_ConnectorKey]) -> dict[_ConnectorKey, Connector]:
    chargers = _chargers.get((key.charger for key in keys), _load_chargers)
    rows = by_key(Connector.objects.select_related("status_row"), (key.pk for key in keys))
    found = {key: rows[key.pk] for key in keys if key.pk in rows and key.charger in chargers}
    for key, connector in found.items():
        connector.charger = chargers[key.charger]
        connector.cpo = connector.charger.location.cpo
    return found


def _load_chargers(keys: list[_ChargerKey]) -> dict[_ChargerKey, Charger]:
    locations = _locations.get((key.location for key in keys), _load_locations)
    rows = by_key(Charger.objects.all(), (key.pk for key in keys))
    found = {key: rows[key.pk] for key in keys if key.pk in rows and key.location in locations}
    for key, charger in found.items():
        charger.location = locations[key.location]
    return found


def _load_locations(keys: Iterable[_LocationKey]) -> dict[_LocationKey, Location]:
    # The point only serves the index.
    rows = by_key(Location.objects.select_related("cpo").defer("position"), (key.pk for key in keys))
    return {key: rows[key.pk] for key in keys if key.pk in rows}
