"""Where an offer applies beyond named locations: tags, cities, states, a circle, a charger, a class of connector."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from math import asin, cos, radians, sin, sqrt

from offers.engine.about import one_of
from offers.engine.facts import Circle, PlaceFacts
from offers.engine.values import Applicability, Check, ReasonCode
from pricing.engine.wording import plain_number, power_text

#: The mean radius of the earth in kilometres, as the haversine formula takes it.
_EARTH_KM = 6_371.0088


def place_checks(scope: Applicability, place: PlaceFacts) -> list[Check]:
    """Return the limits of place that fail."""
    return list(_failing(scope, place))


def fits(scope: Applicability, place: PlaceFacts) -> bool:
    """Say whether an offer's limits of place hold here."""
    return next(_failing(scope, place), None) is None


def is_placed(scope: Applicability) -> bool:
    """Say whether an offer is limited by anything of the place but its id."""
    names = scope.location_tags or scope.cities or scope.states
    return bool(names) or scope.circle is not None or names_connectors(scope)


def names_connectors(scope: Applicability) -> bool:
    """Say whether an offer is limited to chargers, or to connectors of a kind or a power."""
    names = scope.charger_ids or scope.connector_types or scope.currents
    return bool(names) or scope.min_power_w is not None or scope.max_power_w is not None


def filed_under(scope: Applicability) -> frozenset[str]:
    """Return the keys under which an offer is found by its place: of the narrowest attribute that it names."""
    found = (
        ("charger", scope.charger_ids),
        ("area", _folded(scope.cities)),
        ("tag", _folded(scope.location_tags)),
        ("state", _folded(scope.states)),
    )
    return next((frozenset(f"{kind} {name}" for name in names) for kind, names in found if names), frozenset())


@lru_cache(maxsize=4096)
def keys_of(place: PlaceFacts) -> tuple[str, ...]:
    """Return every key under which an offer for this place may be filed."""
    found = [f"tag {x}" for x in _folded(place.tags)] + [f"area {x}" for x in _folded(place.areas)]
    return (f"charger {place.charger_id}", f"state {place.state.casefold()}", *found)


@lru_cache(maxsize=16384)
def distance_km(circle: Circle, place: PlaceFacts) -> Decimal | None:
    """Return the great-circle distance from the circle's centre, to the metre; None where no coordinates are known."""
    if place.latitude is None or place.longitude is None:
        return None
    north, here = radians(float(circle.latitude)), radians(float(place.latitude))
    up, across = here - north, radians(float(place.longitude - circle.longitude))
    chord = sin(up / 2) ** 2 + cos(north) * cos(here) * sin(across / 2) ** 2
    return Decimal(f"{2 * _EARTH_KM * asin(min(1.0, sqrt(chord))):.3f}")


def _failing(scope: Applicability, place: PlaceFacts) -> Iterator[Check]:
    """Yield a check for each limit that does not hold; without limits nothing is worked out."""
    if scope.location_tags and _folded(scope.location_tags).isdisjoint(_folded(place.tags)):
        yield _named(ReasonCode.LOCATION_TAG, "location_tags", scope.location_tags, *sorted(place.tags))
    if scope.cities and _folded(scope.cities).isdisjoint(_folded(place.areas)):
        yield _named(ReasonCode.AREA, "cities", scope.cities, *sorted(place.areas))
    if scope.states and place.state.casefold() not in _folded(scope.states):
        yield _named(ReasonCode.AREA, "states", scope.states, place.state)
    if scope.circle is not None:
        yield from _outside(scope.circle, place)
    if scope.charger_ids and place.charger_id not in scope.charger_ids:
        yield _named(ReasonCode.CHARGER, "charger_ids", scope.charger_ids, place.charger_id)
    if scope.connector_types and place.connector_type not in scope.connector_types:
        yield _named(ReasonCode.CONNECTOR_CLASS, "connector_types", scope.connector_types, place.connector_type)
    if scope.currents and place.current not in scope.currents:
        yield _named(ReasonCode.CONNECTOR_CLASS, "currents", scope.currents, place.current)
    yield from _power(scope, place.max_power_w)


def _outside(circle: Circle, place: PlaceFacts) -> Iterator[Check]:
    distance = distance_km(circle, place)
    if distance is not None and distance <= circle.radius_km:
        return
    expected = f"within {plain_number(circle.radius_km)} km"
    actual = "no coordinates" if distance is None else f"{distance:.3f} km"
    margin = "" if distance is None else f"{distance - circle.radius_km:.3f} km too far"
    yield Check(ReasonCode.DISTANCE, "applicability.circle", expected, actual, False, margin)


def _power(scope: Applicability, watts: int) -> Iterator[Check]:
    least, most = scope.min_power_w, scope.max_power_w
    if least is not None and watts < least:
        margin = f"{power_text(least - watts)} too weak"
        yield Check(ReasonCode.POWER, "applicability.min_power_w", power_text(least), power_text(watts), False, margin)
    if most is not None and watts > most:
        margin = f"{power_text(watts - most)} too strong"
        yield Check(ReasonCode.POWER, "applicability.max_power_w", power_text(most), power_text(watts), False, margin)


def _named(code: ReasonCode, field: str, allowed: frozenset[str], *there: str) -> Check:
    expected, about = one_of(allowed, there)
    return Check(code, f"applicability.{field}", expected, ", ".join(there) or "none", False, about=about)


@lru_cache(maxsize=8192)
def _folded(names: frozenset[str]) -> frozenset[str]:
    return frozenset(name.casefold() for name in names)
