"""Surge schedules as they are written: drafts, reviews, and the moves from state to state, one transaction each."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from cpo_portal.accounts.models import User
from cpo_portal.accounts.tenancy import cpo_scope
from pricing.models import SurgeSchedule, SurgeState, SurgeVersion
from pricing.surges.ceilings import refuse_above
from pricing.surges.content import SurgeContent, checked, content_of, write_content
from pricing.surges.kinds import SurgeKind
from pricing.surges.layers import layers_of
from pricing.surges.naming import keep_named
from pricing.surges.notice import is_rise
from pricing.surges.policies import notice_of
from pricing.surges.reviews import REVIEWS, begin_anew, record
from pricing.versions.drafts import Drafts
from pricing.versions.review import EDIT, REVIEWED, Actor, edited, sign
from pricing.versions.revisions import Expected
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
    SUBMIT = "submit"
    APPROVE = "approve"
    REJECT = "reject"


_PUBLISHED_ONCE = (SurgeState.APPROVED, SurgeState.PAUSED, SurgeState.ENDED)
_PUBLISHABLE = (SurgeState.DRAFT, SurgeState.IN_REVIEW, SurgeState.APPROVED, SurgeState.ENDED)

#: From a state, by a move, to a state; what is missing is refused. A paused schedule gets its new version and stays
#: paused until somebody resumes it.
TRANSITIONS: dict[tuple[str, Move], SurgeState] = {
    **{(state, Move.PUBLISH): SurgeState.APPROVED for state in _PUBLISHABLE},
    (SurgeState.PAUSED, Move.PUBLISH): SurgeState.PAUSED,
    # The draft of a schedule that was published is reviewed beside it: what drivers pay stays as it is meanwhile.
    (SurgeState.DRAFT, Move.SUBMIT): SurgeState.IN_REVIEW,
    (SurgeState.IN_REVIEW, Move.REJECT): SurgeState.DRAFT,
    **{(state, move): state for state in _PUBLISHED_ONCE for move in (Move.SUBMIT, Move.REJECT)},
    (SurgeState.IN_REVIEW, Move.APPROVE): SurgeState.APPROVED,
    (SurgeState.APPROVED, Move.APPROVE): SurgeState.APPROVED,
    (SurgeState.ENDED, Move.APPROVE): SurgeState.APPROVED,
    (SurgeState.PAUSED, Move.APPROVE): SurgeState.PAUSED,
    (SurgeState.APPROVED, Move.PAUSE): SurgeState.PAUSED,
    (SurgeState.PAUSED, Move.RESUME): SurgeState.APPROVED,
    (SurgeState.APPROVED, Move.END): SurgeState.ENDED,
    (SurgeState.PAUSED, Move.END): SurgeState.ENDED,
    (SurgeState.DRAFT, Move.ARCHIVE): SurgeState.ARCHIVED,
    (SurgeState.IN_REVIEW, Move.ARCHIVE): SurgeState.ARCHIVED,
    (SurgeState.ENDED, Move.ARCHIVE): SurgeState.ARCHIVED,
}
NAMES = {
    Move.PUBLISH: "published",
    Move.PAUSE: "paused",
    Move.RESUME: "resumed",
    Move.END: "ended",
    Move.ARCHIVE: "archived",
    Move.SUBMIT: "submitted",
    Move.APPROVE: "approved",
    Move.REJECT: "sent back",
}
_PLATFORM = Actor()
_ARCHIVED = "This surge schedule is archived: make a new one."


def create_schedule(
    schedule: SurgeSchedule, content: SurgeContent, *, by: User | None = None, by_token: str = ""
) -> SurgeSchedule:
    """Save a new schedule (id, name, kind and CPO given) with its first draft; raises ValidationError by field."""
    with cpo_scope(schedule.cpo), transaction.atomic():
        keep_named(content)
        return DRAFTS.create(schedule, content, signing=lambda draft: _sign(schedule, draft, Actor(by, by_token)))


def save_draft(
    schedule: SurgeSchedule,
    content: SurgeContent,
    *,
    by: User | None = None,
    by_token: str = "",
    expected: Expected = None,
) -> SurgeVersion:
    """Put the content into the schedule's draft, as `Drafts.save` does; changed in review, it is submitted anew."""
    with cpo_scope(schedule.cpo), transaction.atomic():
        locked = DRAFTS.lock(schedule)
        if locked.state == SurgeState.ARCHIVED:
            raise ValidationError(_ARCHIVED)
        keep_named(content)
        return DRAFTS.save(
            schedule, content, expected=expected, signing=lambda draft: _sign(locked, draft, Actor(by, by_token))
        )


