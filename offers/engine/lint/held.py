"""Whether a new customer may hold an offer for new customers in several orders at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cpo_portal.charging.segments.rules import Condition, Fact, Rule, Segment
from offers.engine.lint.judging import driver_of, example_of
from offers.engine.lint.values import Finding, FindingCode, Severity, Subject, Tried
from offers.engine.periods import Period

_ID = "charged-before"
_BEFORE = Segment(_ID, _ID, (Rule(_ID, _ID, True, (Condition(Fact.RETURNING),)),))


def find_held(subject: Subject, sessions: Sequence[Tried]) -> Iterator[Finding]:
    """Yield HELD_AT_ONCE where somebody may have the offer, nobody who has charged before, and more than once in days.

    A session counts once it has stopped: until then every order of a new customer is their first.
    """
    offer = subject.offer
    limits = offer.limits
    in_long = [limits.per_period.get(x) for x in (Period.WEEK, Period.MONTH)]
    if not offer.segments or 1 in {limits.uses_per_customer, limits.total_uses, *in_long}:
        return
    found = ((x, driver) for x in sessions if (driver := driver_of(subject, x)) is not None)
    first = next(found, None)
    if first is not None and driver_of(subject, first[0], also=((_BEFORE,),)) is None:
        yield Finding(
            FindingCode.HELD_AT_ONCE,
            Severity.WARNING,
            "uses_per_customer",
            "A customer is new until their first session has stopped: one may hold it in several orders at once. Set "
            "uses per customer to 1.",
            example=example_of(*first),
        )
