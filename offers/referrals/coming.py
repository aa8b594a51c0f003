"""A new customer comes by somebody's code: who may, noted with the order, once per customer."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q

from cpo_portal.charging.models import Customer, Order, OrderState
from offers.models import AdjustmentKind, OfferPolicy, Quote, Referral, ReferralCode, ReferralState
from offers.quoting import PricedSession, SessionAsk
from offers.refusals import Refusal, RefusalKind

#: So long a new customer may take for the first session.
WAITS = timedelta(days=90)


def is_running(policy: OfferPolicy) -> bool:
    """Tell whether the CPO rewards referrals."""
    return policy.referrer_reward is not None and policy.friend_reward is not None


def sent_code(priced: PricedSession, ask: SessionAsk) -> ReferralCode | None:
    """Return the referral code that was sent; raises Refusal where there are two."""
    keys = {key for word in (*ask.codes, *ask.opted_in) if (key := priced.referrals.get(word.upper())) is not None}
    if len(keys) > 1:
        raise _not_valid("Two referral codes were sent; send one.")
    return ReferralCode.objects.select_related("customer").get(pk=keys.pop()) if keys else None


def check(code: ReferralCode, customer: Customer | None, policy: OfferPolicy) -> None:
    """Raise Refusal, with a sentence for the buyer app, where this customer cannot come by this code."""
    if not is_running(policy) or code.customer.forgotten_at is not None:
        raise _not_valid(f"The referral code {code} earns nothing any more; leave it out.")
    if customer is None:
        raise _not_valid(f"The referral code {code} needs to know the driver; send a phone number or an e-mail.")
    if code.customer_id == customer.pk:
        raise _not_valid(f"The referral code {code} is the driver's own, for others to use; leave it out.")
    if has_charged(customer):
        raise _not_valid(f"The referral code {code} is for new customers; leave it out.")


def note(order: Order, code: ReferralCode, policy: OfferPolicy, *, now: datetime) -> None:
    """Note that the order's customer comes by this code, the last one that they send before their first session.

    The caller has locked the order, and no balance or counter yet. Raises Refusal where the code is used up.
    """
    friend, referrer_reward, friend_reward = order.customer, policy.referrer_reward, policy.friend_reward
    if friend is None or order.sandbox or referrer_reward is None or friend_reward is None:
        return
    code = ReferralCode.objects.select_for_update(no_key=True).get(pk=code.pk)
    most = policy.referrals_per_customer
    if most is not None and not _make_room(code, friend, most, now):
        raise Refusal(RefusalKind.OFFER_NOT_FULFILLABLE, f"The referral code {code} is used up; leave it out.")
    values = {
        "code": code,
        "order": order,
        "referrer_reward": referrer_reward,
        "friend_reward": friend_reward,
        "currency": order.currency,
        "reward_days": policy.referral_days,
        "expires_at": now + WAITS,
    }
    row, is_new = Referral.objects.get_or_create(friend=friend, defaults={"cpo_id": order.cpo_id, **values})
    if is_new:
        return
    waiting = Referral.objects.filter(pk=row.pk, state=ReferralState.WAITING, due_at=None)
    if not waiting.update(**values):
        raise _not_valid(f"The referral code {code} is for new customers; leave it out.")


def _make_room(code: ReferralCode, friend: Customer, most: int, now: datetime) -> bool:
    """Return whether a friend may come by the code, which the caller has locked, besides the others that do.

    Who never went on with the order gives way, should there be no place for both.
    """
    others = Referral.objects.filter(code=code).exclude(friend=friend)
    live = others.filter(Q(state=ReferralState.REWARDED) | Q(expires_at__gt=now))
    if live.count() < most:
        return True
    # As long as either runs the order is confirmed at its price.
    bound = Quote.objects.filter(pk=OuterRef("order__quote_ref"), valid_until__gte=now)
    unpaid = Q(order__state=OrderState.INITIALISED, order__payment_until__lt=now) & ~Exists(bound)
    dropped = unpaid | Q(order__state=OrderState.CANCELLED, order__confirmed_at=None)
    bought = Order.objects.filter(customer=OuterRef("friend"), state__in=(OrderState.ACTIVE, OrderState.COMPLETE))
    idle = live.filter(dropped, ~Exists(bought), state=ReferralState.WAITING, due_at=None).order_by("expires_at", "pk")
    needed = live.count() - most + 1
    keys = list(idle.values_list("pk", flat=True)[:needed])
    if len(keys) < needed:
        return False
    # One that was earned meanwhile keeps its place.
    idle = Referral.objects.filter(pk__in=keys, state=ReferralState.WAITING, due_at=None)
    return idle.update(expires_at=now) == needed


def earn(order: Order, energy_wh: int, *, now: datetime) -> None:
    """Note that the order, which is being billed, is its customer's first completed session.

    The caller has locked the order, and no balance or counter yet.
    """
    if order.customer_id is None or order.sandbox or not energy_wh:
        return
    waiting = Referral.objects.filter(friend=order.customer_id, state=ReferralState.WAITING, due_at=None)
    waiting.filter(expires_at__gt=now).update(due_at=now, earned_by=order)


def unearn(order: Order) -> None:
    """Let a referral that the order earned wait for another session, for its bill comes back; a rewarded one stays.

    The caller has locked the order, and no balance or counter yet.
    """
    earned = Referral.objects.filter(earned_by=order, state=ReferralState.WAITING)
    earned.update(due_at=None, earned_by=None)


def has_charged(customer: Customer) -> bool:
    """Tell whether the customer has had energy from this CPO that was billed, tests and refunded bills aside."""
    billed = Order.objects.filter(customer=customer, state="COMPLETE", sandbox=False)
    billed = billed.exclude(adjustments__kind=AdjustmentKind.BILL_REFUNDED)
    return billed.filter(session__last_register_wh__gt=F("session__start_register_wh")).exists()


def _not_valid(sentence: str) -> Refusal:
    return Refusal(RefusalKind.OFFER_NOT_VALID, sentence)
