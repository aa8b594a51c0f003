"""Where the locations of a policy stand at an instant, as it is charged: what pages and the API tell of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from pricing.demand.recording import state_of
from pricing.demand.rules import rules_of, scope_of
from pricing.engine import demand as engine
from pricing.models import DemandPolicy, DemandState
from pricing.surges.policies import policy_of
from pricing.surges.scope import fits_location, tags_at


@dataclass(frozen=True, slots=True)
class Rise:
    """A level that is announced, in effect from `starts_at` on unless it is withdrawn before."""

    level: int
    percent: Decimal
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class Here:
    """What holds at the location of a row: its level and percent since when, and the rise that is announced.

    `is_known` is False where the last decision is stale, by which nothing is charged. `load` is the smoothed share of
    busy connectors, None where nothing is known.
    """

    row: DemandState
    level: int
    percent: Decimal
    since: datetime
    rise: Rise | None
    is_known: bool
    load: Decimal | None


def standing_of(policy: DemandPolicy, now: datetime) -> list[Here]:
    """Return where each location in the scope of a policy stands, by name, that a session is priced by now; none of a
    policy that is switched off. Inside the CPO's scope."""
    if not policy.is_active:
        return []
    scope, rules = scope_of(policy), rules_of(policy)
    rows = policy.states.filter(number=policy.number).select_related("location").order_by("location__name", "pk")
    notice, found = policy_of(policy.cpo).signal_notice, []
    for row in rows:
        if fits_location(scope, row.location):
            here = _here(row, rules, now)
            # By a tag that was just added it is priced once that is announced.
            joined = fits_location(scope, row.location, tags_at(row.location, notice, now))
            found.append(here if joined else replace(here, level=0, percent=Decimal(0)))
    return found


def _here(row: DemandState, rules: engine.DemandPolicy, now: datetime) -> Here:
    kept = state_of(row)
    if abs(now - kept.at) > rules.stale_after:
        return Here(row, 0, Decimal(0), min(kept.at + rules.stale_after, now), None, False, None)
    # A decision may be a little ahead of this clock, as prices allow for.
    state, announced = engine.state_at(kept, rules, at=max(now, kept.at)), kept.announced
    percents = {row.level: row.percent}
    if announced is not None and row.announced_percent is not None:
        percents[announced.level] = row.announced_percent
    coming = state.announced
    rise = Rise(coming.level, percents[coming.level], coming.starts_at) if coming is not None else None
    percent = percents[state.level] if state.level else Decimal(0)
    return Here(row, state.level, percent, state.since, rise, True, state.load)
