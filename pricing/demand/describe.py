"""Demand policies in words: what their rules say, and where a location stands, for those who read the pages."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from pricing.demand.recording import state_of
from pricing.engine import demand as engine
from pricing.engine.week import joined
from pricing.engine.windows import zone_of
from pricing.engine.wording import money_text, plain_number, span_text, weekday_text
from pricing.models import DemandPolicy, DemandState

NOTHING = "–"


def rules_in_words(rules: engine.DemandPolicy, currency: str) -> list[tuple[str, str]]:
    """Return what the rules say, each with its name."""
    said = [
        (
            f"Level {number}",
            f"{percent_text(x.percent)} from a load of {share(x.on)}, until it is below {share(x.off)}",
        )
        for number, x in enumerate(rules.levels, start=1)
    ]
    bounds = [f"{percent_text(rules.cap_percent)} of the energy price"]
    if rules.highest_rate is not None:
        bounds.append(f"{money_text(rules.highest_rate, currency)} per kWh with the surcharge")
    said.append(("At most", " and ".join(bounds)))
    said.append(("Smoothing", f"after {span_text(rules.half_life)} an old load counts half"))
    said.append(("A rise", f"after {span_text(rules.dwell_up)} at a level, announced {span_text(rules.notice)} ahead"))
    said.append(("A fall", f"after {span_text(rules.dwell_down)} at a level, at once"))
    spent = [f"{span_text(rules.surcharged_per_day)} with a surcharge"] if rules.surcharged_per_day is not None else []
    spent += [f"{rules.changes_per_day} changes"] if rules.changes_per_day is not None else []
    said.append(("In a day at most", joined(spent) if spent else "no limit"))
    silent = f"what is older than {span_text(rules.stale_after)}, or of fewer connectors than {rules.least_reporting}"
    said.append(("Says nothing", silent))
    if rules.grid_weight:
        said.append(("Grid stress", f"counts as a load of {share(rules.grid_weight)}"))
    return said


def scope_in_words(policy: DemandPolicy, names: dict[str, str]) -> str:
    """Return where a policy applies; `names` are those of locations, by id."""
    parts = [f"at {joined([names.get(x, x) for x in policy.location_ids])}"] if policy.location_ids else []
    parts += [f"at places tagged {joined(policy.location_tags)}"] if policy.location_tags else []
    return ", ".join(parts) or "everywhere"


def standing_in_words(row: DemandState, now: datetime, *, stale_after: timedelta) -> str:
    """Return what is charged at a location at an instant, its policy being switched on."""
    if abs(now - row.decided_at) > stale_after:
        return "Nothing is charged: the last decision is stale"
    return f"Level {row.level} ({percent_text(row.percent)})" if row.level else "No surcharge"


def announced_in_words(row: DemandState) -> str:
    """Return the announced rise with its local time, – where there is none."""
    announced = state_of(row).announced
    if announced is None or row.announced_percent is None:
        return NOTHING
    local = announced.starts_at.astimezone(zone_of(row.location.time_zone))
    return f"Level {announced.level} ({percent_text(row.announced_percent)}) from {weekday_text(local)}"


def percent_text(percent: Decimal) -> str:
    """Return "12.5 %"."""
    return f"{plain_number(percent)} %"


def share(part: Decimal | None) -> str:
    """Return a part of 1 in percent, – for none."""
    return NOTHING if part is None else percent_text((part * 100).quantize(Decimal("0.1")))
