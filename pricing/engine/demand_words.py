"""Decisions on a demand level in words: one sentence for staff, with the numbers and the local times it went by."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal
from typing import TypeVar

from pricing.engine.demand_policy import DemandPolicy
from pricing.engine.demand_values import Decision, DemandReason
from pricing.engine.windows import zone_of
from pricing.engine.wording import plain_number, span_text, weekday_text

_T = TypeVar("_T")
_TENTH = Decimal("0.1")


def decision_text(decision: Decision, policy: DemandPolicy) -> str:
    """Return what was decided and why, in one sentence; times are the location's.

    Raises ValueError where the decision was not made by this policy.
    """
    return f"{_status(decision)}: {_CAUSES[decision.reason](decision, policy)}."


def _status(decision: Decision) -> str:
    announced = decision.announced
    if announced is not None and decision.announced_percent is not None:
        surcharge = f"Level {announced.level} ({plain_number(decision.announced_percent)} %)"
        return f"{surcharge} is announced from {_local(decision, announced.starts_at)}"
    if not decision.level:
        return "No surcharge any more" if decision.before else "No surcharge"
    surcharge = f"Level {decision.level} ({plain_number(decision.percent)} %)"
    return f"{surcharge} holds" if decision.level == decision.before else f"{surcharge} from now on"


def _compared(decision: Decision, policy: DemandPolicy) -> str:
    """Return how the load lies to the threshold that it was held against."""
    load, threshold = _known(decision.grounds.load), _known(decision.grounds.threshold)
    return f"{_load(decision)} {'is below' if load < threshold else 'has reached'} {_percent(threshold)}"


def _held(decision: Decision, policy: DemandPolicy) -> str:
    return _load(decision)


def _capped(decision: Decision, policy: DemandPolicy) -> str:
    return f"{_load(decision)}, and the cap leaves that much of {plain_number(decision.asked_percent)} %"


def _started(decision: Decision, policy: DemandPolicy) -> str:
    return f"in effect since {_local(decision, decision.state.since)}, as announced"


def _noticed(decision: Decision, policy: DemandPolicy) -> str:
    return f"drivers are told {span_text(policy.notice)} ahead"


def _withdrawn(decision: Decision, policy: DemandPolicy) -> str:
    return f"the announced level {decision.level + 1} is withdrawn, because {_compared(decision, policy)}"


def _dwelling(decision: Decision, policy: DemandPolicy) -> str:
    return f"{_compared(decision, policy)}, and the level changes at {_again(decision)} at the earliest"


def _stale(decision: Decision, policy: DemandPolicy) -> str:
    seen = decision.grounds.load_at
    if seen is None:
        return "nothing was observed"
    return f"the last observation of {_local(decision, seen)} is older than {span_text(policy.stale_after)}"


def _too_few(decision: Decision, policy: DemandPolicy) -> str:
    return f"{decision.grounds.reporting} of at least {policy.least_reporting} connectors report"


def _no_minutes(decision: Decision, policy: DemandPolicy) -> str:
    spent, limit = span_text(decision.grounds.surcharged), span_text(_known(policy.surcharged_per_day))
    return f"{spent} of {limit} with a surcharge are used today, and there is no rise before {_again(decision)}"


def _no_changes(decision: Decision, policy: DemandPolicy) -> str:
    spent, limit = decision.grounds.changes, _known(policy.changes_per_day)
    return f"{spent} of {limit} changes are used today, and there is no rise before {_again(decision)}"


def _load(decision: Decision) -> str:
    return f"the load of {_percent(_known(decision.grounds.load))}"


def _percent(share: Decimal) -> str:
    # Rounded down, a load below a threshold never reads as if it had reached it.
    return f"{plain_number((share * 100).quantize(_TENTH, ROUND_FLOOR))} %"


def _again(decision: Decision) -> str:
    return _local(decision, _known(decision.grounds.again_at))


def _known(value: _T | None) -> _T:
    if value is None:
        raise ValueError("Put a decision into words with the policy that it was made by.")
    return value


def _local(decision: Decision, instant: datetime) -> str:
    return weekday_text(instant.astimezone(zone_of(decision.state.time_zone)))


_CAUSES: dict[DemandReason, Callable[[Decision, DemandPolicy], str]] = {
    DemandReason.HOLD: _held,
    DemandReason.CAPPED: _capped,
    DemandReason.RISE: _compared,
    DemandReason.STARTED: _started,
    DemandReason.NOTICE: _noticed,
    DemandReason.WITHDRAWN: _withdrawn,
    DemandReason.DWELL: _dwelling,
    DemandReason.FALL: _compared,
    DemandReason.STALE: _stale,
    DemandReason.TOO_FEW: _too_few,
    DemandReason.BUDGET_MINUTES: _no_minutes,
    DemandReason.BUDGET_CHANGES: _no_changes,
}