def _sign(locked: SurgeSchedule, draft: SurgeVersion, actor: Actor) -> None:
    """Sign a draft that is about to say something else, and write that into the history."""
    now = timezone.now()
    if not begin_anew(locked, actor, what="It was changed", now=now):
        record(locked, locked.state, actor, move=EDIT, note=edited(draft), now=now)
    draft.submitted_at, draft.submitted_by = None, ""
    sign(draft, actor)


def rename(
    schedule: SurgeSchedule, *, name: str | None = None, kind: SurgeKind | None = None, actor: Actor = _PLATFORM
) -> SurgeSchedule:
    """Change what a schedule is called and what it is for, at once; quotes that were given keep the name they had.

    Who reviews its draft reads it under its new name: it is submitted anew.
    """
    with cpo_scope(schedule.cpo), transaction.atomic():
        locked = DRAFTS.lock(schedule)
        if locked.state == SurgeState.ARCHIVED:
            raise ValidationError(_ARCHIVED)
        before, now = (locked.name, locked.kind), timezone.now()
        locked.name = locked.name if name is None else name.strip()
        locked.kind = locked.kind if kind is None else kind.value
        locked.clean_fields()
        locked.save(update_fields=["name", "kind"])
        said = "Its name or kind was changed"
        if before != (locked.name, locked.kind) and not begin_anew(locked, actor, what=said, now=now):
            record(locked, locked.state, actor, move=EDIT, note=f"{said}.", now=now)
        return locked


def publish(schedule: SurgeSchedule, actor: Actor = _PLATFORM, *, expected: int | None = None) -> SurgeSchedule:
    """Freeze the draft and make it the live version; it takes effect when its notice is over."""
    return perform(Move.PUBLISH, schedule, actor, expected=expected)


def perform(
    move: Move,
    schedule: SurgeSchedule,
    actor: Actor = _PLATFORM,
    *,
    note: str = "",
    expected: Expected | datetime = None,
) -> SurgeSchedule:
    """Make a move; raises ValidationError where the state or the review does not allow it.

    `expected` is the number or the revision of the draft that is published, or when what the approver has read was
    submitted.
    """
    with cpo_scope(schedule.cpo), transaction.atomic():
        locked = DRAFTS.lock(schedule)
        target = TRANSITIONS.get((locked.state, move))
        if target is None:
            raise ValidationError(refusal_of(locked.state, move))
        now = timezone.now()
        if move in REVIEWED:
            REVIEWS.check_move(locked, move, actor, note, expected)
        if move in {Move.PUBLISH, Move.APPROVE}:
            _publish(locked, now, expected)
        elif move is Move.SUBMIT:
            REVIEWS.submit(_fit_draft(locked, now, None), actor, now)
        elif move is Move.REJECT:
            REVIEWS.send_back(locked)
        elif move is Move.RESUME:
            locked.prices_from = now + notice_of(locked.cpo, now)
        before, locked.state = locked.state, target
        locked.save(update_fields=["state", "live_version", "prices_from"])
        record(locked, before, actor, move=move.value, note=note, now=now)
        return locked


def refusal_of(state: str, move: Move) -> str:
    """Say why a state does not allow a move."""
    if move is Move.SUBMIT and state == SurgeState.IN_REVIEW:
        return "It is in review already."
    if move in {Move.APPROVE, Move.REJECT} and state == SurgeState.DRAFT:
        return REVIEWS.nothing_submitted
    return f"This surge schedule is {SurgeState(state).label.lower()}: it cannot be {NAMES[move]}."


def _fit_draft(locked: SurgeSchedule, now: datetime, expected: Expected | datetime) -> SurgeVersion:
    """Return the draft of a locked schedule; raises ValidationError where it is not fit to be published."""
    draft = DRAFTS.to_publish(locked, None if isinstance(expected, datetime) else expected)
    content = content_of(draft)
    keep_named(content)
    content = checked(locked, content)
    if content.valid_until is not None and content.valid_until <= now:
        raise ValidationError({"valid_until": "It would have ended already: give a later end or leave it empty."})
    refuse_above(locked, content)
    return draft


def _publish(locked: SurgeSchedule, now: datetime, expected: Expected | datetime) -> None:
    draft = _fit_draft(locked, now, expected)
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
