"""Finding connectors across all CPOs: by place, by what they are, by when their location is open, by name.

Two queries whatever is found, the ids of the answer, nearest first, and the versions of their rows; three more
where rows must be read anew. A large circle is looked through from its middle, which adds a query per ring.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.db.models import Q, QuerySet, TextChoices

from cpo_portal.accounts.tenancy import every_cpo
from cpo_portal.network.fields import inside_box
from cpo_portal.network.geo import Circle, boxes_around, distance_from
from cpo_portal.network.hours import open_during
from cpo_portal.network.loaded import load_connectors
from cpo_portal.network.models import (
    ChargingSpeed,
    Connector,
    ConnectorFormat,
    ConnectorType,
    PowerType,
    StatusChoice,
)

#: A search reads the opening hours of at most this many connectors' locations; the nearest come first.
MAX_CANDIDATES = 50_000
_FIRST_RING_M = 2_000


@dataclass(frozen=True, slots=True)
class ConnectorQuery:
    """What is looked for; an empty field restricts nothing, values of one field are alternatives.

    A `city_code` of * is any. `open_from` and `open_until` are aware, or naive for the location's own clock; alone,
    `open_from` is an instant. Each of `words` must occur in a name: of the CPO, location, city, charger or its
    description.
    """

    circle: Circle | None = None
    city_code: str = ""
    connector_types: frozenset[str] = frozenset()
    connector_formats: frozenset[str] = frozenset()
    power_types: frozenset[str] = frozenset()
    charging_speeds: frozenset[str] = frozenset()
    connector_ids: frozenset[str] = frozenset()
    statuses: frozenset[str] = frozenset()
    min_power_w: int | None = None
    open_from: datetime | None = None
    open_until: datetime | None = None
    words: tuple[str, ...] = ()
    provider_id: str = ""
    location_id: str = ""
    item_id: str = ""
    limit: int = 200


def find_connectors(query: ConnectorQuery, now: datetime) -> list[Connector]:
    """Return the connectors for sale of active CPOs that match, nearest location first, else by location name.

    They come as from `load_connectors`. `now` stands for `open_from` where only `open_until` is given.
    """
    if query.open_from is None and query.open_until is not None:
        query = replace(query, open_from=now)
    with every_cpo():
        chosen = _choose(query)
    return load_connectors(chosen)


def with_specifications(query: ConnectorQuery, pairs: Iterable[tuple[str, str]]) -> ConnectorQuery:
    """Return the query narrowed by connector specifications as buyer apps write them.

    Codes: connector-type, connector-format, power-type, charging-speed, connector-id, status, power-rating (the least
    power, "50 kW", "50kW", "50" in kW, or "7400 W"). An unknown value matches nothing; an unknown code is left out.
    """
    wanted: dict[str, set[str]] = {}
    for code, value in pairs:
        wanted.setdefault(code, set()).add(value)
    changes: dict[str, frozenset[str] | int | None] = {}
    for code, field in _SPECIFICATIONS.items():
        if code in wanted:
            changes[field] = frozenset(_plain(value) for value in wanted[code])
    if "connector-id" in wanted:
        changes["connector_ids"] = frozenset(value.strip() for value in wanted["connector-id"])
    if "power-rating" in wanted:
        changes["min_power_w"] = min(_watts(value) for value in wanted["power-rating"])
    return replace(query, **changes)  # type: ignore[arg-type]


_SPECIFICATIONS = {
    "connector-type": "connector_types",
    "connector-format": "connector_formats",
    "power-type": "power_types",
    "charging-speed": "charging_speeds",
    "status": "statuses",
}
_CHOICES: dict[str, type[TextChoices]] = {
    "connector_type": ConnectorType,
    "connector_format": ConnectorFormat,
    "power_type": PowerType,
    "charging_speed": ChargingSpeed,
}
# What people also write, in the plain spelling.
_ALSO_WRITTEN = {"AC": {"AC1PHASE", "AC3PHASE"}, "CCS": {"CCS2"}, "COMBO2": {"CCS2"}, "OUTOFSERVICE": {"OUTOFORDER"}}
# More than any connector can give, and within PostgreSQL's integer: an unreadable rating matches nothing.
_NO_SUCH_POWER = 2_000_000_000


def _plain(value: str) -> str:
    """Return a value in the spelling that is compared: capitals and digits alone, so that "Type-2" is TYPE2."""
    return "".join(char for char in value.upper() if char.isalnum())


def _watts(text: str) -> int:
    """Return a power rating in watts; a bare number is in kW."""
    bare = "".join(text.split()).lower()
    number, factor = bare, 1000
    if bare.endswith("w"):
        number, factor = (bare[:-2], 1000) if bare.endswith("kw") else (bare[:-1], 1)
    try:
        watts = Decimal(number) * factor
    except ArithmeticError:
        return _NO_SUCH_POWER
    return int(watts) if watts.is_finite() and 0 <= watts < _NO_SUCH_POWER else _NO_SUCH_POWER


def _known(asked: frozenset[str], choices: Iterable[str]) -> list[str]:
    """Return the stored values that were asked for, however they were spelled; "AC" is every kind of AC."""
    wanted = {_plain(value) for value in asked}
    wanted = wanted.union(*(_ALSO_WRITTEN.get(value, set()) for value in wanted))
    return [choice for choice in choices if _plain(choice) in wanted]


def _matches(query: ConnectorQuery) -> Q:
    """Return what must hold of a connector and its names; its location is restricted elsewhere."""
    held = Q(is_published=True)
    for field, choices in _CHOICES.items():
        asked: frozenset[str] = getattr(query, f"{field}s")
        if asked:
            held &= Q(**{f"{field}__in": _known(asked, choices.values)})
    if query.connector_ids:
        held &= Q(connector_id__in=query.connector_ids)
    if query.min_power_w is not None:
        held &= Q(max_power_w__gte=query.min_power_w)
    if query.item_id:
        held &= Q(item_id=query.item_id)
    if query.statuses:
        states = _known(query.statuses, StatusChoice.values)
        never_reported = Q(status_row=None) if StatusChoice.UNKNOWN in states else Q(pk__in=[])
        held &= Q(status_row__status__in=states) | never_reported
    for word in query.words:
        held &= _names(word)
    return held


def _names(word: str) -> Q:
    paths = (
        "charger__location__cpo__name",
        "charger__location__name",
        "charger__location__city",
        "charger__name",
        "charger__short_desc",
    )
    anywhere = Q()
    for path in paths:
        anywhere |= Q(**{f"{path}__icontains": word})
    return anywhere


def _choose(query: ConnectorQuery) -> list[int]:
    """Return the ids of the connectors that are the answer, in order.

    The nearest come first, so a smaller circle that already holds `limit` of them has the whole answer.
    """
    chosen: list[int] = []
    for circle in _rings(query.circle):
        chosen = _choose_in(replace(query, circle=circle))
        if len(chosen) >= query.limit:
            break
    return chosen


def _rings(circle: Circle | None) -> list[Circle | None]:
    """Return circles of growing radius, each four times the one before, of which the last is the one asked for."""
    rings = [circle]
    while circle is not None and circle.radius_m >= 4 * _FIRST_RING_M:
        circle = replace(circle, radius_m=circle.radius_m / 4)
        rings.insert(0, circle)
    return rings


def _choose_in(query: ConnectorQuery) -> list[int]:
    if query.open_from is None:
        return list(_candidates(query).values_list("pk", flat=True)[: query.limit])
    rows = _candidates(query).values_list("pk", "charger__location__time_zone", "charger__location__opening_hours")
    answers: dict[tuple[str, str], bool] = {}
    chosen = []
    for pk, zone, hours in rows[:MAX_CANDIDATES]:
        key = (zone, str(hours))
        if key not in answers:
            answers[key] = open_during(hours, zone, query.open_from, query.open_until)
        if answers[key]:
            chosen.append(pk)
    return chosen[: query.limit]


def _candidates(query: ConnectorQuery) -> QuerySet[Connector]:
    # Without a charging system nobody could start what a buyer app has sold.
    place = Q(charger__location__is_published=True, charger__location__cpo__is_active=True)
    place &= Q(charger__system__isnull=False)
    if query.city_code not in {"", "*"}:
        place &= Q(charger__location__city_code=query.city_code)
    if query.provider_id:
        place &= Q(charger__location__cpo__provider_id=query.provider_id)
    if query.location_id:
        place &= Q(charger__location__location_id=query.location_id)
    found = Connector.objects.filter(place & _matches(query))
    if query.circle is None:
        return found.order_by("charger__location__name", "charger__location_id", "item_id")
    inside = Q(pk__in=[])
    for box in boxes_around(query.circle):
        inside |= Q(inside_box(box.west, box.south, box.east, box.north))
    distance = distance_from(query.circle.latitude, query.circle.longitude)
    within = found.filter(inside).annotate(distance_m=distance).filter(distance_m__lte=query.circle.radius_m)
    return within.order_by("distance_m", "charger__location_id", "item_id")
