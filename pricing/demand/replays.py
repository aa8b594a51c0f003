"""Asks for back-tests of demand policies and works them off in the background, one by one, safe to run twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from celery import shared_task
from django.core.exceptions import ValidationError
from django.db import transaction

from cpo_portal.accounts.leases import claim, go_on
from cpo_portal.accounts.models import User
from cpo_portal.accounts.runs import LeaseLost, RunState, too_many, work_off
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Location
from pricing.demand.history import count_sessions, history_of
from pricing.demand.rules import rules_in_force, scope_of, written
from pricing.engine import demand as engine
from pricing.engine.codec import decode, encode
from pricing.engine.demand_history import LocationHistory, StaticSurge
from pricing.engine.demand_replay import Replay, replay
from pricing.engine.values import PricingError
from pricing.models import DemandPolicy, DemandReplay
from pricing.surges.policies import policy_of
from pricing.surges.scope import fits_location

MOST_DAYS = 366
#: Longer than one location of a year takes; the lease is renewed with each.
LEASE = timedelta(minutes=5)


def ask_for_replay(
    policy: DemandPolicy, days: int, *, now: datetime, static: StaticSurge | None = None, by: User | None = None
) -> DemandReplay:
    """Queue a replay of the policy's rules on what happened in the last days; inside the CPO's scope.

    Raises ValidationError, by field, where there is nothing to replay or too much is under way.
    """
    if not 1 <= days <= MOST_DAYS:
        raise ValidationError({"days": f"Replay between 1 and {MOST_DAYS} days."})
    scope, since = scope_of(policy), now - timedelta(days=days)
    places = [x.location_id for x in Location.objects.order_by("location_id") if fits_location(scope, x)]
    if not places:
        raise ValidationError("No location is in the scope of this policy: name others first.")
    if not count_sessions(places, since, now):
        raise ValidationError({"days": f"No session was billed there in the last {days} days: replay a longer time."})
    with transaction.atomic():
        # The policy's row makes two people who press at once one after the other.
        DemandPolicy.objects.select_for_update(of=("self",), no_key=True).get(pk=policy.pk)
        if busy := too_many(DemandReplay):
            raise ValidationError(busy)
        run = DemandReplay.objects.create(
            cpo=policy.cpo,
            policy=policy,
            rules=written(rules_in_force(policy, policy_of(policy.cpo))),
            location_ids=places,
            static=encode(static) if static is not None else None,
            since=since,
            until=now,
            total=len(places),
            requested_by=by,
        )
        # Should no broker hear of it, the schedule finds it.
        transaction.on_commit(lambda: run_replays.apply_async(queue="bulk"), robust=True)
    return run


def result_of(run: DemandReplay) -> Replay | None:
    """Return what the replay found; None until it is done."""
    return decode(Replay, run.result) if run.state == RunState.DONE else None


def static_of(run: DemandReplay) -> StaticSurge | None:
    """Return the weekly surcharge that it is compared with, None where none was given."""
    return decode(StaticSurge, run.static) if run.static is not None else None


@shared_task
def run_replays() -> int:
    """Work off the one that waits longest, or that a worker has died over; return how many were finished."""
    run = claim(DemandReplay, LEASE, longest="requested_at", related="policy")
    if run is None:
        return 0
    with cpo_scope(run.cpo):
        return _run(run)


def _run(run: DemandReplay) -> int:
    return work_off(run, lambda: _found(run), refusal=PricingError)


def _found(run: DemandReplay) -> Any:
    found = replay(_histories(run), decode(engine.DemandPolicy, run.rules), static=static_of(run))
    if found is None:
        raise PricingError("NOTHING_TO_REPLAY", "None of its locations is there any more: ask for it again.")
    return encode(found)


def _histories(run: DemandReplay) -> Iterator[LocationHistory]:
    """Yield the history of each location, which is read while it is replayed; tell the progress in between."""
    for done, key in enumerate(run.location_ids):
        if done and not go_on(run, LEASE, done):
            raise LeaseLost
        location = Location.objects.filter(location_id=key).first()
        if location is not None:
            yield history_of(location, run.cpo.currency, run.since, run.until)
