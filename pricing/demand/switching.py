"""Policies as staff write and switch them; whatever prices change by it, every location begins at level 0 again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from cpo_portal.accounts.models import User
from cpo_portal.accounts.tenancy import cpo_scope
from pricing.demand import recording
from pricing.demand.deciding import match_places_of
from pricing.demand.rules import keep_notice
from pricing.demand.writing import check_policy, taken
from pricing.engine import demand as engine
from pricing.models import (
    DemandDecision,
    DemandPolicy,
    DemandPolicyChange,
    DemandReasonChoice,
    DemandState,
)
from pricing.surges.ceilings import refuse_level_above

#: What of a policy's row decides what a session pays, and where.
_PRICING = ("rules", "stacking_group")
_PLACES = ("location_ids", "location_tags")
_Kind = DemandPolicyChange.Kind


@dataclass(frozen=True, slots=True)
class By:
    """Who changes or switches a policy: a person, or the token that a machine brought; neither for the platform."""

    user: User | None = None
    token: str = ""


NOBODY = By()


def save_policy(policy: DemandPolicy, by: By = NOBODY) -> DemandPolicy:
    """Save a policy; where it charges otherwise than before, its locations fall to level 0 at once.

    Raises ValidationError by field, also for the id of a surge schedule, since bills could not tell the two apart, and
    for what lifts a price above a ceiling that forbids it while the policy is switched on.
    """
    with cpo_scope(policy.cpo), transaction.atomic():
        if policy.pk is None:
            return _created(policy)
        before, now = _locked(policy)
        check_policy(policy, before)
        policy.number, policy.is_active = before.number, before.is_active
        keep_notice(policy, before, now)
        changed, moved = _differ(policy, before, _PRICING), _differ(policy, before, _PLACES)
        if policy.is_active and (changed or moved):
            refuse_level_above(policy)
        if changed:
            policy.number += 1
        policy.save()
        if changed:
            _restart(policy, DemandReasonChoice.CHANGED, now, by=by.user)
        if policy.is_active and (changed or moved):
            _record(policy, _Kind.CHANGED if changed else _Kind.PLACES, now, by)
        if policy.is_active:
            match_places_of(policy, now=now)
    return policy


def switch_on(policy: DemandPolicy, by: By = NOBODY) -> DemandPolicy:
    """Let the policy price sessions, from level 0 on.

    Raises ValidationError where it does so already, and where its highest level is above a ceiling that forbids it.
    """
    return _switch(policy, True, by)


def switch_off(policy: DemandPolicy, by: By = NOBODY) -> DemandPolicy:
    """Let all locations fall to no surcharge at once; raises ValidationError where it is switched off already."""
    return _switch(policy, False, by)


def _switch(policy: DemandPolicy, on: bool, by: By) -> DemandPolicy:
    with cpo_scope(policy.cpo), transaction.atomic():
        locked, now = _locked(policy)
        if locked.is_active is on:
            raise ValidationError(f"“{locked}” is switched {'on' if on else 'off'} already.")
        if on:
            refuse_level_above(locked)
        locked.is_active, locked.number = on, locked.number + 1
        locked.save(update_fields=["is_active", "number"])
        _restart(locked, DemandReasonChoice.SWITCHED_ON if on else DemandReasonChoice.SWITCHED_OFF, now, by=by.user)
        _record(locked, _Kind.SWITCHED_ON if on else _Kind.SWITCHED_OFF, now, by)
        if on:
            match_places_of(locked, now=now)
    return locked


def _created(policy: DemandPolicy) -> DemandPolicy:
    check_policy(policy, None)
    try:
        with transaction.atomic():
            policy.save(force_insert=True)
    except IntegrityError as race:
        raise ValidationError({"policy_id": taken(policy)}) from race
    return policy


def _differ(policy: DemandPolicy, before: DemandPolicy, names: tuple[str, ...]) -> bool:
    return any(getattr(policy, name) != getattr(before, name) for name in names)


def _record(policy: DemandPolicy, kind: DemandPolicyChange.Kind, now: datetime, by: By) -> None:
    said = {"kind": kind, "number": policy.number, "rules": policy.rules, "at": now}
    DemandPolicyChange.objects.create(cpo=policy.cpo, policy=policy, by=by.user, by_token=by.token, **said)


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
