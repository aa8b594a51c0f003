"""What the page of a surge shows beside its form: what holds, what is announced, what a draft changes, its history."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cpo_portal.adminkit.display import when
from pricing.admin.drafts import history_row, version_mark, version_row
from pricing.admin.reviews import review_notes
from pricing.admin.surge_words import Said, announced_in_words, kind_in_words, said_of, state_chip
from pricing.models import Signal, SurgeSchedule, SurgeState, SurgeStateChange, SurgeVersion
from pricing.surges.cautions import Cautions
from pricing.surges.ceilings import SurgeCeilings
from pricing.surges.content import SurgeContent, content_of
from pricing.surges.describe import calculation_in_words
from pricing.surges.layers import begins_of, layers_of
from pricing.surges.links import surge_page_url
from pricing.surges.naming import names_of
from pricing.surges.policies import notice_of
from pricing.surges.reviews import REVIEWS
from pricing.surges.schedules import takes_effect
from pricing.surges.signals import counting
from pricing.surges.timeline import Timeline, timeline_of
from pricing.versions.review import EDIT, REJECT, SUBMIT
from pricing.versions.who import People, people_of

_MOST_SHOWN = 50
#: What the history calls what changes no price.
_REVIEW_MOVES = {SUBMIT: "Submitted for review", REJECT: "Sent back"}


@dataclass(frozen=True, slots=True)
class _Page:
    """What the parts of the page are written from; versions are the newest first."""

    schedule: SurgeSchedule
    now: datetime
    times: Timeline
    versions: list[SurgeVersion]
    contents: dict[int, SurgeContent]
    said: dict[int, Said]

    @property
    def zone(self) -> str:
        found: str = self.schedule.cpo.time_zone
        return found

    @property
    def working(self) -> SurgeVersion:
        return self.versions[0]

    @property
    def shown(self) -> SurgeVersion:
        """The version that holds now, else the first that will, else the one published last, else the draft."""
        ahead = self.times.now or next(iter(self.times.coming), None)
        return ahead.version.version if ahead is not None else self.schedule.live_version or self.working


def surge_page(schedule: SurgeSchedule, now: datetime, *, with_facts: bool) -> dict[str, Any]:
    """Return the panels of a schedule's page, `with_facts` for people who get no form; inside the CPO's scope."""
    page = _read(schedule, now)
    base = schedule.live_version or page.working
    labels = dict(SurgeState.choices)
    changes = list(schedule.state_changes.select_related("version", "by")[:_MOST_SHOWN])
    people = people_of(page.versions, changes, schedule.state_changes.all())
    return {
        "summary_template": "pricing/admin/summary.html",
        "number": page.working.number,
        "chip": state_chip(schedule),
        "figures": kind_in_words(schedule.kind),
        "sentence": page.said[page.shown.pk].sentence,
        "notes": list(_notes(page)),
        "facts": page.said[page.shown.pk].parts() if with_facts else (),
        "changes": [
            {"label": label, "before": before, "after": after}
            for (label, before), (_, after) in zip(
                page.said[base.pk].parts(), page.said[page.working.pk].parts(), strict=True
            )
            if before != after and page.working.published_at is None
        ],
        "versions": [_version(page, version, people) for version in page.versions],
        "history": [_entry(change, labels, page.zone, people) for change in changes],
        "public_url": surge_page_url(schedule.cpo.provider_id, schedule.schedule_id) if schedule.live_version else "",
    }


def effect_in_words(schedule: SurgeSchedule, draft: SurgeVersion, now: datetime) -> str:
    """Return from when a draft that is published now takes effect, and why, as the end of a sentence."""
    if schedule.state == SurgeState.PAUSED:
        return "takes effect when the surge is resumed"
    starts, zone = takes_effect(schedule, draft, now), schedule.cpo.time_zone
    if draft.valid_from is not None and draft.valid_from > max(starts, now):
        return f"takes effect for sessions planned to start from {when(draft.valid_from, zone)}, as it says"
    if not notice_of(schedule.cpo, now):
        return "takes effect at once: your surge policy promises no notice"
    if starts <= now:
        return "takes effect at once, because nobody pays more by it"
    return f"takes effect for sessions planned to start from {when(starts, zone)}, because drivers may pay more by it"


def _read(schedule: SurgeSchedule, now: datetime) -> _Page:
    versions = list(schedule.versions.select_related("created_by")[:_MOST_SHOWN])
    times = timeline_of(schedule, layers_of([schedule]).get(schedule.pk, []), now)
    ahead = [x.version.version for x in (times.now, *times.coming) if x is not None]
    told = {x.pk: x for x in (*versions, *ahead, schedule.live_version) if x is not None}
    contents = {key: content_of(version) for key, version in told.items()}
    names, cpo = names_of(contents.values()), schedule.cpo
    said = {key: said_of(x, names, currency=cpo.currency, zone=cpo.time_zone) for key, x in contents.items()}
    return _Page(schedule, now, times, versions, contents, said)


def _notes(page: _Page) -> Iterator[str]:
    yield from review_notes(REVIEWS, page.schedule)
    yield from _standing(page)
    content = page.contents[page.shown.pk]
    yield calculation_in_words(content, page.schedule.cpo.currency)
    if page.said[page.shown.pk].exempt != "nobody":
        yield f"Not charged: {page.said[page.shown.pk].exempt}."
    if content.signal_kinds and page.times.now is not None:
        rows = Signal.objects.filter(counting(page.now), kind__in=[x.value for x in content.signal_kinds])
        titles = [f"“{x.title}”" for x in rows[:5]]
        yield f"Signalled now: {', '.join(titles)}." if titles else "No such signal counts now, so nobody pays it."
    if page.working.published_at is None and page.schedule.state != SurgeState.ARCHIVED:
        number = page.working.number
        yield f"Published now, draft {number} {effect_in_words(page.schedule, page.working, page.now)}."
    yield from _warnings(page)


def _warnings(page: _Page) -> Iterator[str]:
    """Say what the author may not have meant, and which ceilings the price would be above."""
    if page.schedule.state == SurgeState.ARCHIVED:
        return
    content, drafted = page.contents[page.working.pk], page.working.published_at is None
    for sentence in Cautions(page.schedule.cpo, [content], page.now).of(content):
        yield f"Warning: {sentence}"
    for found in SurgeCeilings().above(page.schedule, content):
        yield f"{'Before you publish' if found.blocks and drafted else 'Warning'}: {found.sentence}"


def _standing(page: _Page) -> Iterator[str]:
    """Say what holds now, and what is announced."""
    state, times = page.schedule.state, page.times
    if state == SurgeState.IN_REVIEW:
        yield "In review: nobody pays it until it is approved and its notice is over."
    elif state == SurgeState.DRAFT:
        yield "A draft: nobody pays it until it is published and its notice is over."
    elif state == SurgeState.PAUSED:
        back = when(page.now + notice_of(page.schedule.cpo, page.now), page.zone)
        yield f"Paused: no new quote has it. Resumed now, it is back for sessions planned to start from {back}."
    elif state == SurgeState.ENDED:
        yield "It has ended: no new quote has it. A changed draft, published, starts it anew after its notice."
    elif state == SurgeState.ARCHIVED:
        yield "Archived: it is kept for its history alone."
    elif times.now is None:
        yield "Nobody pays it yet." if times.coming else "Its time is over: no new quote has it."
    else:
        yield f"Sessions planned to start now have version {times.now.version.version.number}."
    yield from (f"{sentence}." for sentence in announced_in_words(times.coming, page.zone))


def _version(page: _Page, version: SurgeVersion, people: People) -> dict[str, Any]:
    live = page.times.now.version.version.pk if page.times.now is not None else None
    coming = [x.version.version.pk for x in page.times.coming]
    said = page.said[version.pk]
    words = [said.adds, said.when, said.where, said.validity]
    if version.effective_from is not None:
        words.append(f"takes effect {when(version.effective_from, page.zone)}")
    mark = version_mark(version, live, coming)
    return version_row(version, " · ".join(x for x in words if x), mark, page.zone, people)


def _entry(change: SurgeStateChange, labels: dict[str, str], zone: str, people: People) -> dict[str, Any]:
    """Return one line of the history; of what prices, from when."""
    row = history_row(change, labels, zone, people)
    if change.move in _REVIEW_MOVES:
        return row | {"what": _REVIEW_MOVES[change.move]}
    if change.move == EDIT or change.to_state != SurgeState.APPROVED:
        return row
    version = change.version
    starts = begins_of(version, change.prices_from) if version is not None else change.prices_from
    return row | {"what": f"{row['what']}, for sessions from {when(starts, zone)}"}
