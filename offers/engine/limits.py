"""The limits of an offer against what is used of it: uses and budget, in all, by customer and by the calendar."""

from __future__ import annotations

from decimal import Decimal

from offers.engine.about import NOBODY, About
from offers.engine.benefits import rule_of
from offers.engine.periods import Period, Today, today_at
from offers.engine.values import Check, OfferContext, OfferLimits, OfferTerms, ReasonCode, Usage
from pricing.engine.wording import money_text

#: So many uses are allowed, in all or to a customer; and to a group, whose members are not told of each other.
COUNTED_USES = (
    ReasonCode.TOTAL_USES,
    ReasonCode.CUSTOMER_USES,
    ReasonCode.CUSTOMER_USES_DAY,
    ReasonCode.CUSTOMER_USES_WEEK,
    ReasonCode.CUSTOMER_USES_MONTH,
)
COUNTED_GROUP_USES = (
    ReasonCode.GROUP_USES,
    ReasonCode.GROUP_USES_DAY,
    ReasonCode.GROUP_USES_WEEK,
    ReasonCode.GROUP_USES_MONTH,
)
#: Reasons that mean "valid, but used up".
LIMIT_REASONS = frozenset(
    {
        *COUNTED_USES,
        *COUNTED_GROUP_USES,
        ReasonCode.BUDGET,
        ReasonCode.BUDGET_DAY,
        ReasonCode.CUSTOMER_UNKNOWN,
        ReasonCode.CODE_USED,
        ReasonCode.ITEM_STOCK,
    }
)
_UNUSED = Usage()


def has_limit(limits: OfferLimits) -> bool:
    """Return whether judging an offer with these limits needs its usage."""
    return limits.total_uses is not None or limits.has_budget or limits.is_personal


def is_personal_only(limits: OfferLimits) -> bool:
    """Return whether these limits count what one customer has used, and nothing of all together."""
    return limits.is_personal and limits.total_uses is None and not limits.has_budget


def limit_checks(
    offer: OfferTerms, context: OfferContext, saving: Decimal, *, only_failing: bool = False
) -> tuple[list[Check], bool]:
    """Return the checks of the limits that are set, and whether the answer depends on who the buyer is.

    With `only_failing`, uses in total that are left are not put into words.

    A budget must still cover the most that one redemption can cost, because that much is reserved. What lasts for good
    comes before what is free again with the next period.
    """
    limits = offer.limits
    usage = context.usage.get(offer.offer_id, _UNUSED)
    checks = []
    if limits.total_uses is not None and (usage.uses >= limits.total_uses or not only_failing):
        checks.append(_uses(ReasonCode.TOTAL_USES, "limits.total_uses", limits.total_uses, usage.uses))
    if limits.budget is not None:
        checks.append(_budget(offer, ReasonCode.BUDGET, limits.budget - usage.budget_used, saving))
    if limits.budget_per_day is not None:
        left = limits.budget_per_day - usage.budget_used_today
        check = _budget(offer, ReasonCode.BUDGET_DAY, left, saving, again=_today(context).again(Period.DAY))
        checks.append(check)
    if not limits.is_personal:
        return checks, False
    if not context.customer_known:
        if context.identity_required:
            field = "limits.uses_per_customer"
            checks.append(
                Check(ReasonCode.CUSTOMER_UNKNOWN, field, "phone or e-mail", "none given", False, about=NOBODY)
            )
        return checks, True
    return checks + _customer(offer, usage, context), False


def _customer(offer: OfferTerms, usage: Usage, context: OfferContext) -> list[Check]:
    """Check the uses of a known customer, the longest span first: the last to be free again is named first.

    Where the limits are shared, those of the customer's groups follow for each span.
    """
    limits, checks = offer.limits, []
    shared = limits.shared_in_groups and usage.group_uses is not None
    if limits.uses_per_customer is not None:
        used = usage.customer_uses or 0
        checks.append(_uses(ReasonCode.CUSTOMER_USES, "limits.uses_per_customer", limits.uses_per_customer, used))
        if shared:
            code, together = ReasonCode.GROUP_USES, usage.group_uses or 0
            checks.append(_of_group(code, "limits.uses_per_customer", limits.uses_per_customer, together))
    for period, limit in reversed(limits.per_period.items()):
        code = ReasonCode(f"CUSTOMER_USES_{period.value}")
        field = f"limits.uses_per_customer_{period.value.lower()}"
        used = usage.customer_period_uses.get(period, 0)
        checks.append(_uses(code, field, limit, used, again=_today(context).again(period)))
        if shared:
            code, together = ReasonCode(f"GROUP_USES_{period.value}"), usage.group_period_uses.get(period, 0)
            checks.append(_of_group(code, field, limit, together, again=_today(context).again(period)))
    return checks


def _today(context: OfferContext) -> Today:
    return today_at(context.now, context.calendar_zone)


def _uses(code: ReasonCode, field: str, limit: int, used: int, *, again: str = "") -> Check:
    left = max(0, limit - used)
    if left:
        return Check(code, field, str(limit), str(used), True, f"{left} left")
    margin = f"0 left, {again}" if again else "0 left"
    return Check(code, field, str(limit), str(limit), False, margin, About(note=again))


def _of_group(code: ReasonCode, field: str, limit: int, used: int, *, again: str = "") -> Check:
    """Check what a group has used; what others used is nobody's business, so that it says no more than "used up"."""
    if used < limit:
        return Check(code, field, str(limit), "", True)
    margin = "used up by the group"
    return Check(code, field, str(limit), "", False, f"{margin}, {again}" if again else margin, About(note=again))


def _budget(offer: OfferTerms, code: ReasonCode, left: Decimal, saving: Decimal, *, again: str = "") -> Check:
    most = rule_of(offer).maximum(offer)
    needed = saving if most is None else most
    passed = left >= needed
    left = max(left, Decimal(0))
    margin = "" if passed else f"{money_text(needed - left, offer.currency)} short"
    if again and not passed:
        margin = f"{margin}, {again}"
    field = "limits.budget_per_day" if code is ReasonCode.BUDGET_DAY else "limits.budget"
    return Check(code, field, f"{needed:f}", f"{left:f}", passed, margin)
