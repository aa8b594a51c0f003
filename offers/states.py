"""The states of an offer: which move leads where, and what a stored state means at an instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from django.db.models import DateField, DateTimeField, Exists, F, Func, OuterRef, Prefetch, Q, QuerySet, Value
from django.db.models.functions import Cast

from offers.engine.periods import Period, today_at
from offers.models import DayCounter, Offer, OfferCounter, OfferState, OfferVersion
from offers.room import cost_in_rows, cost_of_version


class Move(StrEnum):
    """What staff do with an offer."""

    PUBLISH = "publish"
    PAUSE = "pause"
    RESUME = "resume"
    END = "end"
    WITHDRAW = "withdraw"
    ARCHIVE = "archive"
    SUBMIT = "submit"
    APPROVE = "approve"
    REJECT = "reject"


class DerivedState(StrEnum):
    """What a published offer is at an instant, beside the stored states."""

    SCHEDULED = "SCHEDULED"
    LIVE = "LIVE"
    ENDED = "ENDED"
    EXHAUSTED = "EXHAUSTED"


_PUBLISHED_ONCE = (OfferState.APPROVED, OfferState.PAUSED, OfferState.ENDED)
_PUBLISHABLE = (OfferState.DRAFT, OfferState.IN_REVIEW, OfferState.APPROVED, OfferState.ENDED)

#: From a stored state, by a move, to a stored state; what is missing is refused. A paused offer gets its new version
#: and stays paused until somebody resumes it. WITHDRAWN only leads to ARCHIVED: reservations that a withdrawal refuses
#: must not come back to life.
TRANSITIONS: dict[tuple[str, Move], OfferState] = {
    **{(state, Move.PUBLISH): OfferState.APPROVED for state in _PUBLISHABLE},
    (OfferState.PAUSED, Move.PUBLISH): OfferState.PAUSED,
    # The draft of an offer that was published is reviewed beside it: what buyers get stays as it is meanwhile.
    (OfferState.DRAFT, Move.SUBMIT): OfferState.IN_REVIEW,
    (OfferState.IN_REVIEW, Move.REJECT): OfferState.DRAFT,
    **{(state, move): state for state in _PUBLISHED_ONCE for move in (Move.SUBMIT, Move.REJECT)},
    (OfferState.IN_REVIEW, Move.APPROVE): OfferState.APPROVED,
    (OfferState.APPROVED, Move.APPROVE): OfferState.APPROVED,
    (OfferState.ENDED, Move.APPROVE): OfferState.APPROVED,
    (OfferState.PAUSED, Move.APPROVE): OfferState.PAUSED,
    (OfferState.APPROVED, Move.PAUSE): OfferState.PAUSED,
    (OfferState.PAUSED, Move.RESUME): OfferState.APPROVED,
    (OfferState.APPROVED, Move.END): OfferState.ENDED,
    (OfferState.PAUSED, Move.END): OfferState.ENDED,
    (OfferState.APPROVED, Move.WITHDRAW): OfferState.WITHDRAWN,
    (OfferState.PAUSED, Move.WITHDRAW): OfferState.WITHDRAWN,
    (OfferState.ENDED, Move.WITHDRAW): OfferState.WITHDRAWN,
    (OfferState.DRAFT, Move.ARCHIVE): OfferState.ARCHIVED,
    (OfferState.IN_REVIEW, Move.ARCHIVE): OfferState.ARCHIVED,
    (OfferState.ENDED, Move.ARCHIVE): OfferState.ARCHIVED,
    (OfferState.WITHDRAWN, Move.ARCHIVE): OfferState.ARCHIVED,
}


def next_state(state: str, move: Move) -> OfferState | None:
    """Return where a move leads, None where it is refused."""
    return TRANSITIONS.get((state, move))


def moves_from(state: str) -> tuple[Move, ...]:
    """Return the moves that a state allows."""
    return tuple(move for move in Move if (state, move) in TRANSITIONS)


def is_editable(state: str) -> bool:
    """Tell whether a draft may be made or changed."""
    return (state, Move.PUBLISH) in TRANSITIONS


def is_published(state: str) -> bool:
    """Tell whether the live version is what the offer gives, now or once it is resumed."""
    return state in {OfferState.APPROVED, OfferState.PAUSED}


def derived_state(offer: Offer, version: OfferVersion | None, counter: OfferCounter | None, now: datetime) -> str:
    """Return the stored state, or for a published offer SCHEDULED, LIVE, ENDED or EXHAUSTED at `now`."""
    if offer.state != OfferState.APPROVED or version is None:
        return offer.state
    if now >= version.valid_until:
        return DerivedState.ENDED
    if now < version.valid_from:
        return DerivedState.SCHEDULED
    if counter is not None and is_used_up(offer, version, counter):
        return DerivedState.EXHAUSTED
    return DerivedState.EXHAUSTED if is_used_up_today(offer, version, now) else DerivedState.LIVE


def again_at(offer: Offer, version: OfferVersion | None, now: datetime) -> datetime | None:
    """Return when an offer that only today's budget holds back is given again, None for any other."""
    counter = counter_of(offer)
    if derived_state(offer, version, counter, now) != DerivedState.EXHAUSTED:
        return None
    if version is None or (counter is not None and is_used_up(offer, version, counter)):
        return None
    return today_at(now, offer.cpo.time_zone).next_start(Period.DAY)


