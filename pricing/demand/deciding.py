"""Decides on the level of each location in the scope of a policy that is switched on, every minute, once per minute."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models.functions import Now

from cpo_portal.accounts.tenancy import cpo_scope, every_cpo
from cpo_portal.database.errors import describe
from cpo_portal.network.models import Location
from pricing.demand import recording
from pricing.demand.observing import lowest_rate, observe
from pricing.demand.rules import rules_in_force, scope_of
from pricing.engine import demand as engine
from pricing.models import DemandDecision, DemandPolicy, DemandReasonChoice, DemandState
from pricing.surges.policies import policy_of
from pricing.surges.scope import fits_location

log = structlog.get_logger(__name__)

#: How often a location is decided on, and how often a decision is kept that changes nothing for the same reason.
EVERY = timedelta(minutes=1)
KEPT_EVERY = timedelta(minutes=10)
#: So many locations are decided on in one run; the rest is due in the next.
MOST = 500


def decide_due() -> int:
    """Decide on every location that is due and that nobody else is at; return how many there were."""
    match_places()
    decided = 0
    while decided < MOST and _decide_next():
        decided += 1
    return decided


def match_places() -> None:
    """Give every location in the scope of a policy that is switched on its state, and take it from all others."""
    with every_cpo():
        policies = list(DemandPolicy.objects.filter(is_active=True).select_related("cpo").annotate(now=Now()))
    for policy in policies:
        with cpo_scope(policy.cpo):
            match_places_of(policy, now=policy.now)


def match_places_of(policy: DemandPolicy, *, now: datetime) -> None:
    """Do so for one policy, inside its CPO's scope."""
    scope = scope_of(policy)
    wanted = {x.pk: x for x in Location.objects.all() if fits_location(scope, x)}
    known = dict(DemandState.objects.filter(policy=policy).values_list("location", "pk"))
    new = [_first_state(policy, place, now) for key, place in wanted.items() if key not in known]
    DemandState.objects.bulk_create(new, ignore_conflicts=True)
    for key in sorted(known[x] for x in known.keys() - wanted.keys()):
        _leave(key, now)


def decide(row: DemandState, *, now: datetime) -> engine.Decision:
    """Decide on a location whose row is locked, with its policy and location, inside the scope and a transaction."""
    policy, location = row.policy, row.location
    before = recording.state_of(row)
    if before.time_zone != location.time_zone:
        before = replace(before, time_zone=location.time_zone)
    if row.number != policy.number:
        before = engine.restarted(before, now=now)
    # A database that took another's place may be a little behind; there is no way back.
    at = max(now, before.at)
    rules = rules_in_force(policy, policy_of(policy.cpo), now=at)
    seen = observe(location, rules, now=at)
    rate = lowest_rate(location, now=at) if rules.highest_rate is not None else None
    decision = engine.next_level(before, seen, rules, now=at, base_rate=rate)
    kept = _is_kept(row, before, decision)
    recording.put(row, decision.state, policy.number, decision)
    row.due_at = at + EVERY
    if kept:
        row.recorded_at = at
        recording.decided(row, decision, seen, rules).save(force_insert=True)
    recording.save(row, "due_at", "recorded_at")
    return decision


def _is_kept(row: DemandState, before: engine.DemandState, decision: engine.Decision) -> bool:
    """Tell whether a decision is kept: one that changes what is charged or announced, one for another reason than the
    last that was kept, and one in a while; the row is still as before."""
    was, now = (row.level, row.percent, before.announced), (decision.level, decision.percent, decision.announced)
    if decision.made or was != now or row.recorded_at is None or decision.at - row.recorded_at >= KEPT_EVERY:
        return True
    kept = DemandDecision.objects.filter(
        policy=row.policy, location_id=row.location.location_id, at__gte=row.recorded_at
    )
    return kept.order_by("-at").values_list("reason", flat=True).first() != decision.reason.value


def _decide_next() -> bool:
    """Decide on the location that has been due for longest, in a transaction of its own; False where none is."""
    key = None
    try:
        with transaction.atomic():
            row = _claim()
            if row is None:
                return False
            key = row.pk
            with cpo_scope(row.policy.cpo):
                decide(row, now=row.now)  # type: ignore[attr-defined]
    except Exception as error:  # noqa: BLE001  whatever it was, the others go on, and an old level prices nothing
        log.error("demand_not_decided", state=key, error=describe(error))
        if key is None:
            return False
        with every_cpo():
            DemandState.objects.filter(pk=key).update(due_at=Now() + EVERY)
    return True


def _claim() -> DemandState | None:
    with every_cpo():
        due = DemandState.objects.filter(policy__is_active=True, due_at__lte=Now()).annotate(now=Now())
        rows = due.select_related("policy__cpo", "location").order_by("due_at", "pk")
        return rows.select_for_update(of=("self",), skip_locked=True, no_key=True).first()


def _first_state(policy: DemandPolicy, location: Location, now: datetime) -> DemandState:
    row = DemandState(cpo_id=policy.cpo_id, policy=policy, location=location, due_at=now)
    recording.put(row, engine.first_state(location.time_zone, now=now), policy.number)
    return row


def _leave(key: int, now: datetime) -> None:
    """Forget where a location stands that is not in the scope any more; a fall is kept."""
    with transaction.atomic():
        rows = DemandState.objects.filter(pk=key).select_related("policy", "location")
        row = rows.select_for_update(of=("self",)).first()
        if row is None:
            return
        if recording.prices_something(row):
            fallen: DemandDecision = recording.brought_to_zero(row, DemandReasonChoice.OUT_OF_SCOPE, now)
            fallen.save(force_insert=True)
        row.delete()
