"""Which subscriptions energy may be kept for: the room of tariffs, which knows them, says so here."""

from __future__ import annotations

from collections.abc import Callable

from cpo_portal.charging.balances.units import ENERGY

ONLY_ENERGY = "Only energy is for one subscription: leave it empty for money."
UNKNOWN = "You have no subscription with this tariff id: author its tariff first, or leave it empty for any."

#: Each says whether this is the id of a subscription of the active scope.
KNOWN: list[Callable[[str], bool]] = []


def fault_of_plan(plan: str, unit: str) -> str:
    """Return why a balance of this unit cannot be for this subscription, "" where it can; inside its CPO's scope."""
    if not plan:
        return ""
    if unit != ENERGY:
        return ONLY_ENERGY
    return "" if any(is_known(plan) for is_known in KNOWN) else UNKNOWN
