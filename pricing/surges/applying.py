"""Which surges a session has: the published schedules that fit its connector and start, as the engine reads them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from cpo_portal.network.models import Connector
from pricing.demand.in_effect import LevelHere, Standing, as_version, level_for, rise_for, standings_of
from pricing.engine.codec import decode
from pricing.engine.metering import HORIZON
from pricing.engine.values import PriceTerms, Surge, SurgeBasis, TimeSpan
from pricing.models import HolidayCalendar, Signal, SurgePolicy, SurgeState, SurgeStateChange, SurgeVersion
from pricing.surges.content import Exemptions
from pricing.surges.exempt import NOT_EXEMPT, Driver, Exemption, exemption_of
from pricing.surges.layers import InTime, in_time
from pricing.surges.scope import counts_at, fits, tags_at
from pricing.surges.signals import area_of, counts_until
from pricing.surges.spans import common, days_as_spans, merged, starts_of_day, within
from pricing.versions.published import since_last_ended
from pricing.versions.validity import Period, spans_of
from pricing.windows import read_window

#: A session may begin somewhat before and after its planned start.
_SLACK = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Published:
    """One schedule with its published versions, the newest first."""

    layers: tuple[InTime, ...]


@dataclass(frozen=True, slots=True)
class Surges:
    """What the CPO has published, what it promises, the signals that count now, and where demand stands now."""

    published: tuple[Published, ...] = ()
    policy: SurgePolicy = field(default_factory=SurgePolicy)
    signals: tuple[Signal, ...] = ()
    demand: tuple[Standing, ...] = ()

    def scheduled(self) -> Surges:
        """Return those alone that are known long before, without the levels that follow demand."""
        return replace(self, demand=())


@dataclass(frozen=True, slots=True)
class Applying:
    """A version that applies to a session, and when; None is at all times.

    `valid_from` and `valid_until` are of the stretch of planned starts in which it is the one that holds.
    Of a level of demand the version is one that was never saved, and `level` says how its rate bounds it.
    """

    version: SurgeVersion
    exemptions: Exemptions
    spans: tuple[TimeSpan, ...] | None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    level: LevelHere | None = None

    def surge(self, exemption: Exemption = NOT_EXEMPT) -> Surge:
        """Return it as the engine reads it."""
        version = self.version
        return Surge(
            surge_id=version.schedule.schedule_id,
            version=version.number,
            name=version.schedule.name,
            basis=SurgeBasis(version.basis),
            value=version.value,
            windows=tuple(map(read_window, version.weekly_windows)),
            spans=self.spans,
            group=version.stacking_group,
            cap=version.maximum_amount,
            exemption=exemption.words,
            personal=exemption.personal,
        )


def surges_of(cpo_ids: Collection[int], *, now: datetime, as_of: datetime | None = None) -> dict[int, Surges]:
    """Return the surges of CPOs by key, in at most five queries; a CPO without any is left out.

    With `as_of` as they were published by that instant; signals and levels of demand are kept as they are now, so that
    none count then.
    """
    calendars = HolidayCalendar.objects.filter(cpo=OuterRef("cpo_id"), calendar_id=OuterRef("holiday_calendar"))
    rows = SurgeVersion.objects.filter(cpo__in=cpo_ids).annotate(
        days=Subquery(calendars.values("days")[:1]), days_count_from=Subquery(calendars.values("counts_from")[:1])
    )
    if as_of is None:
        rows = rows.exclude(Exists(_lying_on_it(now)))
    versions = since_last_ended(rows, "schedule", upto=as_of)
    starts = _starts(versions, as_of)
    found: dict[int, list[Published]] = {}
    for key in sorted(starts, key=lambda x: versions[x][0].schedule.schedule_id):
        layers = tuple(in_time(versions[key], starts[key]))
        found.setdefault(versions[key][0].cpo_id, []).append(Published(layers))
    demand = standings_of(cpo_ids, now=now) if as_of is None else {}
    concerned = found.keys() | demand.keys()
    policies = {x.cpo_id: x for x in SurgePolicy.objects.filter(cpo__in=concerned)} if concerned else {}
    signals = _signals(found, now) if as_of is None else {}
    return {
        cpo_id: Surges(
            tuple(found.get(cpo_id, ())),
            policies.get(cpo_id) or SurgePolicy(),
            signals.get(cpo_id, ()),
            demand.get(cpo_id, ()),
        )
        for cpo_id in concerned
    }


def applying(
    surges: Surges, connector: Connector, *, at: datetime, product_ids: Collection[str] = ()
) -> list[Applying]:
    """Return what applies to a session at a connector, its charger and location loaded, planned to start then.

    Of each schedule the version that holds at the start, else the first that does before the session may end.
    """
    found = []
    tags = tags_at(connector.charger.location, surges.policy.notice, at)
    for each in surges.published:
        held = _held(each, at)
        if held is None or not fits(held.scope, connector, product_ids, tags=tags):
            continue
        spans = _spans(held, surges, connector, at)
        if spans != ():
            found.append(Applying(held.version, held.exemptions, spans, held.valid_from, held.valid_until))
    levels = ((x, level_for(x, connector, surges.policy.signal_notice, at=at)) for x in surges.demand)
    return [*found, *(_as_applying(x, here) for x, here in levels if here)]


def announced_levels(surges: Surges, connector: Connector, *, at: datetime) -> list[Applying]:
    """Return the levels of demand that are announced at a connector, its charger and location loaded, and begin after
    an instant: they are told, and price nothing yet."""
    rises = ((x, rise_for(x, connector, surges.policy.signal_notice, at=at)) for x in surges.demand)
    return [_as_applying(x, here) for x, here in rises if here]


def horizon_of(at: datetime) -> TimeSpan:
    """Return the time for which `applying` says when a version holds, for a session planned to start then."""
    return TimeSpan(at - _SLACK, at + HORIZON + _SLACK)


def with_surges(
    terms: PriceTerms, found: Sequence[Applying], policy: SurgePolicy, driver: Driver, *, at: datetime
) -> PriceTerms:
    """Return the terms with the surges that apply to a session planned to start then, and the cap that holds then.

    The driver is exempt where the rules of a surge say so.
    """
    each = [_bounded(x.surge(exemption_of(x.exemptions, driver, at=at, zone=terms.time_zone)), x, terms) for x in found]
    return replace(terms, surges=tuple(x for x in each if x.value), surge_cap_percent=policy.cap.at(at))


def exemptions_of_locked(terms: PriceTerms, cpo_id: int) -> dict[tuple[str, int], Exemptions]:
    """Return whom the locked surges exempt, by schedule id and version, of those that may come out otherwise for a
    driver."""
    named = {(x.surge_id, x.version) for x in terms.surges if not x.exemption or x.personal}
    if not named:
        return {}
    rows = SurgeVersion.objects.filter(
        cpo=cpo_id, schedule__schedule_id__in={x for x, _ in named}, number__in={x for _, x in named}
    ).values_list("schedule__schedule_id", "number", "exemptions")
    return {(x, number): decode(Exemptions, document) for x, number, document in rows if (x, number) in named}


def with_exemptions(
    terms: PriceTerms, rules: Mapping[tuple[str, int], Exemptions], driver: Driver, *, at: datetime
) -> PriceTerms:
    """Return locked terms with the exemptions that are known by now.

    One that was granted to the session stays; one that was granted to somebody is theirs alone.
    """

    def judged(surge: Surge) -> Surge:
        exempt = rules.get((surge.surge_id, surge.version))
        if exempt is None or (surge.exemption and not surge.personal):
            return surge
        found = exemption_of(exempt, driver, at=at, zone=terms.time_zone)
        return replace(surge, exemption=found.words, personal=found.personal)

    return replace(terms, surges=tuple(map(judged, terms.surges)))


def _as_applying(standing: Standing, here: LevelHere) -> Applying:
    """Return a level of demand as a surge; once a session has its terms, it holds at all times."""
    version = as_version(standing, here)
    return Applying(version, Exemptions(), None, valid_from=here.starts_at, valid_until=here.known_until, level=here)


def _bounded(surge: Surge, found: Applying, terms: PriceTerms) -> Surge:
    """Return a level of demand with what the highest rate of its rules leaves at these rates."""
    return replace(surge, value=found.level.percent_of(terms)) if found.level is not None else surge


def _starts(versions: Mapping[int, list[Any]], as_of: datetime | None) -> dict[int, datetime | None]:
    """Return from when each schedule prices, by key, of those that are published."""
    if as_of is None:
        schedules = {key: rows[0].schedule for key, rows in versions.items()}
        return {key: x.prices_from for key, x in schedules.items() if x.state == SurgeState.APPROVED}
    changes = SurgeStateChange.objects.filter(schedule__in=versions, at__lte=as_of)
    last = changes.order_by("schedule_id", "-at", "-id").distinct("schedule_id")
    return {x.schedule_id: x.prices_from for x in last if x.to_state == SurgeState.APPROVED}


def _lying_on_it(now: datetime) -> QuerySet[SurgeVersion]:
    """Return the versions that hold from now on for good, so that the older ones of their schedule never do again."""
    begun = Q(valid_from=None) | Q(valid_from__lte=now)
    return SurgeVersion.objects.filter(
        begun, schedule=OuterRef("schedule"), number__gt=OuterRef("number"), effective_from__lte=now, valid_until=None
    )


def _signals(found: Mapping[int, list[Published]], now: datetime) -> dict[int, tuple[Signal, ...]]:
    waiting = {
        cpo_id for cpo_id, rows in found.items() if any(x.version.signal_kinds for row in rows for x in row.layers)
    }
    if not waiting:
        return {}
    counting = Signal.objects.filter(cpo__in=waiting, withdrawn_at=None, ends_at__gt=now).order_by("pk")
    by_cpo: dict[int, list[Signal]] = {}
    for signal in counting:
        if signal.stale_after is None or signal.stale_after > now:
            by_cpo.setdefault(signal.cpo_id, []).append(signal)
    return {cpo_id: tuple(rows) for cpo_id, rows in by_cpo.items()}


def _held(published: Published, at: datetime) -> InTime | None:
    spans = [x for x in spans_of(published.layers) if x.period.valid_until is None or x.period.valid_until > at]
    first = spans[0] if spans else None
    if first is None or (first.period.valid_from is not None and first.period.valid_from > at + HORIZON):
        return None
    return replace(first.version, valid_from=first.period.valid_from, valid_until=first.period.valid_until)


def _spans(held: InTime, surges: Surges, connector: Connector, at: datetime) -> tuple[TimeSpan, ...] | None:
    """Return when the version holds within the horizon of a start, but for its weekly windows; None is throughout."""
    version, horizon = held.version, horizon_of(at)
    # A version that follows prices later starts alone: it ends no session that began before.
    spans = within(Period(held.valid_from, version.valid_until), horizon)
    location = connector.charger.location
    days = _days(version, location.time_zone)
    if days is not None:
        spans = common(spans, days_as_spans(days, location.time_zone))
    if version.signal_kinds:
        tags = tags_at(location, surges.policy.signal_notice, at)
        counting = (
            TimeSpan(max(x.starts_at, x.counts_from), counts_until(x))
            for x in surges.signals
            if x.kind in version.signal_kinds and counts_at(area_of(x), location, tags)
        )
        spans = common(spans, merged(counting))
    return None if spans == (horizon,) else spans


def _days(version: Any, zone: str) -> set[date] | None:
    """Return the days to which a version is limited; None where it holds on all.

    A holiday counts once it has stood in its calendar for as long as a rise is announced.
    """
    if not version.holiday_calendar and not version.dates:
        return None
    days = set(version.dates)
    counts_from = {day: datetime.fromisoformat(at) for day, at in (version.days_count_from or {}).items()}
    for entry in version.days or ():
        day, known = date.fromisoformat(entry["date"]), counts_from.get(entry["date"])
        if known is None or starts_of_day(day, zone) >= known:
            days.add(day)
    return days
