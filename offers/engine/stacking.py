"""What a CPO allows together: the largest discount of a cart, what it cut, and why an eligible offer was not chosen."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

from offers.engine.candidates import Candidate, LineAmounts
from offers.engine.evaluate import Appraisal
from offers.engine.selection import Selection
from offers.engine.situation import Situation
from offers.engine.spreading import Claim, spread
from offers.engine.values import Check, OfferContext, ReasonCode
from pricing.engine.money import smallest_unit
from pricing.engine.wording import money_text, plain_number

_NOTHING = Decimal(0)
_PERCENT_FIELD = "policy.max_discount_percent"


def line_amounts(situation: Situation) -> LineAmounts:
    """Return the lines that offers take from; the largest discount is rounded down, so that it is never exceeded."""
    unit, percent = smallest_unit(situation.cart.currency), situation.context.stack.max_discount_percent
    if percent is None:
        return LineAmounts(situation.amounts, unit)
    most = (situation.item_value * percent / 100).quantize(unit, rounding=ROUND_DOWN)
    return LineAmounts(situation.amounts, unit, most)


def candidate_of(found: Appraisal) -> Candidate:
    """Return an eligible offer as the selection sees it."""
    offer = found.offer
    return Candidate(
        offer.offer_id,
        found.saving,
        found.lines,
        offer.additive,
        found.opted_in,
        offer.priority,
        offer.applicability.valid_until,
        offer.exclusivity_group,
        offer.excludes,
    )


def cuts(chosen: tuple[Candidate, ...], lines: LineAmounts) -> dict[str, Decimal]:
    """Return by how much the largest discount cuts each of the chosen offers; empty where it does not cut."""
    if lines.most is None or lines.uncut(chosen) <= lines.most:
        return {}
    claims = [Claim(x.saving, x.lines) for x in chosen]
    whole = spread(claims, lines.amounts, lines.unit)
    given = spread(claims, lines.amounts, lines.unit, most=lines.most)
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
    own = candidate_of(found)
    difference = selection.saving - own.saving
    words = "more" if difference > 0 else "less"
    gap = f"{money_text(abs(difference), found.offer.currency)} {words}" if difference else "the same"
    better = f"the chosen set saves {gap}"
    # A locked offer is among the chosen even where nothing is left for it.
    locked = own in selection.chosen
    others = () if locked else selection.chosen
    checks = [x for other in others for x in _conflicts(own, other, selection, better)]
    if any(x.code is ReasonCode.NOT_ADDITIVE for x in checks):
        return (next(x for x in checks if x.code is ReasonCode.NOT_ADDITIVE),)
    most_offers = context.stack.max_stack
    if others and most_offers is not None and len(others) >= most_offers:
        full = f"{len(others)} of {most_offers} are chosen; {better}"
        checks.append(
            Check(ReasonCode.STACK_FULL, "policy.max_stack", str(most_offers), str(len(others) + 1), False, full)
        )
    if checks:
        return tuple(checks)
    if lines.most is not None and selection.saving == lines.most < lines.uncut(
        selection.chosen if locked else (*others, own)
    ):
        reached = f"{money_text(lines.most, found.offer.currency)} are given, {_share(context)}"
        most = f"{lines.most:f}"
        return (Check(ReasonCode.MAX_DISCOUNT, _PERCENT_FIELD, most, f"{own.saving:f}", False, reached),)
    saved, saving = f"{selection.saving:f}", f"{own.saving:f}"
    return (Check(ReasonCode.BETTER_SET, "additive", saved, saving, False, better),)


def _conflicts(own: Candidate, other: Candidate, selection: Selection, better: str) -> list[Check]:
    """Return why two offers do not combine, each reason with the other's id."""
    if not (own.additive and other.additive):
        saved, saving = f"{selection.saving:f}", f"{own.saving:f}"
        return [Check(ReasonCode.NOT_ADDITIVE, "additive", saved, saving, False, better)]
    checks = []
    if own.group and own.group == other.group:
        taken = f"{own.group} is taken by {other.offer_id}; {better}"
        checks.append(Check(ReasonCode.GROUP_TAKEN, "exclusivity_group", own.group, other.offer_id, False, taken))
    if other.offer_id in own.excludes or own.offer_id in other.excludes:
        beside = f"{other.offer_id} is chosen; {better}"
        checks.append(Check(ReasonCode.EXCLUDED, "excludes", own.offer_id, other.offer_id, False, beside))
    return checks


def _share(context: OfferContext) -> str:
    percent = context.stack.max_discount_percent
    return f"{plain_number(percent or _NOTHING)} % of energy, time and products"
