"""What people call the places, products, segments and calendars that surges name by id."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cpo_portal.charging.models import Segment
from cpo_portal.network.models import Charger, Location, Product
from pricing.models import HolidayCalendar
from pricing.surges.content import SurgeContent


@dataclass(frozen=True, slots=True)
class Names:
    """Names by id; `things` are locations, chargers and products, an id that two of them share is left out."""

    things: Mapping[str, str] = field(default_factory=dict)
    segments: Mapping[str, str] = field(default_factory=dict)
    calendars: Mapping[str, str] = field(default_factory=dict)


def names_of(contents: Iterable[SurgeContent]) -> Names:
    """Return the names of all that these name, in at most five queries; inside the CPO's scope."""
    said = list(contents)
    kinds = [
        _named(said, lambda x: x.scope.location_ids, Location, "location_id"),
        _named(said, lambda x: x.scope.charger_ids, Charger, "evse_id"),
        _named(said, lambda x: x.scope.product_ids, Product, "product_id"),
    ]
    shared = Counter(key for found in kinds for key in found)
    return Names(
        {key: name for found in kinds for key, name in found.items() if shared[key] == 1},
        _named(said, lambda x: x.exemptions.segment_ids, Segment, "segment_id"),
        _named(said, lambda x: (x.holiday_calendar,), HolidayCalendar, "calendar_id"),
    )


def _named(
    contents: Iterable[SurgeContent], ids_of: Callable[[SurgeContent], tuple[str, ...]], model: Any, key: str
) -> dict[str, str]:
    wanted = {x for content in contents for x in ids_of(content)} - {""}
    rows = model.objects.filter(**{f"{key}__in": wanted}).values_list(key, "name") if wanted else ()
    return dict(rows)
