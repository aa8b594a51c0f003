"""What is observed at a location for a decision on its level: its connectors, the grid's stress, the lowest rate."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from cpo_portal.network.models import Connector, Location, StatusChoice
from pricing.demand.highest import highest_rate
from pricing.engine.codec import decode
from pricing.engine.demand import DemandPolicy, Observation
from pricing.engine.values import PriceComponent
from pricing.mapping import tariffs_for
from pricing.models import Signal
from pricing.surges.kinds import SignalKind
from pricing.surges.policies import policy_of
from pricing.surges.scope import Area, counts_at, tags_at

#: States in which nobody else can charge there, and states that say nothing of demand.
_BUSY = (StatusChoice.CHARGING, StatusChoice.RESERVED, StatusChoice.BLOCKED)
_SILENT = (StatusChoice.INOPERATIVE, StatusChoice.OUT_OF_ORDER, StatusChoice.UNKNOWN)

# A state stands as long as it was reported lately, or the charging system that speaks for it was heard of: most report
# changes alone, but ask for commands all the time. At a charger one connector charges at a time, so all are busy then.
_COUNTED = """
SELECT count(*), count(*) FILTER (WHERE occupied) FROM (
    SELECT bool_or(t.status = ANY(%(busy)s)) OVER (PARTITION BY h.id) AS occupied
    FROM network_charger h JOIN network_connector c ON c.charger_id = h.id AND c.is_published
    JOIN network_connectorstatus t ON t.connector_id = c.id
    WHERE h.cpo_id = %(cpo)s AND h.location_id = %(location)s AND t.status <> ALL(%(silent)s)
      AND GREATEST(t.reported_at, (
          SELECT max(k.last_used_at) FROM network_chargingsystemtoken s JOIN accounts_apitoken k ON k.id = s.token_id
          WHERE s.system_id = h.system_id)) >= %(since)s) reporting
"""


def observe(location: Location, rules: DemandPolicy, *, now: datetime) -> Observation:
    """Return what the location's connectors say as far as it is known at an instant; inside the CPO's scope."""
    values: dict[str, Any] = {
        "cpo": location.cpo_id,
        "location": location.pk,
        "busy": [x.value for x in _BUSY],
        "silent": [x.value for x in _SILENT],
        "since": now - rules.stale_after,
    }
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED, values)
        reporting, busy = cursor.fetchone()
    stressed = bool(rules.grid_weight) and _grid_is_stressed(location, now)
    return Observation(now, reporting, busy, 1.0 if stressed else None)


def lowest_rate(location: Location, *, now: datetime) -> Decimal:
    """Return what a kWh costs at the cheapest connector there, 0 where it has no price: the most may be added there.

    Of a tariff with several rates the highest counts, as it does when a session is priced.
    """
    connectors = Connector.objects.filter(charger__location=location, is_published=True)
    found = tariffs_for(list(connectors.select_related("charger__location")), at=now)
    versions = {x.pk: x for x in found.values()}.values()
    rates = [highest_rate(decode(tuple[PriceComponent, ...], x.components)) for x in versions]
    return min((x for x in rates if x), default=Decimal(0))


def _grid_is_stressed(location: Location, now: datetime) -> bool:
    signals = Signal.objects.filter(
        kind=SignalKind.GRID_STRESS,
        withdrawn_at=None,
        starts_at__lte=now,
        counts_from__lte=now,
        ends_at__gt=now,
    ).exclude(stale_after__lte=now)
    areas = [Area(tuple(x.location_ids), tuple(x.location_tags), tuple(x.states)) for x in signals]
    tags = tags_at(location, policy_of(location.cpo).signal_notice, now) if areas else ()
    return any(counts_at(area, location, tags) for area in areas)
