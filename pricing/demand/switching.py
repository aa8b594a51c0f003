"""Policies as staff write and switch them; whatever prices change by it, every location begins at level 0 again."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Now

from cpo_portal.accounts.models import User
from cpo_portal.accounts.tenancy import cpo_scope
from pricing.demand import recording
from pricing.demand.deciding import match_places_of
from pricing.engine import demand as engine
from pricing.models import DemandDecision, DemandPolicy, DemandReasonChoice, DemandState, SurgeSchedule

#: What of a policy's row decides what a session pays.
_PRICING = ("rules", "stacking_group")


def save_policy(policy: DemandPolicy, *, by: User | None = None) -> DemandPolicy:
    """Save a policy; where it charges otherwise than before, its locations fall to level 0 at once.

    Raises ValidationError for the id of a surge schedule: bills could not tell the two apart.
    """
    with cpo_scope(policy.cpo), transaction.atomic():
        if policy.pk is None:
            if SurgeSchedule.objects.filter(schedule_id=policy.policy_id).exists():
                raise ValidationError({"policy_id": "A surge has this id: choose another one."})
            policy.save()
            return policy
        before, now = _locked(policy)
        policy.number, policy.is_active = before.number, before.is_active
        changed = any(getattr(policy, name) != getattr(before, name) for name in _PRICING)
        if changed:
            policy.number += 1
        policy.save()
        if changed:
            _restart(policy, DemandReasonChoice.CHANGED, now, by=by)
        if policy.is_active:
            match_places_of(policy, now=now)
    return policy


def switch_on(policy: DemandPolicy, *, by: User | None = None) -> DemandPolicy:
    """Let the policy price sessions, from level 0 on; raises ValidationError where it does so already."""
    return _switch(policy, True, by)


def switch_off(policy: DemandPolicy, *, by: User | None = None) -> DemandPolicy:
    """Let all locations fall to no surcharge at once; raises ValidationError where it is switched off already."""
    return _switch(policy, False, by)


def _switch(policy: DemandPolicy, on: bool, by: User | None) -> DemandPolicy:
    with cpo_scope(policy.cpo), transaction.atomic():
        locked, now = _locked(policy)
        if locked.is_active is on:
            raise ValidationError(f"“{locked}” is switched {'on' if on else 'off'} already.")
        locked.is_active, locked.number = on, locked.number + 1
        locked.save(update_fields=["is_active", "number"])
        _restart(locked, DemandReasonChoice.SWITCHED_ON if on else DemandReasonChoice.SWITCHED_OFF, now, by=by)
        if on:
            match_places_of(locked, now=now)
    return locked


def _locked(policy: DemandPolicy) -> tuple[DemandPolicy, datetime]:
    """Return the row as it is now, locked, and the database's instant; decisions may still name it."""
    rows = DemandPolicy.objects.select_for_update(of=("self",), no_key=True).annotate(now=Now())
    locked = rows.select_related("cpo").get(pk=policy.pk)
    return locked, locked.now


def _restart(policy: DemandPolicy, reason: DemandReasonChoice, now: datetime, *, by: User | None) -> None:
    """Bring every location to level 0; where that is a fall, or was switched by somebody, it is kept as a decision."""
    rows = DemandState.objects.filter(policy=policy).select_related("location").order_by("pk")
    kept: list[DemandDecision] = []
    for row in rows.select_for_update(of=("self",), no_key=True):
        row.policy = policy
        state = engine.restarted(recording.state_of(row), now=now)
        if reason is not DemandReasonChoice.CHANGED or recording.prices_something(row):
            kept.append(recording.brought_to_zero(row, reason, state.at, by=by))
        recording.put(row, state, policy.number)
        row.due_at = now
        recording.save(row, "due_at")
    DemandDecision.objects.bulk_create(kept)
