"""Circles on the globe: the boxes that an index can answer, and the exact great-circle distance."""

from __future__ import annotations

from dataclasses import dataclass
from math import asin, cos, degrees, pi, radians, sin, sqrt

from django.db import models
from django.db.models.expressions import RawSQL

#: The mean radius of the earth in metres, as the haversine formula takes it.
EARTH_RADIUS_M = 6_371_008.8
# Positions are rounded to six decimals, and so is the box: it must not cut off what the exact distance lets in.
_MARGIN = 0.000_002


@dataclass(frozen=True, slots=True)
class Circle:
    """A centre in degrees and a radius in metres."""

    latitude: float
    longitude: float
    radius_m: float


@dataclass(frozen=True, slots=True)
class Box:
    """Degrees, with west ≤ east and south ≤ north."""

    west: float
    south: float
    east: float
    north: float


def boxes_around(circle: Circle) -> list[Box]:
    """Return the boxes that hold every point of the circle: two where it crosses the date line."""
    reach = degrees(circle.radius_m / EARTH_RADIUS_M) + _MARGIN
    south, north = max(-90.0, circle.latitude - reach), min(90.0, circle.latitude + reach)
    width = _half_width(circle, reach)
    if width >= 180:
        return [Box(-180.0, south, 180.0, north)]
    west, east = circle.longitude - width, circle.longitude + width
    if west < -180:
        return [Box(west + 360, south, 180.0, north), Box(-180.0, south, east, north)]
    if east > 180:
        return [Box(west, south, 180.0, north), Box(-180.0, south, east - 360, north)]
    return [Box(west, south, east, north)]


def _half_width(circle: Circle, reach: float) -> float:
    """Return how many degrees of longitude the circle reaches to each side; all of them round a pole."""
    if abs(circle.latitude) + reach >= 90:
        return 180.0
    ratio = sin(min(radians(reach), pi / 2)) / cos(radians(circle.latitude))
    return 180.0 if ratio >= 1 else degrees(asin(ratio)) + _MARGIN


def haversine_m(latitude: float, longitude: float, to_latitude: float, to_longitude: float) -> float:
    """Return the great-circle distance of two points in metres."""
    up, across = radians(to_latitude - latitude), radians(to_longitude - longitude)
    chord = sin(up / 2) ** 2 + cos(radians(latitude)) * cos(radians(to_latitude)) * sin(across / 2) ** 2
    return 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(chord)))


def distance_from(latitude: float, longitude: float) -> RawSQL:
    """Return the same distance in metres, as an expression on `network_location.position`."""
    up = 'radians("network_location"."position"[1] - %s)'
    across = 'radians("network_location"."position"[0] - %s)'
    chord = (
        f'sin({up} / 2) ^ 2 + cos(radians(%s)) * cos(radians("network_location"."position"[1])) * sin({across} / 2) ^ 2'
    )
    return RawSQL(  # noqa: S611  every value is a parameter
        f"2 * {EARTH_RADIUS_M} * asin(least(1.0, sqrt({chord})))",
        (latitude, latitude, longitude),
        output_field=models.FloatField(),
    )
