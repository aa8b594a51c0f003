"""Asks for back-tests and works them off in the background, one after the other, safe to run twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from celery import shared_task
from django.core.exceptions import ValidationError
from django.db import transaction

from cpo_portal.accounts.leases import claim, go_on
from cpo_portal.accounts.models import User
from cpo_portal.accounts.runs import LeaseLost, too_many, work_off
from cpo_portal.accounts.tenancy import cpo_scope
from offers.authoring import working_version
from offers.backtest.history import count_bills, known_of, past_sessions
from offers.book import book_for
from offers.days import holidays_between
from offers.engine.backtest import Backtest, Setting
from offers.engine.codec import offer_from_json, offer_to_json
from offers.engine.values import Objective, OfferTerms, StackLimits
from offers.mapping import offer_terms
from offers.models import BacktestRun, Offer, OfferVersion
from offers.policies import policy_of
from offers.segments import compiled_segments
from pricing.engine.codec import encode
from pricing.engine.metering import HORIZON
from pricing.engine.values import PricingError

MOST_DAYS = 366
#: How often progress is told, in sessions; the lease is renewed with it.
STEP = 1000
LEASE = timedelta(minutes=2)


def ask_for_backtest(
    offer: Offer, days: int, *, now: datetime, by: User | None = None, by_token: str = ""
) -> BacktestRun:
    """Queue a replay of the offer's latest version on the sessions of the last days; inside the CPO's scope.

    Raises ValidationError, by field, where there is nothing to replay or too much is under way.
    """
    if not 1 <= days <= MOST_DAYS:
        raise ValidationError({"days": f"Replay between 1 and {MOST_DAYS} days."})
    version = working_version(offer)
    if version is None:
        raise ValidationError("This offer has no version to replay: write a draft first.")
    since = now - timedelta(days=days)
    total = count_bills(since, now)
    if total == 0:
        raise ValidationError({"days": f"No session was billed in the last {days} days: replay a longer time."})
    with transaction.atomic():
        # The offer's row makes two people who press at once one after the other.
        Offer.objects.select_for_update(of=("self",)).get(pk=offer.pk)
        if busy := too_many(BacktestRun):
            raise ValidationError(busy)
        run = BacktestRun.objects.create(
            cpo=offer.cpo,
            offer=offer,
            version_number=version.number,
            terms=offer_to_json(_terms_to_replay(offer, version, since=since, until=now)),
            since=since,
            until=now,
            total=total,
            requested_by=by,
            by_token=by_token,
        )
        # Should no broker hear of it, the schedule finds it.
        transaction.on_commit(lambda: run_backtests.apply_async(queue="bulk"), robust=True)
    return run


def _terms_to_replay(offer: Offer, version: OfferVersion, *, since: datetime, until: datetime) -> OfferTerms:
    """Return the version's terms with the holidays of the past as well, which its validity may not reach."""
    terms = offer_terms(offer, version)
    # What was billed since then was planned for as long before as a session may take.
    rule = holidays_between(version, since - HORIZON, until)
    return replace(terms, applicability=replace(terms.applicability, holidays=rule))


@shared_task
def run_backtests() -> int:
    """Work off the one that waits longest, or that a worker has died over; return how many were finished.

    One at a time: many back-tests do not keep the rest of the background's work waiting.
    """
    run = claim(BacktestRun, LEASE, longest="requested_at", related="offer")
    if run is None:
        return 0
    with cpo_scope(run.cpo):
        return _run(run)


def _run(run: BacktestRun) -> int:
    return work_off(run, lambda: _replay(run), refusal=PricingError)


def _replay(run: BacktestRun) -> dict[str, object]:
    """Return what the replay found; raises LeaseLost where another worker has taken it over."""
    live, draft, policy = book_for(run.cpo).book.all(), offer_from_json(run.terms), policy_of(run.cpo_id)
    segments = tuple(compiled_segments().values())
    setting = Setting(
        run.cpo.currency,
        Objective(policy.objective),
        StackLimits(policy.max_stack, policy.max_discount_percent),
        run.cpo.time_zone,
        segments,
    )
    replay = Backtest(live, draft, setting)
    known = known_of(run.cpo, (*live, draft), since=run.since, now=run.until, counted_by=segments)
    for done, session in enumerate(past_sessions(run.since, run.until, known), start=1):
        replay.play(session)
        if done % STEP == 0 and not go_on(run, LEASE, done):
            raise LeaseLost
    found: dict[str, object] = encode(replay.result())
    return found
