"""Where a location stands as its row keeps it, and the decisions that are kept for good."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cpo_portal.accounts.models import User
from pricing.engine import demand as engine
from pricing.engine.codec import decode, encode
from pricing.engine.demand_words import decision_text
from pricing.models import DemandDecision, DemandReasonChoice, DemandState

_STATE = ("number", "document", "level", "percent", "announced_level", "announced_percent", "decided_at")
#: What is told where people, and not the load, brought the level to 0.
_SAID = {
    DemandReasonChoice.SWITCHED_ON: "it was switched on",
    DemandReasonChoice.SWITCHED_OFF: "it was switched off",
    DemandReasonChoice.CHANGED: "its rules were changed, and a rise by the new ones is announced first",
    DemandReasonChoice.OUT_OF_SCOPE: "the location is not in the scope any more",
}


def state_of(row: DemandState) -> engine.DemandState:
    """Return where a location stands."""
    return decode(engine.DemandState, row.document)


def prices_something(row: DemandState) -> bool:
    """Tell whether a level above 0 is in effect or announced."""
    return bool(row.level) or row.announced_level is not None


def put(row: DemandState, state: engine.DemandState, number: int, decision: engine.Decision | None = None) -> None:
    """Write where a location stands by the rules of this number into its row, which is not saved."""
    announced = decision.announced if decision is not None else None
    row.number, row.document, row.decided_at = number, encode(state), state.at
    row.level, row.percent = state.level, decision.percent if decision is not None else 0
    row.announced_level = announced.level if announced is not None else None
    row.announced_percent = decision.announced_percent if decision is not None else None


def save(row: DemandState, *more: str) -> None:
    """Save what `put` has written, and these columns."""
    row.save(update_fields=[*_STATE, *more])


def decided(
    row: DemandState, decision: engine.Decision, seen: engine.Observation, rules: engine.DemandPolicy
) -> DemandDecision:
    """Return a decision as it is kept, not saved yet."""
    announced = decision.announced
    return DemandDecision(
        **_named(row),
        at=decision.at,
        reason=decision.reason.value,
        before=decision.before,
        level=decision.level,
        percent=decision.percent,
        announced_level=announced.level if announced is not None else None,
        announced_percent=decision.announced_percent,
        starts_at=announced.starts_at if announced is not None else None,
        load=decision.grounds.load,
        busy=seen.busy,
        reporting=seen.reporting,
        numbers={
            "grounds": encode(decision.grounds),
            "made": encode(decision.made),
            "asked_percent": encode(decision.asked_percent),
            "grid_stress": seen.grid_stress is not None,
        },
        words=decision_text(decision, rules)[:500],
    )


def brought_to_zero(
    row: DemandState, reason: DemandReasonChoice, at: datetime, *, by: User | None = None
) -> DemandDecision:
    """Return what is kept where people brought a location to level 0, not saved yet; the row is still as before."""
    state = state_of(row)
    status = "No surcharge any more" if row.level else "No surcharge"
    return DemandDecision(
        **_named(row),
        at=at,
        reason=reason,
        before=row.level,
        level=0,
        percent=0,
        load=state.load,
        words=f"{status}: {_SAID[reason]}.",
        by=by,
    )


def _named(row: DemandState) -> dict[str, Any]:
    location = row.location.location_id
    return {"cpo_id": row.cpo_id, "policy_id": row.policy_id, "number": row.policy.number, "location_id": location}
