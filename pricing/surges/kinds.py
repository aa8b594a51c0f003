"""What a surge is for, by the five families of use case 7, and what is signalled from outside; pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class SurgeFamily(StrEnum):
    """The families of use case 7."""

    PEAK_DEMAND = "PEAK_DEMAND"
    LOCATION = "LOCATION"
    TIME = "TIME"
    SERVICE = "SERVICE"
    ENVIRONMENTAL = "ENVIRONMENTAL"


class SurgeKind(StrEnum):
    """What a schedule is for; part of stored rows and of the API, never renamed."""

    RUSH_HOURS = "RUSH_HOURS"
    GRID_STRESS = "GRID_STRESS"
    WEATHER = "WEATHER"
    EVENT = "EVENT"
    HOLIDAY_DEMAND = "HOLIDAY_DEMAND"
    PREMIUM_LOCATION = "PREMIUM_LOCATION"
    HIGH_COST_AREA = "HIGH_COST_AREA"
    REMOTE_LOCATION = "REMOTE_LOCATION"
    SPECIAL_ZONE = "SPECIAL_ZONE"
    PEAK_HOURS = "PEAK_HOURS"
    WEEKEND = "WEEKEND"
    HOLIDAY = "HOLIDAY"
    NIGHT = "NIGHT"
    FAST_CHARGING = "FAST_CHARGING"
    PRIORITY_ACCESS = "PRIORITY_ACCESS"
    ADDED_SERVICE = "ADDED_SERVICE"
    EMERGENCY = "EMERGENCY"
    CARBON_OFFSET = "CARBON_OFFSET"
    RENEWABLE_ENERGY = "RENEWABLE_ENERGY"
    SUSTAINABILITY = "SUSTAINABILITY"


class SignalKind(StrEnum):
    """What a signal tells of; schedules name the kinds that they wait for."""

    GRID_STRESS = "GRID_STRESS"
    WEATHER = "WEATHER"
    EVENT = "EVENT"


_MEMBERS: Mapping[SurgeFamily, tuple[SurgeKind, ...]] = {
    SurgeFamily.PEAK_DEMAND: (
        SurgeKind.RUSH_HOURS,
        SurgeKind.GRID_STRESS,
        SurgeKind.WEATHER,
        SurgeKind.EVENT,
        SurgeKind.HOLIDAY_DEMAND,
    ),
    SurgeFamily.LOCATION: (
        SurgeKind.PREMIUM_LOCATION,
        SurgeKind.HIGH_COST_AREA,
        SurgeKind.REMOTE_LOCATION,
        SurgeKind.SPECIAL_ZONE,
    ),
    SurgeFamily.TIME: (SurgeKind.PEAK_HOURS, SurgeKind.WEEKEND, SurgeKind.HOLIDAY, SurgeKind.NIGHT),
    SurgeFamily.SERVICE: (
        SurgeKind.FAST_CHARGING,
        SurgeKind.PRIORITY_ACCESS,
        SurgeKind.ADDED_SERVICE,
        SurgeKind.EMERGENCY,
    ),
    SurgeFamily.ENVIRONMENTAL: (SurgeKind.CARBON_OFFSET, SurgeKind.RENEWABLE_ENERGY, SurgeKind.SUSTAINABILITY),
}
#: The family of each kind.
FAMILIES: Mapping[SurgeKind, SurgeFamily] = {kind: family for family, kinds in _MEMBERS.items() for kind in kinds}
#: What people call the families.
FAMILY_NAMES: Mapping[SurgeFamily, str] = {
    SurgeFamily.PEAK_DEMAND: "Peak demand",
    SurgeFamily.LOCATION: "Location",
    SurgeFamily.TIME: "Time",
    SurgeFamily.SERVICE: "Service",
    SurgeFamily.ENVIRONMENTAL: "Environment",
}
