"""PostgreSQL's built-in `point`, so that a radius search uses a GiST index without any extension."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models.expressions import RawSQL


class PointField(models.Field):  # type: ignore[type-arg]
    """A (longitude, latitude) pair of floats; only searched by index, never shown: decimals are kept beside it."""

    def db_type(self, connection: Any) -> str:
        return "point"

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        return None if value is None else f"({value[0]:.6f},{value[1]:.6f})"

    def get_placeholder(self, value: Any, compiler: Any, connection: Any) -> str:
        return "%s::point"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> tuple[float, float] | None:
        if value is None:
            return None
        longitude, latitude = str(value).strip("()").split(",")
        return float(longitude), float(latitude)


def inside_box(west: float, south: float, east: float, north: float) -> RawSQL:
    """Return a condition on `network_location.position` that the GiST index answers."""
    return RawSQL(
        '"network_location"."position" <@ box(point(%s, %s), point(%s, %s))',
        (west, south, east, north),
        output_field=models.BooleanField(),
    )
