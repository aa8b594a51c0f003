"""Connectors whose type, power type, rating and speed fit each other."""

from __future__ import annotations

import pytest

from cpo_portal.network.models import Connector
from cpo_portal.network.plugs import faults_of


def connector(kind: str, power: str, watts: int | None, speed: str) -> Connector:
    return Connector(connector_type=kind, power_type=power, max_power_w=watts, charging_speed=speed)


@pytest.mark.parametrize(
    "good",
    [
        pytest.param(("CCS2", "DC", 350_000, "ULTRA_FAST"), id="CCS2"),
        pytest.param(("CHADEMO", "DC", 50_000, "FAST"), id="CHAdeMO"),
        pytest.param(("TYPE2", "AC_3_PHASE", 22_000, "SLOW"), id="22 kW called slow"),
        pytest.param(("TYPE2", "AC_3_PHASE", 22_000, "FAST"), id="22 kW called fast"),
        pytest.param(("GB_T", "DC", 80_000, "FAST"), id="GB/T with DC"),
        pytest.param(("GB_T", "AC_1_PHASE", 7_000, "SLOW"), id="GB/T with AC"),
        pytest.param(("BHARAT_AC_001", "AC_1_PHASE", 3_300, "SLOW"), id="Bharat AC"),
        pytest.param(("BHARAT_DC_001", "DC", 15_000, "FAST"), id="Bharat DC"),
        pytest.param(("IS_17017_2_6", "DC", 7_000, "SLOW"), id="light EV"),
        pytest.param(("CCS2", "DC", None, "FAST"), id="no rating yet"),
        pytest.param(("", "", 60_000, ""), id="nothing else yet"),
    ],
)
def test_what_is_built_is_taken(good: tuple[str, str, int | None, str]) -> None:
    assert faults_of(connector(*good)) == {}


@pytest.mark.parametrize(
    ("bad", "faults"),
    [
        pytest.param(
            ("CCS2", "AC_1_PHASE", 350_000, "SLOW"),
            {
                "power_type": "CCS2 carries DC: choose that, or another type.",
                "max_power_w": "350 kW is more than AC, one phase gives (20 kW): the rating is in watts.",
            },
            id="AC of 350 kW through CCS2",
        ),
        pytest.param(
            ("TYPE2", "DC", 22_000, "FAST"),
            {"power_type": "Type 2 carries AC, one phase or AC, three phases: choose that, or another type."},
            id="DC through Type 2",
        ),
        pytest.param(
            ("BHARAT_DC_001", "DC", 60_000, "FAST"),
            {"max_power_w": "60 kW is more than Bharat DC-001 gives (20 kW): the rating is in watts."},
            id="more than the standard allows",
        ),
        pytest.param(
            ("CCS2", "DC", 350_000, "SLOW"),
            {"charging_speed": "“Slow” does not fit 350 kW: choose “Ultra-fast”."},
            id="350 kW called slow",
        ),
        pytest.param(
            ("TYPE2", "AC_1_PHASE", 3_300, "ULTRA_FAST"),
            {"charging_speed": "“Ultra-fast” does not fit 3.3 kW: choose “Slow”."},
            id="3.3 kW called ultra-fast",
        ),
    ],
)
def test_what_does_not_fit_is_told_at_its_field(bad: tuple[str, str, int, str], faults: dict[str, str]) -> None:
    assert faults_of(connector(*bad)) == faults