def counter_of(offer: Offer) -> OfferCounter | None:
    """Return the counter of a limited offer, None where there is no limit."""
    return getattr(offer, "counter", None)


def recent_days(now: datetime) -> Prefetch[str]:
    """Return the prefetch by which a list of offers brings its counters of today, in whichever time zone."""
    near = (now - timedelta(days=1), now + timedelta(days=1))
    days = DayCounter.objects.filter(day__range=[instant.astimezone(UTC).date() for instant in near])
    return Prefetch("day_counters", queryset=days, to_attr="recent_days")


def day_counter_of(offer: Offer, now: datetime) -> DayCounter | None:
    """Return what is taken of the budget of today, None where there is no such budget or nothing is taken."""
    if offer.budget_per_day is None:
        return None
    today = today_at(now, offer.cpo.time_zone).day
    if hasattr(offer, "recent_days"):
        return next((row for row in offer.recent_days if row.day == today), None)
    return DayCounter.objects.filter(offer=offer, day=today).first()


def is_used_up_today(offer: Offer, version: OfferVersion, now: datetime) -> bool:
    """Tell whether no redemption fits any more into what is left of today's budget."""
    day = day_counter_of(offer, now)
    return day is not None and _lacks_room(offer, version, day, day.limit_budget)


def is_used_up(offer: Offer, version: OfferVersion, counter: OfferCounter) -> bool:
    """Tell whether the uses are all reserved or committed, or no redemption fits into what is left of the budget."""
    uses, budget = counter.limit_uses, counter.limit_budget
    return (uses is not None and counter.uses_reserved + counter.uses_committed >= uses) or (
        budget is not None and _lacks_room(offer, version, counter, budget)
    )


def _lacks_room(offer: Offer, version: OfferVersion, counter: OfferCounter | DayCounter, budget: Decimal) -> bool:
    return counter.budget_reserved + counter.budget_committed + cost_of_version(offer, version) > budget


def state_condition(state: str, now: datetime) -> Q:
    """Return the condition on offers that holds exactly where `derived_state` answers `state`."""
    published = Q(state=OfferState.APPROVED)
    current = published & Q(live_version__valid_from__lte=now, live_version__valid_until__gt=now)
    needed = F("counter__budget_reserved") + F("counter__budget_committed") + cost_in_rows()
    used_up = Q(counter__limit_uses__lte=F("counter__uses_reserved") + F("counter__uses_committed")) | Q(
        counter__limit_budget__lt=needed
    )
    # Without a counter the comparison is NULL, which an exclusion must not take for "used up".
    not_used_up = Q(counter=None) | (
        (
            Q(counter__limit_uses=None)
            | Q(counter__limit_uses__gt=F("counter__uses_reserved") + F("counter__uses_committed"))
        )
        & (Q(counter__limit_budget=None) | Q(counter__limit_budget__gte=needed))
    )
    used_up |= Q(Exists(_days_used_up(now)))
    not_used_up &= ~Q(Exists(_days_used_up(now)))
    conditions = {
        DerivedState.SCHEDULED.value: published & Q(live_version__valid_from__gt=now),
        DerivedState.LIVE.value: current & not_used_up,
        DerivedState.EXHAUSTED.value: current & used_up,
        DerivedState.ENDED.value: Q(state=OfferState.ENDED) | (published & Q(live_version__valid_until__lte=now)),
    }
    return conditions.get(state, Q(state=state))


def _days_used_up(now: datetime) -> QuerySet[DayCounter]:
    """Return the used-up day of an outer offer that is today in its CPO's time zone."""
    local = Func(OuterRef("cpo__time_zone"), Value(now), function="timezone", output_field=DateTimeField())
    return DayCounter.objects.filter(
        offer=OuterRef("pk"),
        offer__budget_per_day__isnull=False,
        day=Cast(local, DateField()),
        limit_budget__lt=F("budget_reserved") + F("budget_committed") + cost_in_rows("offer__"),
    )
