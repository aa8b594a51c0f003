"""Demand policies in the words of drivers: what is added when, how a level comes about, and where stations stand."""

from __future__ import annotations

from datetime import datetime

from pricing.demand.describe import percent_text, share
from pricing.demand.standing import Here
from pricing.engine import demand as engine
from pricing.engine.week import joined
from pricing.engine.windows import zone_of
from pricing.engine.wording import moment_text, money_text, span_text

#: When a level is charged, in as many words as buyer apps show.
WHILE_BUSY = "while many chargers of the station are busy"
_KNOWN = "The load is the share of chargers that are in use, of those at the station whose state is known"
_PROMISED = (
    "The level that holds when your session is planned to start counts for all of it: what you have ordered stays as "
    "it was shown, whatever is changed here since. Who plans to start so late that nobody knows the level then pays "
    "none."
)


def levels_in_words(rules: engine.DemandPolicy) -> str:
    """Return "10 %, 20 % or 25 % of the energy price", what the cap leaves of each level."""
    *lower, highest = dict.fromkeys(percent_text(min(x.percent, rules.cap_percent)) for x in rules.levels)
    return f"{', '.join(lower)}{' or ' if lower else ''}{highest} of the energy price"


def steps_in_words(rules: engine.DemandPolicy, currency: str) -> list[str]:
    """Return what begins and ends each level, the lowest first, and what bounds them all."""
    steps = [
        f"Level {number}: {percent_text(min(x.percent, rules.cap_percent))} of the energy price, from a load of "
        f"{share(x.on)} until it is below {share(x.off)}."
        for number, x in enumerate(rules.levels, start=1)
    ]
    if rules.highest_rate is not None:
        most = money_text(rules.highest_rate, currency)
        steps.append(f"No kWh costs more than {most} by it, before tax: where the price leaves less, less is added.")
    return steps


def load_in_words(rules: engine.DemandPolicy) -> list[str]:
    """Return what the load of a station is, in sentences."""
    said = [f"{_KNOWN}, smoothed so that after {span_text(rules.half_life)} an older share counts half."]
    if rules.grid_weight:
        said.append(f"While the power grid is under stress, the load is at least {share(rules.grid_weight)}.")
    return said


def course_in_words(rules: engine.DemandPolicy) -> list[str]:
    """Return how a level rises, falls and ends, in sentences."""
    up = f", each after {span_text(rules.dwell_up)} at the one below" if rules.dwell_up else ""
    down = f", each after {span_text(rules.dwell_down)}" if rules.dwell_down else ""
    ahead = "and a rise counts at once."
    if rules.notice:
        told = f"and a rise is announced {span_text(rules.notice)} before it counts."
        ahead = f"{told} Where the load falls meanwhile, it is withdrawn."
    said = [f"It rises level by level{up}, {ahead}", f"It falls level by level{down}, and a fall counts at once."]
    spent = [f"{span_text(rules.surcharged_per_day)} with a surcharge"] if rules.surcharged_per_day is not None else []
    spent += [f"{rules.changes_per_day} changes of the level"] if rules.changes_per_day is not None else []
    if spent:
        said.append(f"A day at a station has at most {joined(spent)}.")
    least = rules.least_reporting
    few = f", or fewer than {least} connectors say how they are" if least > 1 else ""
    said.append(
        f"While nothing is known of a station that is newer than {span_text(rules.stale_after)}{few}, the level falls "
        "minute by minute until nothing is charged."
    )
    return said


def promise_in_words(grouped: bool) -> list[str]:
    """Return how the amount comes onto the bill; `grouped` are surcharges of which one counts."""
    said = ["Before tax, on top of the price of charging, and never on top of another surcharge."]
    if grouped:
        said.append("Of several such surcharges that hold at the same time only the largest is charged.")
    return [*said, _PROMISED]


def now_in_words(here: Here) -> str:
    """Return what is charged at a station and since when, on its clock."""
    if not here.is_known:
        return "nothing is charged, since nothing recent is known"
    since = _local(here, here.since)
    if not here.level:
        return f"no surcharge since {since}"
    return f"level {here.level}, {percent_text(here.percent)}, since {since}"


def rise_in_words(here: Here) -> str:
    """Return the announced rise of a station, "" where there is none."""
    if here.rise is None:
        return ""
    starts = _local(here, here.rise.starts_at)
    return f"level {here.rise.level}, {percent_text(here.rise.percent)}, from {starts} on"


def _local(here: Here, instant: datetime) -> str:
    return moment_text(instant.astimezone(zone_of(here.row.location.time_zone)))
