"""Two carts as the bound of a price sees them: the eligible offers, how each follows its lines, and where one jumps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from offers.engine.benefits import plain, rule_of
from offers.engine.bounds import Corner
from offers.engine.candidates import Candidate
from offers.engine.energy import is_steady
from offers.engine.evaluate import Appraisal, capped
from offers.engine.situation import Situation, base_of
from offers.engine.stacking import candidate_of, line_amounts
from offers.engine.values import ItemUnit, Outcome, ReasonCode

#: A cart with its offers, judged.
Appraised = tuple[Situation, list[Appraisal]]

_ELIGIBLE = Outcome.ELIGIBLE_NOT_CHOSEN
_NOTHING = Decimal(0)
_PASSING = frozenset({ReasonCode.SLAB, ReasonCode.NO_BENEFIT})


def candidates_of(appraisals: Iterable[Appraisal]) -> tuple[Candidate, ...]:
    """Return the eligible offers that reduce the price as the selection sees them."""
    return tuple([candidate_of(x) for x in appraisals if x.outcome is _ELIGIBLE and not x.beside])


def corners_of(low: Appraised, high: Appraised) -> tuple[Corner, Corner]:
    """Return both ends of a stretch of carts that differ in the size of their lines only.

    `high` is judged by the energy of `low` where an offer ceases to hold with more of it.
    """
    before, after = low[0], high[0]
    jumping = []
    for found in high[1]:
        most = rule_of(found.offer).most_between(found.offer, before, after)
        if most is not None and all(x.passed or x.code in _may_pass_before(found) for x in found.checks):
            jumping.append(replace(found, saving=capped(found.offer, after, most), outcome=Outcome.ELIGIBLE_NOT_CHOSEN))
    changed = {x.offer.offer_id: x for x in jumping}
    judged = [changed.get(x.offer.offer_id, x) for x in high[1]]
    sliding, uncertain = _sliding(low, high)
    # Whether a chosen offer that stands beside the order shuts others out may change between the two.
    shutting = any(x.opted_in and x.beside for x in high[1])
    jumps = bool(jumping) or shutting or uncertain
    return _corner(low), replace(_corner((after, judged)), jumps=jumps, sliding=sliding)


def _may_pass_before(found: Appraisal) -> frozenset[ReasonCode]:
    """Return the conditions that may hold with less energy where they fail, while a limit of the price holds.

    A kWh then comes to less the more there are of them, and so does what is paid beside those that are given.
    """
    of_what_is_paid = rule_of(found.offer).qualifying is not plain.qualifying
    return _PASSING | {ReasonCode.MIN_VALUE} if of_what_is_paid else _PASSING


def _sliding(low: Appraised, high: Appraised) -> tuple[Decimal, bool]:
    """Return by how much a saving may lie off those of both carts, and whether its offer may hold in between alone.

    Of a session at several rates the cheapest energy is given: what is paid only rises, but what is saved falls where
    cheaper energy follows.
    """
    before = {x.offer.offer_id: x for x in low[1]}
    most, uncertain = _NOTHING, False
    for found in high[1]:
        if found.offer.benefit.item_unit is not ItemUnit.KWH or len(found.lines) < 2:
            continue
        first = before[found.offer.offer_id]
        rise = _paid(high[0], found) - _paid(low[0], first)
        most = max(most, rise)
        uncertain = uncertain or (rise > 0 and not first.outcome is found.outcome is _ELIGIBLE)
    return most, uncertain


def _paid(situation: Situation, found: Appraisal) -> Decimal:
    return base_of(situation, found.lines) - found.saving


def together(corner: Corner) -> Corner:
    """Return the corner of offers that apply together, whatever they once combined with."""
    combining = [replace(x, additive=True, group="", excludes=frozenset()) for x in corner.candidates]
    return replace(corner, candidates=tuple(combining))


def _corner(appraised: Appraised) -> Corner:
    situation, appraisals = appraised
    eligible = [x for x in appraisals if x.outcome is _ELIGIBLE and not x.beside]
    slopes = tuple(rule_of(x.offer).slope(x.offer, situation, x.lines) for x in eligible)
    slacks = [rule_of(x.offer).slack(x.offer, x.lines) for x in eligible]
    # What would save a paisa, or nothing by the rounding, may hold between two carts and at neither.
    rounded = sum(rule_of(x.offer).slack(x.offer, x.lines) for x in appraisals)
    return Corner(
        line_amounts(situation),
        candidates_of(eligible),
        slopes,
        steady=is_steady((x.offer for x in appraisals), situation),
        slack=rounded,
        uneven=any(slack and slope for slack, slope in zip(slacks, slopes, strict=True)),
    )
