"""The public page of a demand policy: how its levels come about, where each station stands, and what was changed when.

One that was never switched on is answered like one that does not exist; one that is switched off is still shown, since
bills lead to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import F

from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Location
from offers.public.names import site_in_words
from offers.public.support import Contact, support_of
from offers.surge_stations import stations_of
from pricing.demand.describe import percent_text
from pricing.demand.driver_words import (
    WHILE_BUSY,
    course_in_words,
    levels_in_words,
    load_in_words,
    now_in_words,
    promise_in_words,
    rise_in_words,
    steps_in_words,
)
from pricing.demand.rules import rules_in_force, scope_of
from pricing.demand.standing import Here, standing_of
from pricing.engine import demand as engine
from pricing.engine.codec import decode
from pricing.engine.windows import zone_of
from pricing.engine.wording import moment_text
from pricing.models import DemandDecision, DemandPolicy, DemandPolicyChange, SurgeKindChoice
from pricing.surges.describe import cap_in_words
from pricing.surges.policies import policy_of

#: Of more stations, and of more changes of the policy or of a day at all stations, only so many are told.
MOST_NAMED = 200
MOST_CHANGES = 100
_DAY = timedelta(hours=24)
_Kind = DemandPolicyChange.Kind


@dataclass(frozen=True, slots=True)
class Station:
    """A station, what is charged there now, what is announced, and the changes of its level of the last day."""

    name: str
    now: str
    announced: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DemandPage:
    """What the page says."""

    name: str
    provider: str
    amount: str
    note: str
    reason: str
    stations: tuple[str, ...] | None
    more_stations: int
    standing: tuple[Station, ...]
    as_of: str
    load: tuple[str, ...]
    steps: tuple[str, ...]
    course: tuple[str, ...]
    promise: tuple[str, ...]
    changes: tuple[tuple[str, str], ...]
    support: tuple[Contact, ...]


def demand_page_of(provider_id: str, policy_id: str, now: datetime) -> DemandPage | None:
    """Return what the page of this policy says at an instant, None where nobody may see one."""
    cpo = Cpo.objects.filter(provider_id=provider_id, is_active=True).first()
    if cpo is None:
        return None
    with cpo_scope(cpo):
        policy = DemandPolicy.objects.select_related("cpo").filter(policy_id=policy_id).first()
        if policy is None:
            return None
        changes = list(policy.changes.all()[:MOST_CHANGES])
        return _page(cpo, policy, changes, now) if policy.is_active or changes else None


def _page(cpo: Cpo, policy: DemandPolicy, changes: list[DemandPolicyChange], now: datetime) -> DemandPage:
    promises, zone = policy_of(cpo), zone_of(cpo.time_zone)
    rules = rules_in_force(policy, promises)
    stations = stations_of(scope_of(policy), promises.signal_notice, now)
    return DemandPage(
        name=policy.name,
        provider=cpo.name,
        amount=f"{levels_in_words(rules)}, {WHILE_BUSY}",
        note="" if policy.is_active else "It is switched off: nobody pays it at present.",
        reason=policy.explanation or SurgeKindChoice.RUSH_HOURS.label,
        stations=stations[:MOST_NAMED] if stations is not None else None,
        more_stations=len(stations[MOST_NAMED:]) if stations is not None else 0,
        standing=tuple(_standing(policy, now)),
        as_of=moment_text(now.astimezone(zone)),
        load=tuple(load_in_words(rules)),
        steps=tuple(steps_in_words(rules, cpo.currency)),
        course=tuple(course_in_words(rules)),
        promise=(*promise_in_words(bool(policy.stacking_group)), *cap_in_words(promises.cap.at(now))),
        changes=tuple(_changes(changes, zone)),
        support=support_of(cpo),
    )


def _standing(policy: DemandPolicy, now: datetime) -> Iterator[Station]:
    """Yield where stations that apps show stand, those with a surcharge or an announced one first."""
    shown = [x for x in standing_of(policy, now) if x.row.location.is_published]
    shown.sort(key=lambda x: (-x.level, x.rise is None))
    here = shown[:MOST_NAMED]
    moved = _moved(policy, [x.row.location for x in here], now)
    for each in here:
        place = each.row.location
        yield Station(site_in_words(place), _capital(now_in_words(each)), rise_in_words(each), _day_of(each, moved))


def _day_of(here: Here, moved: Mapping[str, list[tuple[datetime, str]]]) -> tuple[str, ...]:
    zone = zone_of(here.row.location.time_zone)
    changes = moved.get(here.row.location.location_id, [])
    return tuple(f"{moment_text(at.astimezone(zone))}: {words}" for at, words in sorted(changes, reverse=True))


def _moved(policy: DemandPolicy, places: list[Location], now: datetime) -> dict[str, list[tuple[datetime, str]]]:
    """Return when the level of places changed in the last day, and to which, by the location's id."""
    kept = DemandDecision.objects.filter(policy=policy, location_id__in=[x.location_id for x in places])
    rows = kept.filter(at__gt=now - _DAY, at__lte=now).exclude(before=F("level")).order_by("-at")
    found: dict[str, list[tuple[datetime, str]]] = {}
    for row in rows[:MOST_CHANGES]:
        made = decode(tuple[engine.LevelChange, ...], row.numbers["made"]) if "made" in row.numbers else ()
        for at, level in [(x.at, x.level) for x in made] or [(row.at, row.level)]:
            percent = row.percent if level == row.level else None
            found.setdefault(row.location_id, []).append((at, _level(level, percent)))
    return found


def _level(level: int, percent: Decimal | None) -> str:
    if not level:
        return "no surcharge any more"
    return f"level {level}, {percent_text(percent)}" if percent is not None else f"level {level}"


def _changes(changes: list[DemandPolicyChange], zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    """Yield what became of the policy, the newest first; who did it is the provider's own business."""
    for change in changes:
        yield moment_text(change.at.astimezone(zone)), _said(change)


def _said(change: DemandPolicyChange) -> str:
    if change.kind == _Kind.SWITCHED_OFF:
        return "Switched off, at once"
    if change.kind == _Kind.PLACES:
        return "Changed: where it applies, at once"
    verb = "Switched on" if change.kind == _Kind.SWITCHED_ON else "Changed"
    levels = f": {levels_in_words(decode(engine.DemandPolicy, change.rules))}" if change.rules is not None else ""
    return f"{verb}{levels}, from no surcharge on"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
