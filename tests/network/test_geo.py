"""Boxes hold their circle, also at the date line and at the poles; the distance is exact at the border."""

from __future__ import annotations

from math import asin, atan2, cos, degrees, radians, sin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpo_portal.network.geo import EARTH_RADIUS_M, Box, Circle, boxes_around, haversine_m


@pytest.mark.parametrize(
    ("circle", "boxes"),
    [
        pytest.param(Circle(0, 0, 0), [(0, 0, 0, 0)], id="a point"),
        pytest.param(Circle(0, 179.9, 22_239.016), [(179.7, -0.2, 180, 0.2), (-180, -0.2, -179.9, 0.2)], id="east"),
        pytest.param(Circle(0, -179.9, 22_239.016), [(179.9, -0.2, 180, 0.2), (-180, -0.2, -179.7, 0.2)], id="west"),
        pytest.param(Circle(89.9, 10, 22_239.016), [(-180, 89.7, 180, 90)], id="the pole is inside"),
        pytest.param(Circle(-90, 0, 111_195.08), [(-180, -90, 180, -89)], id="on the south pole"),
        pytest.param(Circle(0, 0, 30_000_000), [(-180, -90, 180, 90)], id="the whole globe"),
    ],
)
def test_boxes(circle: Circle, boxes: list[tuple[float, float, float, float]]) -> None:
    assert [
        tuple(round(side, 4) for side in (box.west, box.south, box.east, box.north)) for box in boxes_around(circle)
    ] == boxes


def test_distances() -> None:
    assert round(haversine_m(0, 0, 0, 1)) == 111_195
    assert round(haversine_m(28.6314, 77.2167, 12.9716, 77.5946)) == 1_741_732
    assert round(haversine_m(0, 0, 0, 180)) == round(EARTH_RADIUS_M * 3.141592653589793)


@given(st.floats(-89, 89), st.floats(-180, 180), st.floats(1, 1_000_000), st.floats(0, 0.999999), st.floats(0, 6.2831))
def test_every_point_of_the_circle_lies_in_a_box(
    latitude: float, longitude: float, radius: float, share: float, bearing: float
) -> None:
    angle, up = radius * share / EARTH_RADIUS_M, radians(latitude)
    to_up = asin(min(1, max(-1, sin(up) * cos(angle) + cos(up) * sin(angle) * cos(bearing))))
    across = atan2(sin(bearing) * sin(angle) * cos(up), cos(angle) - sin(up) * sin(to_up))
    to_longitude = (longitude + degrees(across) + 540) % 360 - 180
    boxes = boxes_around(Circle(latitude, longitude, radius))
    assert any(_holds(box, degrees(to_up), to_longitude) for box in boxes)


def _holds(box: Box, latitude: float, longitude: float) -> bool:
    return box.west <= longitude <= box.east and box.south <= latitude <= box.north
