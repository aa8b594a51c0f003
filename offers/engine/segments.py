"""For whom an offer is: the check of its segments, and whether the answer depends on who the buyer is."""

from __future__ import annotations

from datetime import datetime

from cpo_portal.charging.segments.deciding import decide, is_in
from cpo_portal.charging.segments.rules import Decision, Fact, Moment
from offers.engine.about import NOBODY, About
from offers.engine.values import Check, OfferContext, OfferTerms, ReasonCode
from pricing.engine.windows import zone_of

_FIELD = "applicability.segment_ids"


def segment_checks(
    offer: OfferTerms, context: OfferContext, start: datetime, time_zone: str, *, only_failing: bool = False
) -> tuple[list[Check], bool]:
    """Return the check of the segments that an offer has, which are OR, and whether it depends on who the buyer is.

    Before anybody must be named the offer is given as if the customer were in; the failing check is the first
    segment's, with the fact that decided it as a number. With `only_failing` who is in has no check.
    """
    moment = Moment(start, start.astimezone(zone_of(time_zone)).date(), context.bap_id)
    if only_failing and any(is_in(x, context.customer, moment) for x in offer.segments):
        return [], False
    decisions = [(x.name, decide(x, context.customer, moment)) for x in offer.segments]
    inside = next((x for x in decisions if x[1].holds), None)
    if inside is not None:
        return [_check(*inside)], False
    open_ = next((x for x in decisions if x[1].holds is None), None)
    if open_ is None:
        return [_check(*decisions[0])], False
    if context.identity_required:
        return [_check(*open_)], True
    return [], True


def _check(name: str, decision: Decision) -> Check:
    passed = bool(decision.holds)
    if passed:
        return Check(ReasonCode.SEGMENT, _FIELD, decision.expected, decision.actual, True)
    margin = f"{name}: {decision.margin}" if decision.margin else name
    about = NOBODY if decision.nobody else About(ids=decision.lists) if decision.fact is Fact.LIST else None
    return Check(ReasonCode.SEGMENT, _FIELD, decision.expected, decision.actual, False, margin, about)
