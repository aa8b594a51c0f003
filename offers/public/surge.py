"""The public page of a published surge: what it adds, when, where and for whom, and what was changed of it when.

A surge that was never published is answered like one that does not exist. One that has ended is still shown: whoever
has paid it may look it up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import cpo_scope
from offers.public.demand import demand_page_of
from offers.public.limits import too_often
from offers.public.response import page_response
from offers.public.support import Contact, support_of
from offers.surge_names import holidays_left, names_in, zones_in_words
from offers.surge_stations import stations_of
from pricing.engine.windows import zone_of
from pricing.engine.wording import moment_text
from pricing.models import SurgeKindChoice, SurgeSchedule, SurgeState, SurgeStateChange, SurgeVersion
from pricing.surges.content import Exemptions, SurgeContent, content_of
from pricing.surges.describe import (
    amount_in_words,
    calculation_in_words,
    cap_in_words,
    exempt_in_words,
    when_in_words,
    where_in_words,
)
from pricing.surges.layers import InTime, begins_of, layers_of
from pricing.surges.policies import policy_of
from pricing.versions.review import EDIT, REJECT, SUBMIT
from pricing.versions.validity import Span, spans_of

#: Of more stations only so many are named, and how many more there are.
MOST_NAMED = 200
_SOME = "some customers: your app shows whether you are among them"
_INTERNAL = (SUBMIT, REJECT, EDIT)
_NOTES = {
    SurgeState.PAUSED: "It is paused: nobody pays it at present.",
    SurgeState.ENDED: "It has ended: nobody pays it any more.",
    SurgeState.ARCHIVED: "It has ended: nobody pays it any more.",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that was or will be changed: when it was said, what, and from when it counts."""

    at: str
    what: str
    effect: str = ""


@dataclass(frozen=True, slots=True)
class SurgePage:
    """What the page says."""

    name: str
    provider: str
    amount: str
    note: str
    reason: str
    when: str
    holidays: tuple[str, ...]
    zones: str
    begins: str
    ends: str
    where: str
    stations: tuple[str, ...] | None
    more_stations: int
    calculation: str
    exempt: tuple[str, ...]
    announced: tuple[Entry, ...]
    changes: tuple[Entry, ...]
    support: tuple[Contact, ...]


@require_safe
def public_surge(request: HttpRequest, provider_id: str, schedule_id: str) -> HttpResponse:
    """Answer with the page of the surge, or of the demand policy, that has this id.

    404 where there is nothing to show, 429 to an address that asks too often.
    """
    if refused := too_often(request):
        return refused
    now = timezone.now()
    page, without = page_of(provider_id, schedule_id, now), "offers/public/no_surge.html"
    if page is not None:
        return page_response(request, page, "offers/public/surge.html", without=without)
    # No id is of both a surge and a demand policy.
    policy = demand_page_of(provider_id, schedule_id, now)
    return page_response(request, policy, "offers/public/demand.html", without=without)


def page_of(provider_id: str, schedule_id: str, now: datetime) -> SurgePage | None:
    """Return what the page of this surge says at an instant, None where nobody may see one."""
    cpo = Cpo.objects.filter(provider_id=provider_id, is_active=True).first()
    if cpo is None:
        return None
    with cpo_scope(cpo):
        schedule = SurgeSchedule.objects.select_related("live_version").filter(schedule_id=schedule_id).first()
        if schedule is None or schedule.live_version is None:
            return None
        return _page(cpo, schedule, schedule.live_version, now)


def _page(cpo: Cpo, schedule: SurgeSchedule, live: SurgeVersion, now: datetime) -> SurgePage:
    zone = zone_of(cpo.time_zone)
    spans = _spans_left(schedule, now)
    version = spans[0].version.version if spans else live
    content = content_of(version)
    today = now.astimezone(zone).date()
    promises = policy_of(cpo)
    stations, cap = stations_of(content.scope, promises.notice, now), promises.cap.at(now)
    begins, ends = (x and moment_text(x.astimezone(zone)) for x in (content.valid_from, content.valid_until))
    return SurgePage(
        name=schedule.name,
        provider=cpo.name,
        amount=_capital(amount_in_words(content, cpo.currency)),
        note=_note(schedule, spans, now, zone),
        reason=content.explanation or SurgeKindChoice(schedule.kind).label,
        when=_capital(when_in_words(content, cpo.name)),
        holidays=holidays_left(content.holiday_calendar, today),
        zones=zones_in_words(now),
        begins=begins or "",
        ends=ends or "",
        where=_where(content),
        stations=stations[:MOST_NAMED] if stations is not None else None,
        more_stations=len(stations[MOST_NAMED:]) if stations is not None else 0,
        calculation=" ".join((calculation_in_words(content, cpo.currency), *cap_in_words(cap))),
        exempt=tuple(map(_capital, _exempt(content.exemptions))),
        announced=tuple(_announced(spans[1:], cpo, zone)),
        changes=tuple(_changes(schedule, cpo, zone)),
        support=support_of(cpo),
    )


