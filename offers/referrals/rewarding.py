"""Credits both sides of a referral once, after the friend's first completed session."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import structlog
from django.db import transaction
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope, every_cpo
from cpo_portal.charging.balances.changes import credit
from cpo_portal.charging.balances.credits import make_balance, own_balance
from cpo_portal.charging.balances.moves import Moved, lock_all
from cpo_portal.charging.events import record_event
from cpo_portal.charging.models import Balance, Customer, EventKind, Order
from cpo_portal.charging.postponed import Postponed
from cpo_portal.database.errors import describe
from offers.models import Adjustment, AdjustmentKind, Referral, ReferralState
from offers.referrals.coming import unearn

log = structlog.get_logger(__name__)
BATCH = 50
NAME = "Referral reward"
_later = Postponed()


def reward_due() -> int:
    """Reward every referral whose session is done, that nobody is at; return how many."""
    with every_cpo():
        due = Referral.objects.filter(state=ReferralState.WAITING, due_at__isnull=False)
        due = due.exclude(earned_by__in=_later.keys()).select_related("cpo").order_by("due_at", "pk")
        waiting = list(due[:BATCH])
    return sum(_try(referral) for referral in waiting)


def _try(referral: Referral) -> int:
    """Reward one in a transaction of its own; where it fails, the others go on and it is tried later."""
    key = referral.earned_by_id
    try:
        with transaction.atomic(), cpo_scope(referral.cpo):
            done = _reward(referral, timezone.now())
    except Exception as error:  # noqa: BLE001  whatever it was, the row stays and is tried again
        if key is not None:
            _later.put_off(key)
        log.error("referral_not_rewarded", referral=referral.pk, error=describe(error))
        return 0
    if key is not None:
        _later.forget(key)
    return done


def _reward(referral: Referral, now: datetime) -> int:
    """Lock in the law's order, the order first and balances by id, then credit both."""
    orders = Order.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
    order = orders.filter(pk__in=[referral.earned_by_id]).first()
    rows = Referral.objects.select_for_update(no_key=True, of=("self",)).select_related("friend", "code__customer")
    # A refund of the bill may have come first.
    found = rows.filter(pk=referral.pk, state=ReferralState.WAITING, earned_by=order, due_at__isnull=False).first()
    if order is None or found is None:
        return 0
    if Adjustment.objects.filter(order=order, kind=AdjustmentKind.BILL_REFUNDED).exists():
        unearn(order)
        return 0
    rewards = {"referrer_balance": found.referrer_reward, "friend_balance": found.friend_reward}
    credited = _balances({"referrer_balance": found.code.customer, "friend_balance": found.friend}, found, now)
    for name, balance in credited.items():
        credit(balance, Moved(rewards[name], f"referral {found.pk}"), order)
    found.state, found.rewarded_at = ReferralState.REWARDED, now
    found.referrer_balance, found.friend_balance = credited.get("referrer_balance"), credited.get("friend_balance")
    found.save(update_fields=["state", "rewarded_at", "referrer_balance", "friend_balance"])
    detail = {"code": found.code.code, "amount": _text(found.friend_reward), "referrer": _text(found.referrer_reward)}
    record_event(order, EventKind.REFERRED, occurred_at=now, detail=detail)
    return 1


def _balances(customers: dict[str, Customer], referral: Referral, now: datetime) -> dict[str, Balance]:
    """Return a balance for each, locked, or new; a reward that expires has one of its own.

    Who has asked to be forgotten has none. What is there is locked before anything is made, and the customers then:
    whoever forgets them takes both, in this order.
    """
    days, currency = referral.reward_days, referral.currency
    own = {name: own_balance(each, currency, name=NAME) for name, each in customers.items()} if days is None else {}
    lock_all(balance.pk for balance in own.values() if balance is not None)
    rows = Customer.objects.select_for_update(no_key=True, of=("self",)).order_by("pk")
    living = {each.pk for each in rows.filter(pk__in=[x.pk for x in customers.values()], forgotten_at=None)}
    expires = None if days is None else now + timedelta(days=days)
    return {
        name: own.get(name) or make_balance(each, currency, name=NAME, expires_at=expires)
        for name, each in customers.items()
        if each.pk in living
    }


def _text(amount: Decimal) -> str:
    return f"{amount.normalize():f}"
