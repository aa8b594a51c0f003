"""Surge schedules as they are written: drafts, and the moves from state to state, one transaction each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from cpo_portal.accounts.models import User
from cpo_portal.accounts.tenancy import cpo_scope
from pricing.models import SurgeSchedule, SurgeState, SurgeStateChange, SurgeVersion
from pricing.surges.ceilings import refuse_above
from pricing.surges.content import SurgeContent, checked, content_of, write_content
from pricing.surges.kinds import SurgeKind
from pricing.surges.layers import layers_of
from pricing.surges.naming import keep_named
from pricing.surges.notice import is_rise
from pricing.surges.policies import notice_of
from pricing.versions.drafts import Drafts
from pricing.versions.validity import in_effect

DRAFTS = Drafts(
    SurgeSchedule, SurgeVersion, "schedule", "schedule_id", "surge schedule", checked, content_of, write_content
)


class Move(StrEnum):
    """What staff do with a schedule."""

    PUBLISH = "publish"
    PAUSE = "pause"
    RESUME = "resume"
    END = "end"
    ARCHIVE = "archive"


#: From a state, by a move, to a state; what is missing is refused. A paused schedule gets its new version and stays
#: paused until somebody resumes it.
TRANSITIONS: dict[tuple[str, Move], SurgeState] = {
    (SurgeState.DRAFT, Move.PUBLISH): SurgeState.APPROVED,
    (SurgeState.APPROVED, Move.PUBLISH): SurgeState.APPROVED,
    (SurgeState.PAUSED, Move.PUBLISH): SurgeState.PAUSED,
    (SurgeState.ENDED, Move.PUBLISH): SurgeState.APPROVED,
    (SurgeState.APPROVED, Move.PAUSE): SurgeState.PAUSED,
    (SurgeState.PAUSED, Move.RESUME): SurgeState.APPROVED,
    (SurgeState.APPROVED, Move.END): SurgeState.ENDED,
    (SurgeState.PAUSED, Move.END): SurgeState.ENDED,
    (SurgeState.DRAFT, Move.ARCHIVE): SurgeState.ARCHIVED,
    (SurgeState.ENDED, Move.ARCHIVE): SurgeState.ARCHIVED,
}
_NAMES = {
    Move.PUBLISH: "published",
    Move.PAUSE: "paused",
    Move.RESUME: "resumed",
    Move.END: "ended",
    Move.ARCHIVE: "archived",
}
_ARCHIVED = "This surge schedule is archived: make a new one."


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a move: a person, or the token that a machine brought; neither for the platform itself."""

    by: User | None = None
    by_token: str = ""
    note: str = ""


def create_schedule(schedule: SurgeSchedule, content: SurgeContent, *, by: User | None = None) -> SurgeSchedule:
    """Save a new schedule (id, name, kind and CPO given) with its first draft; raises ValidationError by field."""
    with cpo_scope(schedule.cpo), transaction.atomic():
        keep_named(content)
        return DRAFTS.create(schedule, content, by=by)


def save_draft(
    schedule: SurgeSchedule, content: SurgeContent, *, by: User | None = None, expected: int | None = None
) -> SurgeVersion:
    """Put the content into the schedule's draft, as `Drafts.save` does."""
    with cpo_scope(schedule.cpo), transaction.atomic():
        if DRAFTS.lock(schedule).state == SurgeState.ARCHIVED:
            raise ValidationError(_ARCHIVED)
        keep_named(content)
        return DRAFTS.save(schedule, content, by=by, expected=expected)


def rename(schedule: SurgeSchedule, *, name: str | None = None, kind: SurgeKind | None = None) -> SurgeSchedule:
    """Change what a schedule is called and what it is for, at once; quotes that were given keep the name they had."""
    with cpo_scope(schedule.cpo), transaction.atomic():
        locked = DRAFTS.lock(schedule)
        if locked.state == SurgeState.ARCHIVED:
            raise ValidationError(_ARCHIVED)
        locked.name = locked.name if name is None else name.strip()
        locked.kind = locked.kind if kind is None else kind.value
        locked.clean_fields()
        locked.save(update_fields=["name", "kind"])
        return locked


def publish(schedule: SurgeSchedule, actor: Actor = Actor(), *, expected: int | None = None) -> SurgeSchedule:
    """Freeze the draft and make it the live version; it takes effect when its notice is over."""
    return perform(Move.PUBLISH, schedule, actor, expected=expected)


def perform(
    move: Move, schedule: SurgeSchedule, actor: Actor = Actor(), *, expected: int | None = None
) -> SurgeSchedule:
    """Make a move; raises ValidationError where the state does not allow it. `expected` is the number of the draft."""
    with cpo_scope(schedule.cpo), transaction.atomic():
        locked = DRAFTS.lock(schedule)
        target = TRANSITIONS.get((locked.state, move))
        if target is None:
            state = SurgeState(locked.state).label.lower()
            raise ValidationError(f"This surge schedule is {state}: it cannot be {_NAMES[move]}.")
        now = timezone.now()
        if move is Move.PUBLISH:
            _publish(locked, now, expected)
        elif move is Move.RESUME:
            locked.prices_from = now + notice_of(locked.cpo, now)
        before, locked.state = locked.state, target
        locked.save(update_fields=["state", "live_version", "prices_from"])
        SurgeStateChange.objects.create(
            schedule=locked,
            from_state=before,
            to_state=target,
            version=locked.live_version,
            prices_from=locked.prices_from,
            by=actor.by,
            by_token=actor.by_token,
            at=now,
            note=actor.note[:300],
        )
        return locked


def _publish(locked: SurgeSchedule, now: datetime, expected: int | None) -> None:
    draft = DRAFTS.to_publish(locked, expected)
    content = content_of(draft)
    keep_named(content)
    content = checked(locked, content)
    if content.valid_until is not None and content.valid_until <= now:
        raise ValidationError({"valid_until": "It would have ended already: give a later end or leave it empty."})
    refuse_above(locked, content)
    draft.effective_from = takes_effect(locked, draft, now)
    if _starts(locked):
        locked.prices_from = draft.effective_from
    draft.published_at = now
    draft.save(update_fields=["published_at", "effective_from"])
    locked.live_version = draft


def takes_effect(schedule: SurgeSchedule, draft: SurgeVersion, now: datetime) -> datetime:
    """Return when a draft takes effect that is published now: from when on it is no rise above what is announced, at
    most the notice, which is always that of a schedule that starts; inside the CPO's scope."""
    after, until = content_of(draft), now + notice_of(schedule.cpo, now)
    if _starts(schedule):
        return until
    layers = layers_of([schedule]).get(schedule.pk, [])
    edges = {edge for x in layers for edge in (x.valid_from, x.valid_until) if edge is not None and now < edge < until}
    effective = until
    for instant in (*sorted(edges, reverse=True), now):
        announced = in_effect(layers, instant)
        if announced is None or is_rise(content_of(announced.version), after):
            break
        effective = instant
    return effective


def _starts(schedule: SurgeSchedule) -> bool:
    """Tell whether publishing starts the schedule, anew where it has ended."""
    return schedule.state not in {SurgeState.APPROVED, SurgeState.PAUSED}
