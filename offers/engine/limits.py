"""The limits of an offer against what is used of it: total uses, budget, uses per customer."""

from __future__ import annotations

from decimal import Decimal

from offers.engine.benefits import rule_of
from offers.engine.values import Check, OfferContext, OfferLimits, OfferTerms, ReasonCode, Usage
from pricing.engine.wording import money_text

_UNUSED = Usage()


def has_limit(limits: OfferLimits) -> bool:
    """Return whether anything of the offer is counted."""
    return limits.total_uses is not None or limits.uses_per_customer is not None or limits.budget is not None


def limit_checks(offer: OfferTerms, context: OfferContext, saving: Decimal) -> tuple[list[Check], bool]:
    """Return the checks of the limits that are set, and whether the answer depends on who the buyer is.

    A budget must still cover the most that one redemption can cost, because that much is reserved.
    """
    limits = offer.limits
    usage = context.usage.get(offer.offer_id, _UNUSED)
    checks = []
    if limits.total_uses is not None:
        checks.append(_uses(ReasonCode.TOTAL_USES, "limits.total_uses", limits.total_uses, usage.uses))
    if limits.budget is not None:
        checks.append(_budget(offer, limits.budget - usage.budget_used, saving))
    if limits.uses_per_customer is None:
        return checks, False
    if not context.customer_known:
        if context.identity_required:
            field = "limits.uses_per_customer"
            checks.append(Check(ReasonCode.CUSTOMER_UNKNOWN, field, "phone or e-mail", "none given", False))
        return checks, True
    used = usage.customer_uses or 0
    checks.append(_uses(ReasonCode.CUSTOMER_USES, "limits.uses_per_customer", limits.uses_per_customer, used))
    return checks, False


def _uses(code: ReasonCode, field: str, limit: int, used: int) -> Check:
    left = max(0, limit - used)
    return Check(code, field, str(limit), str(min(used, limit)), left > 0, f"{left} left")


def _budget(offer: OfferTerms, left: Decimal, saving: Decimal) -> Check:
    most = rule_of(offer).maximum(offer)
    needed = saving if most is None else most
    passed = left >= needed
    left = max(left, Decimal(0))
    margin = "" if passed else f"{money_text(needed - left, offer.currency)} short"
    return Check(ReasonCode.BUDGET, "limits.budget", f"{needed:f}", f"{left:f}", passed, margin)
