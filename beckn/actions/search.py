"""search → on_search: connectors that match, with their prices and the offers shown on them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings

from beckn.actions.replies import answer, answered_by
from beckn.models import InboundMessage
from beckn.presenting.catalogue import catalog_view
from beckn.protocol.times import in_zone
from beckn.protocol.values import SearchIntent
from cpo_portal.network.geo import Circle
from cpo_portal.network.search import ConnectorQuery, find_connectors, with_specifications


@answered_by
def handle(message: InboundMessage, intent: SearchIntent, now: datetime) -> None:
    """Answer with the catalogue; no match is an empty one."""
    # No site is known yet whose zone a time without offset could be read in; the platform's own stands in.
    zone = ZoneInfo(settings.TIME_ZONE)
    starts_at = in_zone(intent.starts_at, zone) if intent.starts_at else None
    ends_at = in_zone(intent.ends_at, zone) if intent.ends_at else None
    circle = intent.circle
    query = ConnectorQuery(
        circle=Circle(float(circle.latitude), float(circle.longitude), circle.radius_m) if circle else None,
        city_code="" if circle else message.context.city,
        open_from=starts_at,
        open_until=ends_at,
        words=intent.names,
        provider_id=intent.provider_id,
        item_id=intent.item_id,
    )
    found = find_connectors(with_specifications(query, intent.specs), now)
    answer(message, catalog_view(found, starts_at=starts_at, ends_at=ends_at, now=now), now=now)
