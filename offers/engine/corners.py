"""Two carts as the bound of a price sees them: the eligible offers, how each follows its lines, and where one jumps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from offers.engine.benefits import rule_of
from offers.engine.bounds import Corner
from offers.engine.evaluate import Appraisal, capped
from offers.engine.selection import Candidate, LineAmounts
from offers.engine.situation import Situation
from offers.engine.values import Outcome, ReasonCode
from pricing.engine.money import smallest_unit

#: A cart with its offers, judged.
Appraised = tuple[Situation, list[Appraisal]]

_PASSING = frozenset({ReasonCode.SLAB, ReasonCode.NO_BENEFIT})


def line_amounts(situation: Situation) -> LineAmounts:
    """Return the lines that discounts are spread over."""
    return LineAmounts(situation.amounts, smallest_unit(situation.cart.currency))


def candidates_of(appraisals: Iterable[Appraisal]) -> tuple[Candidate, ...]:
    """Return the eligible offers that reduce the price as the selection sees them."""
    return tuple([_candidate(x) for x in appraisals if _may_reduce(x)])


def corners_of(low: Appraised, high: Appraised) -> tuple[Corner, Corner]:
    """Return both ends of a stretch of carts that differ in the size of their lines only."""
    before, after = low[0], high[0]
    jumping = []
    for found in high[1]:
        most = rule_of(found.offer).most_between(found.offer, before, after)
        if most is not None and all(x.passed or x.code in _PASSING for x in found.checks):
            jumping.append(replace(found, saving=capped(found.offer, after, most), outcome=Outcome.ELIGIBLE_NOT_CHOSEN))
    changed = {x.offer.offer_id: x for x in jumping}
    judged = [changed.get(x.offer.offer_id, x) for x in high[1]]
    # Whether a chosen offer that stands beside the order shuts others out may change between the two.
    shutting = any(x.opted_in and x.beside for x in high[1])
    return _corner(low), replace(_corner((after, judged)), jumps=bool(jumping) or shutting)


def _may_reduce(found: Appraisal) -> bool:
    return found.outcome is Outcome.ELIGIBLE_NOT_CHOSEN and not found.beside


def _corner(appraised: Appraised) -> Corner:
    situation, appraisals = appraised
    eligible = [x for x in appraisals if _may_reduce(x)]
    slopes = tuple(rule_of(x.offer).slope(x.offer, situation, x.lines) for x in eligible)
    slacks = [rule_of(x.offer).slack(x.offer, x.lines) for x in eligible]
    moving = any(slack and slope for slack, slope in zip(slacks, slopes, strict=True))
    return Corner(line_amounts(situation), candidates_of(eligible), slopes, sum(slacks), uneven=moving)


def _candidate(found: Appraisal) -> Candidate:
    offer = found.offer
    return Candidate(
        offer.offer_id,
        found.saving,
        found.lines,
        offer.additive,
        found.opted_in,
        offer.priority,
        offer.applicability.valid_until,
    )
