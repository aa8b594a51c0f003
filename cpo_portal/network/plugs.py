"""Which connector can be what: type, power type, rating and speed must fit."""

from __future__ import annotations

from cpo_portal.network.models import ChargingSpeed, Connector, ConnectorType, PowerType

_AC = frozenset({PowerType.AC_1_PHASE, PowerType.AC_3_PHASE})
_DC = frozenset({PowerType.DC})

#: By type: the power types that it carries, and the most watts that its standard allows.
TYPES: dict[str, tuple[frozenset[PowerType], int]] = {
    ConnectorType.CCS2: (_DC, 1_000_000),
    ConnectorType.CHADEMO: (_DC, 500_000),
    ConnectorType.TYPE2: (_AC, 44_000),
    ConnectorType.TYPE1: (frozenset({PowerType.AC_1_PHASE}), 19_200),
    ConnectorType.GB_T: (_AC | _DC, 250_000),
    ConnectorType.BHARAT_AC: (_AC, 10_000),
    ConnectorType.BHARAT_DC: (_DC, 20_000),
    ConnectorType.LEV_AC: (frozenset({PowerType.AC_1_PHASE, PowerType.DC}), 12_000),
}
#: The most watts of a power type; DC is bounded by its connector.
POWER_TYPES: dict[str, int] = {PowerType.AC_1_PHASE: 20_000, PowerType.AC_3_PHASE: 44_000}
#: The least and the most watts that a speed may be said of; they overlap, as usage does.
SPEEDS: dict[str, tuple[int, int]] = {
    ChargingSpeed.SLOW: (0, 22_000),
    ChargingSpeed.FAST: (7_000, 200_000),
    ChargingSpeed.ULTRA_FAST: (100_000, 1_000_000),
}


def faults_of(connector: Connector) -> dict[str, str]:
    """Return what does not fit, one sentence by field; what is missing is not looked at."""
    carried, most = TYPES.get(connector.connector_type, (frozenset(PowerType), 2**31))
    kind, watts = connector.power_type, connector.max_power_w
    found: dict[str, str] = {}
    if kind and kind not in carried:
        can = " or ".join(choice.label for choice in PowerType if choice in carried)
        found["power_type"] = f"{connector.get_connector_type_display()} carries {can}: choose that, or another type."
    if watts is None:
        return found
    ceiling = min(most, POWER_TYPES.get(kind, most))
    if watts > ceiling:
        what = connector.get_connector_type_display() if ceiling == most else connector.get_power_type_display()
        found["max_power_w"] = f"{_kw(watts)} is more than {what} gives ({_kw(ceiling)}): the rating is in watts."
    slowest, fastest = SPEEDS.get(connector.charging_speed, (0, 2**31))
    if not found and not slowest <= watts <= fastest:
        label = connector.get_charging_speed_display()
        found["charging_speed"] = f"“{label}” does not fit {_kw(watts)}: choose {_speeds(watts)}."
    return found


def _speeds(watts: int) -> str:
    fitting = [ChargingSpeed(speed).label for speed, (low, high) in SPEEDS.items() if low <= watts <= high]
    return " or ".join(f"“{label}”" for label in fitting)


def _kw(watts: int) -> str:
    return f"{watts / 1000:g} kW"
