"""Four eyes over surges: whether they are asked for, and that a change of a draft ends its review."""

from __future__ import annotations

from datetime import datetime

from pricing.models import SurgePolicy, SurgeSchedule, SurgeState, SurgeStateChange, SurgeVersion
from pricing.versions.review import EDIT, Actor, Reviews


def is_required(cpo_id: int) -> bool:
    """Tell whether the CPO's surges are reviewed before they are published; inside its scope."""
    return SurgePolicy.objects.filter(cpo=cpo_id, review_required=True).exists()


REVIEWS = Reviews(SurgeVersion, "schedule", "surge", is_required)


def begin_anew(schedule: SurgeSchedule, actor: Actor, *, what: str, now: datetime) -> bool:
    """End the review of what was changed meanwhile: nobody approves what nobody has read. `schedule` is locked.

    Returns whether there was one; that is an entry of the history.
    """
    draft = REVIEWS.draft_of(schedule)
    if draft is None or draft.submitted_at is None:
        return False
    REVIEWS.send_back(schedule)
    before = schedule.state
    if before == SurgeState.IN_REVIEW:
        schedule.state = SurgeState.DRAFT
        schedule.save(update_fields=["state"])
    record(schedule, before, actor, move=EDIT, note=f"{what} while it was in review: submit it again.", now=now)
    return True


def record(schedule: SurgeSchedule, before: str, actor: Actor, *, move: str, note: str, now: datetime) -> None:
    """Write into the history what was done to a schedule, which was in the state `before`."""
    SurgeStateChange.objects.create(
        schedule=schedule,
        from_state=before,
        to_state=schedule.state,
        version=schedule.live_version,
        prices_from=schedule.prices_from,
        by=actor.by,
        by_token=actor.by_token,
        at=now,
        note=note[:300],
        move=move,
    )
