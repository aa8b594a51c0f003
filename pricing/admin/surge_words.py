"""A surge schedule in the words of its pages: what it adds, when, where, who does not pay, and from when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cpo_portal.adminkit.display import EMPTY, Tone, chip, when
from pricing.describe import validity_in_words
from pricing.models import SurgeKindChoice, SurgeSchedule, SurgeState
from pricing.surges.content import SurgeContent, content_of
from pricing.surges.describe import amount_in_words, exempt_in_words, when_in_words, where_in_words
from pricing.surges.kinds import FAMILIES, FAMILY_NAMES, SurgeKind
from pricing.surges.layers import InTime
from pricing.surges.naming import names_of
from pricing.surges.versions import versions_of
from pricing.versions.validity import Span

STATE_TONES = {
    SurgeState.IN_REVIEW: Tone.INFO,
    SurgeState.APPROVED: Tone.GOOD,
    SurgeState.PAUSED: Tone.WARN,
    SurgeState.ENDED: Tone.WARN,
}


@dataclass(frozen=True, slots=True)
class Said:
    """What a version says, part by part."""

    adds: str
    group: str
    when: str
    where: str
    validity: str
    exempt: str
    explanation: str

    @property
    def sentence(self) -> str:
        """The version in one sentence."""
        return f"Adds {self.adds}, {self.when}, {self.where}{f', {self.validity}' if self.validity else ''}."

    def parts(self) -> tuple[tuple[str, str], ...]:
        """Return each part with its name."""
        return (
            ("Adds", self.adds),
            ("Group", self.group),
            ("When", self.when),
            ("Holds", self.validity or "at any time"),
            ("Where", self.where),
            ("Does not pay", self.exempt),
            ("Explanation", self.explanation),
        )


@dataclass(frozen=True, slots=True)
class Listed:
    """What the list shows of a schedule: what its version says that holds, or would, and what is announced."""

    said: Said | None
    announced: str


def said_of(content: SurgeContent, names: Mapping[str, str], *, currency: str, zone: str) -> Said:
    """Return what a content says; `names` are those of places, things, segments and calendars, by id."""
    return Said(
        adds=amount_in_words(content, currency),
        group=content.stacking_group or EMPTY,
        when=when_in_words(content, names.get(content.holiday_calendar, "")),
        where=where_in_words(content.scope, names),
        validity=validity_in_words(content, zone),
        exempt=", ".join(exempt_in_words(content.exemptions, names)) or "nobody",
        explanation=content.explanation or EMPTY,
    )


def listed(schedules: Iterable[SurgeSchedule], now: datetime) -> dict[int, Listed]:
    """Return what the list shows of these schedules by key, in as many queries as of one; inside the CPO's scope."""
    rows = list(schedules)
    versions = versions_of(rows, now)
    shown = {key: next(iter(found.all()), None) for key, found in versions.items()}
    contents = {key: content_of(version) for key, version in shown.items() if version is not None}
    names = names_of(contents.values())
    found = {}
    for row in rows:
        cpo: Any = row.cpo
        content = contents.get(row.pk)
        said = said_of(content, names, currency=cpo.currency, zone=cpo.time_zone) if content is not None else None
        found[row.pk] = Listed(said, "; ".join(announced_in_words(versions[row.pk].coming, cpo.time_zone)))
    return found


def announced_in_words(coming: Iterable[Span[InTime]], zone: str) -> list[str]:
    """Return "Version 2 takes effect for sessions planned to start from Sat 4 Jan 2025, 18:30 IST" for each to come."""
    return [
        f"Version {span.version.version.number} takes effect for sessions planned to start from "
        f"{when(span.period.valid_from, zone)}"
        for span in coming
    ]


def state_chip(schedule: SurgeSchedule) -> Any:
    """Return the schedule's state as a chip."""
    return chip(schedule.get_state_display(), STATE_TONES.get(SurgeState(schedule.state), Tone.NEUTRAL))


def kind_in_words(kind: str) -> str:
    """Return "Peak demand: Rush hours"."""
    return f"{FAMILY_NAMES[FAMILIES[SurgeKind(kind)]]}: {SurgeKindChoice(kind).label}"
