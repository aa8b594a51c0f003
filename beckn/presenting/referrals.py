"""A referral as the new customer's app is told: whose code it was is nobody's business but theirs."""

from __future__ import annotations

from django.db.models import Q

from beckn.protocol.order_views import ReferralView
from cpo_portal.charging.models import Order
from offers.models import Referral
from offers.quoting import PricedSession
from offers.referrals.coming import is_running
from pricing.engine.money import Money


def promised(priced: PricedSession, currency: str) -> ReferralView | None:
    """Return what a code that was sent with a cart would earn; whether it does depends on who the driver is."""
    reward = priced.policy.friend_reward
    if len(priced.referrals) != 1 or not is_running(priced.policy) or reward is None:
        return None
    return ReferralView(next(iter(priced.referrals)), Money(reward, currency), "DEPENDS-ON-IDENTITY")


def referral_of(order: Order) -> ReferralView | None:
    """Return the referral that the order brought or completed."""
    if order.customer_id is None:
        return None
    rows = Referral.objects.filter(Q(order=order) | Q(earned_by=order), friend=order.customer_id)
    found = rows.select_related("code").first()
    return ReferralView(found.code.code, Money(found.friend_reward, found.currency), found.state) if found else None