def _spans_left(schedule: SurgeSchedule, now: datetime) -> list[Span[InTime]]:
    """Return which version holds when from now on, of a schedule that is published."""
    if schedule.state != SurgeState.APPROVED:
        return []
    return [x for x in spans_of(layers_of([schedule]).get(schedule.pk, [])) if not x.period.is_over(now)]


def _note(schedule: SurgeSchedule, spans: list[Span[InTime]], now: datetime, zone: ZoneInfo) -> str:
    state = SurgeState(schedule.state)
    if state is not SurgeState.APPROVED:
        return _NOTES.get(state, "")
    if not spans:
        return "Its time is over: nobody pays it any more."
    begins = spans[0].period.valid_from
    if begins is None or begins <= now:
        return ""
    return f"Nobody pays it yet: it counts for energy that flows from {moment_text(begins.astimezone(zone))} on."


def _where(content: SurgeContent) -> str:
    """Return where it applies but for stations, which are listed; "" where that is all."""
    scope = replace(content.scope, location_ids=(), location_tags=())
    words = where_in_words(scope, names_in(scope))
    at_stations = bool(content.scope.location_ids or content.scope.location_tags)
    return "" if at_stations and words == "everywhere" else _capital(words)


def _exempt(exempt: Exemptions) -> tuple[str, ...]:
    """Return who does not pay; which customers and organisations a provider has chosen is its own business."""
    told = exempt_in_words(replace(exempt, segment_ids=(), organisations=()))
    return (*told, _SOME) if exempt.segment_ids or exempt.organisations else told


def _announced(spans: list[Span[InTime]], cpo: Cpo, zone: ZoneInfo) -> Iterator[Entry]:
    for span in spans:
        content = content_of(span.version.version)
        starts = span.period.begins.astimezone(zone)
        words = f"{amount_in_words(content, cpo.currency)}, {when_in_words(content, cpo.name)}"
        yield Entry(moment_text(starts), _capital(words))


def _changes(schedule: SurgeSchedule, cpo: Cpo, zone: ZoneInfo) -> Iterator[Entry]:
    """Yield what was published, paused, resumed and ended, the newest first; notes and reviews are staff's own."""
    for change in SurgeStateChange.objects.filter(schedule=schedule).select_related("version").order_by("-pk"):
        if change.to_state == SurgeState.ARCHIVED or change.version is None or change.move in _INTERNAL:
            continue
        said = moment_text(change.at.astimezone(zone))
        if change.to_state == SurgeState.ENDED:
            yield Entry(said, "Ended", "at once")
        elif change.to_state == SurgeState.PAUSED and change.from_state != SurgeState.PAUSED:
            yield Entry(said, "Paused", "at once")
        else:
            yield Entry(said, _published(change, change.version, cpo), _effect(change, change.version, zone))


def _published(change: SurgeStateChange, version: SurgeVersion, cpo: Cpo) -> str:
    amount = amount_in_words(content_of(version), cpo.currency)
    if change.from_state in {SurgeState.DRAFT, SurgeState.IN_REVIEW, SurgeState.ENDED}:
        return f"Published: {amount}"
    if change.from_state == change.to_state:
        return f"Changed: {amount}"
    return f"Resumed: {amount}"


def _effect(change: SurgeStateChange, version: SurgeVersion, zone: ZoneInfo) -> str:
    """Return from when it counted, as it says, and by its notice and that of the schedule's start or resumption."""
    if change.to_state == SurgeState.PAUSED:
        return "once it is resumed"
    begins = begins_of(version, change.prices_from)
    return f"from {moment_text(begins.astimezone(zone))}" if begins is not None and begins > change.at else "at once"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
