"""What a CPO allows together: the largest discount of a cart, what it cut, and why an eligible offer was not chosen."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

from offers.engine.about import About
from offers.engine.candidates import Candidate, LineAmounts, on_top
from offers.engine.evaluate import Appraisal
from offers.engine.selection import Selection
from offers.engine.situation import Situation
from offers.engine.spreading import spread
from offers.engine.values import Check, OfferContext, OfferTerms, ReasonCode
from pricing.engine.making import maker
from pricing.engine.money import smallest_unit
from pricing.engine.wording import money_text, plain_number

_NOTHING = Decimal(0)
_candidate, _lines, _about, _check = maker(Candidate), maker(LineAmounts), maker(About), maker(Check)
_PERCENT_FIELD = "policy.max_discount_percent"


def line_amounts(situation: Situation) -> LineAmounts:
    """Return the lines that offers take from; the largest discount is rounded down, so that it is never exceeded."""
    unit, percent = smallest_unit(situation.cart.currency), situation.context.stack.max_discount_percent
    if percent is None:
        return _lines(situation.amounts, unit)
    most = (situation.item_value * percent / 100).quantize(unit, rounding=ROUND_DOWN)
    return _lines(situation.amounts, unit, most)


def candidate_of(found: Appraisal) -> Candidate:
    """Return an eligible offer as the selection sees it."""
    offer = found.offer
    return _candidate(
        offer.offer_id,
        found.saving,
        found.lines,
        offer.additive,
        found.opted_in,
        offer.priority,
        offer.applicability.valid_until,
        offer.exclusivity_group,
        offer.excludes,
        found.added,
    )


def cuts(chosen: tuple[Candidate, ...], lines: LineAmounts) -> dict[str, Decimal]:
    """Return by how much the largest discount cuts each of the chosen offers; empty where it does not cut."""
    if lines.most is None or lines.uncut(chosen) <= lines.most:
        return {}
    whole = spread(chosen, lines.amounts, lines.unit)
    given = spread(chosen, lines.amounts, lines.unit, most=lines.most)
    found = {}
    for candidate, before, after in zip(chosen, whole, given, strict=True):
        missing = sum(before.values(), _NOTHING) - sum(after.values(), _NOTHING)
        if missing:
            found[candidate.offer_id] = missing
    return found


def cut_check(cut: Decimal, lines: LineAmounts, context: OfferContext, currency: str) -> Check:
    """Say that an offer applies, and by how much the CPO's largest discount cut it."""
    margin = f"cut by {money_text(cut, currency)} to the largest discount of {_share(context)}"
    return Check(ReasonCode.MAX_DISCOUNT, _PERCENT_FIELD, f"{lines.most:f}", f"{lines.most:f}", True, margin)


def why_not(found: Appraisal, selection: Selection, lines: LineAmounts, context: OfferContext) -> tuple[Check, ...]:
    """Return everything that keeps an eligible offer out of the chosen set; the saving that was better otherwise."""
    offer, most_offers = found.offer, context.stack.max_stack
    better = _better(found, selection)
    # A locked offer is among the chosen even where nothing is left for it.
    locked = offer.offer_id in [x.offer_id for x in selection.chosen]
    others = () if locked else selection.chosen
    if others and not (offer.additive and others[0].additive):
        # One that stands alone is all that is chosen, but for what stands beside the order.
        ids = (others[0].offer_id,) if offer.additive else tuple([x.offer_id for x in others])
        about = _about(ids, note=better, theirs=offer.additive)
        return (_weighed(ReasonCode.NOT_ADDITIVE, found, selection, better, about),)
    checks = [x for other in others for x in _conflicts(offer, other, better)]
    if others and most_offers is not None and len(others) >= most_offers:
        full = f"{len(others)} of {most_offers} are chosen; {better}"
        checks.append(
            Check(ReasonCode.STACK_FULL, "policy.max_stack", str(most_offers), str(len(others) + 1), False, full)
        )
    if checks:
        return tuple(checks)
    whole = [x for x in (selection.chosen if locked else (*others, candidate_of(found))) if x.saving]
    if lines.most is not None and selection.saving - on_top(selection.chosen) == lines.most < lines.uncut(whole):
        reached = f"{money_text(lines.most, offer.currency)} are given, {_share(context)}"
        actual = f"{found.saving:f}"
        return (Check(ReasonCode.MAX_DISCOUNT, _PERCENT_FIELD, f"{lines.most:f}", actual, False, reached),)
    return (_weighed(ReasonCode.BETTER_SET, found, selection, better),)


def _better(found: Appraisal, selection: Selection) -> str:
    difference = selection.saving - found.saving
    if not difference:
        return "the chosen set saves the same"
    words = "more" if difference > 0 else "less"
    return f"the chosen set saves {money_text(abs(difference), found.offer.currency)} {words}"


def _weighed(
    code: ReasonCode, found: Appraisal, selection: Selection, better: str, about: About | None = None
) -> Check:
    # Sums of printed amounts, which have no exponent.
    return _check(code, "additive", str(selection.saving), str(found.saving), False, better, about)


def _conflicts(offer: OfferTerms, other: Candidate, better: str) -> list[Check]:
    """Return why an offer does not combine with a chosen one, each reason with that one's id."""
    checks = []
    group = offer.exclusivity_group
    if group and group == other.group:
        taken = f"{group} is taken by {other.offer_id}; {better}"
        about = About(ids=(other.offer_id,), note=better)
        checks.append(Check(ReasonCode.GROUP_TAKEN, "exclusivity_group", group, other.offer_id, False, taken, about))
    if other.offer_id in offer.excludes or offer.offer_id in other.excludes:
        beside = f"{other.offer_id} is chosen; {better}"
        about = About(ids=(other.offer_id,), note=better, theirs=other.offer_id not in offer.excludes)
        checks.append(Check(ReasonCode.EXCLUDED, "excludes", offer.offer_id, other.offer_id, False, beside, about))
    return checks


def _share(context: OfferContext) -> str:
    percent = context.stack.max_discount_percent
    return f"{plain_number(percent or _NOTHING)} % of energy, time and products"
