"""What a CPO charges: tariffs, surges and demand levels with their versions, and what bounds them."""

from pricing.models.calendars import HolidayCalendar
from pricing.models.ceilings import CeilingMode, PriceCeiling
from pricing.models.demand import (
    DemandDecision,
    DemandPolicy,
    DemandPolicyChange,
    DemandReasonChoice,
    DemandReplay,
    DemandState,
)
from pricing.models.surge_policy import SurgePolicy
from pricing.models.surges import (
    Signal,
    SignalKindChoice,
    SurgeBasisChoice,
    SurgeKindChoice,
    SurgeSchedule,
    SurgeState,
    SurgeStateChange,
    SurgeVersion,
)
from pricing.models.tariffs import (
    PricingModelChoice,
    Tariff,
    TariffAssignment,
    TariffState,
    TariffStateChange,
    TariffVersion,
    TaxProfile,
)

__all__ = [
    "CeilingMode",
    "DemandDecision",
    "DemandPolicy",
    "DemandPolicyChange",
    "DemandReasonChoice",
    "DemandReplay",
    "DemandState",
    "HolidayCalendar",
    "PriceCeiling",
    "PricingModelChoice",
    "Signal",
    "SignalKindChoice",
    "SurgeBasisChoice",
    "SurgeKindChoice",
    "SurgePolicy",
    "SurgeSchedule",
    "SurgeState",
    "SurgeStateChange",
    "SurgeVersion",
    "Tariff",
    "TariffAssignment",
    "TariffState",
    "TariffStateChange",
    "TariffVersion",
    "TaxProfile",
]
