"""The last day or week of a location under a policy, read from the decisions that were kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from pricing.demand.chart import Course, Point, Stretch, stretches_of
from pricing.demand.deciding import KEPT_EVERY
from pricing.demand.describe import percent_text
from pricing.demand.rules import rules_of
from pricing.engine.codec import decode
from pricing.engine.demand import LevelChange
from pricing.engine.windows import zone_of
from pricing.engine.wording import weekday_text
from pricing.models import DemandDecision, DemandPolicy


@dataclass(frozen=True, slots=True)
class Told:
    """What a page shows of a location: the chart's course, and the decisions from the newest on."""

    course: Course
    decisions: Sequence[DemandDecision]


def course_of(policy: DemandPolicy, location_id: str, zone: str, *, since: datetime, until: datetime) -> Told:
    """Return the decisions of a location between two instants, inside the CPO's scope."""
    rules = rules_of(policy)
    rows = DemandDecision.objects.filter(policy=policy, location_id=location_id, at__lt=until)
    kept = list(rows.filter(at__gte=since).select_related("by").order_by("at", "pk"))
    before = rows.filter(at__lt=since).order_by("-at").first()
    changes = sorted((x for row in kept for x in _changes(row)), key=lambda x: x[0])
    earlier = [level for at, level in changes if at < since]
    at_first = earlier[-1] if earlier else before.level if before is not None else 0
    changes = [(since, at_first), *(x for x in changes if x[0] >= since)]
    percents = {row.level: row.percent for row in kept} | ({before.level: before.percent} if before else {})
    # A decision is renewed every minute and kept less often: only after that long is it known to be missing.
    missing = KEPT_EVERY + rules.stale_after
    found = stretches_of(changes, [row.at for row in kept], until, missing)
    course = Course(
        since=since,
        until=until,
        zone=zone,
        points=[_point(row) for row in kept],
        stretches=[Stretch(*x, words=_words(*x, percents.get(x[2], Decimal(0)), zone)) for x in found],
        levels=rules.levels,
        gap=2 * KEPT_EVERY + timedelta(minutes=1),
    )
    return Told(course, kept[::-1])


def _changes(row: DemandDecision) -> list[tuple[datetime, int]]:
    """Return when the level changed: since the decision before, or by people at once."""
    made = decode(tuple[LevelChange, ...], row.numbers["made"]) if "made" in row.numbers else ()
    if made or row.before == row.level:
        return [(x.at, x.level) for x in made]
    return [(row.at, row.level)]


def _point(row: DemandDecision) -> Point:
    share = Decimal(row.busy or 0) / row.reporting if row.reporting else None
    return Point(row.at, row.load, share)


def _words(since: datetime, until: datetime, level: int, percent: Decimal, zone: str) -> str:
    first, last = (weekday_text(x.astimezone(zone_of(zone))) for x in (since, until))
    return f"Level {level} ({percent_text(percent)}), {first} to {last}"
