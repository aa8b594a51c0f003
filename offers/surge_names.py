"""How people call what a surge has ids for: connectors, chargers, products, calendars and segments, for its readers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cpo_portal.charging.models import Segment
from cpo_portal.network.models import Charger, Connector, Location, Product
from pricing.engine.week import joined
from pricing.engine.windows import zone_of
from pricing.models import HolidayCalendar
from pricing.surges.content import SurgeContent

_HIDDEN = "a place that apps do not show at present"
_UNSOLD = "a product that is not sold now"


@dataclass(frozen=True, slots=True)
class SurgeNames:
    """Names by id: of connectors, chargers and products together, of calendars, of segments."""

    things: Mapping[str, str]
    calendars: Mapping[str, str]
    segments: Mapping[str, str]

    def calendar(self, content: SurgeContent) -> str:
        return self.calendars.get(content.holiday_calendar, "")


def names_of(contents: Sequence[SurgeContent]) -> SurgeNames:
    """Return the names that these contents need; what is hidden from apps has none. Inside the CPO's scope."""
    scopes = [x.scope for x in contents]
    items = {key for x in scopes for key in x.item_ids}
    chargers = {key for x in scopes for key in x.charger_ids}
    products = {key for x in scopes for key in x.product_ids}
    segments = {key for x in contents for key in x.exemptions.segment_ids}
    calendars = {x.holiday_calendar for x in contents if x.holiday_calendar}
    return SurgeNames(
        things=dict.fromkeys(items | chargers, _HIDDEN)
        | dict.fromkeys(products, _UNSOLD)
        | _connectors(items)
        | _chargers(chargers)
        | _named(Product, "product_id", products, is_published=True),
        calendars=_named(HolidayCalendar, "calendar_id", calendars),
        segments=_named(Segment, "segment_id", segments),
    )


def zones_in_words(now: datetime) -> str:
    """Return the zones of the clocks of all stations that apps show: "IST", or "IST and GMT"."""
    names = Location.objects.filter(is_published=True).order_by("time_zone").values_list("time_zone", flat=True)
    return joined(list(dict.fromkeys(f"{now.astimezone(zone_of(name)):%Z}" for name in names.distinct())))


def _named(model: type[Product | HolidayCalendar | Segment], key: str, ids: set[str], **only: bool) -> dict[str, str]:
    if not ids:
        return {}
    return dict(model.objects.filter(**{f"{key}__in": ids}, **only).values_list(key, "name"))  # type: ignore[attr-defined]


def _connectors(item_ids: set[str]) -> dict[str, str]:
    if not item_ids:
        return {}
    rows = Connector.objects.filter(item_id__in=item_ids, is_published=True, charger__location__is_published=True)
    found = rows.values_list("item_id", "charger__name", "charger__location__name")
    return {item: f"{charger} of {location}" for item, charger, location in found}


def _chargers(evse_ids: set[str]) -> dict[str, str]:
    if not evse_ids:
        return {}
    rows = Charger.objects.filter(evse_id__in=evse_ids, location__is_published=True)
    return {evse: f"{name} of {place}" for evse, name, place in rows.values_list("evse_id", "name", "location__name")}
