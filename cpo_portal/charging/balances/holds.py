"""What orders do to prepaid balances of money and energy: hold when they are placed, take when they are billed, give
back the rest; money never pays for what is drawn in energy, nor the other way round."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet, Sum

from cpo_portal.charging.balances.moves import NOTHING, Moved, is_over, lock, move
from cpo_portal.charging.balances.units import ENERGY, Means
from cpo_portal.charging.models import Balance, BalanceHold, CustomerGroupMember, EntryKind, HoldState, Order

#: What a buyer app declines, as it declines an offer, so that the driver's balances stay untouched.
PREPAID = "prepaid-balance"
_NEVER = datetime.max.replace(tzinfo=UTC)


def hold(order: Order, amount: Decimal, *, held_until: datetime, now: datetime, means: Means | None = None) -> Decimal:
    """Hold up to `amount` in place of what the order holds of these means, else of money; return how much that is.

    A sandbox order holds nothing.
    """
    if order.sandbox:
        return NOTHING
    means = means or Means(order.currency)
    held = _held(order, means.unit)
    by_id, usable = _lock_for(order, held, amount, now, means)
    for each in held:
        _end(order, each, by_id[each.balance_id], NOTHING)
    found = NOTHING
    for balance, part in _shares(amount, usable):
        _hold_one(order, balance, part, held_until)
        found += part
    return found


def draw(
    order: Order, amount: Decimal, *, now: datetime, more: Decimal = NOTHING, means: Means | None = None
) -> Decimal:
    """End the order's holds of these means, else of money: take this amount, give the rest back; return what was taken.

    `more` may be taken beyond what is held, as far as the balances have it that the order holds.
    """
    means = means or Means(order.currency)
    held = _held(order, means.unit)
    if not held:
        return NOTHING
    by_id, usable = _lock_for(order, held, more, now, means)
    paid = {each.balance_id for each in held}
    taken = NOTHING
    for each in sorted(held, key=lambda each: _first_used(by_id[each.balance_id])):
        part = min(each.amount, amount - taken)
        _end(order, each, by_id[each.balance_id], part)
        taken += part
    for balance, part in _shares(more, [x for x in usable if x.pk in paid]):
        _end(order, _hold_one(order, balance, part, now), balance, part)
        taken += part
    return taken


def lock_all_of(order: Order, *, now: datetime) -> None:
    """Lock at once, by id, all balances that the order holds or may hold: for who draws on energy and money in turn."""
    own = Q(pk__in=[x.balance_id for x in _held(order)])
    if order.customer_id is not None:
        groups = _groups_of(order.customer_id)
        own |= _of_owner(order.customer_id, groups, now) & Q(currency__in=(order.currency, ENERGY))
    lock(own)


def left_for(customer_id: UUID, means: Means, *, now: datetime, order_id: UUID | None = None) -> Decimal:
    """Return how much of these means the customer has that no order holds, but for this one; nothing is locked."""
    groups = CustomerGroupMember.objects.filter(customer=customer_id).values("group")
    usable = Balance.objects.filter(_usable(customer_id, groups, means, now))
    left = _total(usable, "amount")
    if order_id is None:
        return left
    own = BalanceHold.objects.filter(order=order_id, state=HoldState.HELD, balance__in=usable.values("pk"))
    return left + _total(own, "amount")


def give_all_back(order: Order) -> bool:
    """Give back all that the order holds, of whatever unit; say whether it held anything."""
    held = _held(order)
    by_id = {balance.pk: balance for balance in lock(Q(pk__in=[x.balance_id for x in held]))}
    for each in held:
        _end(order, each, by_id[each.balance_id], NOTHING)
    return bool(held)


def left_of_held(order: Order, means: Means, *, now: datetime) -> Decimal:
    """Return how much `draw` could take beyond what the order holds of these means; nothing is locked."""
    if order.customer_id is None:
        return NOTHING
    held = BalanceHold.objects.filter(order=order, state=HoldState.HELD, balance__currency=means.unit)
    groups = _groups_of(order.customer_id)
    usable = _usable(order.customer_id, groups, means, now)
    return _total(Balance.objects.filter(usable, pk__in=held.values("balance")), "amount")


def keep(order: Order, *, held_until: datetime) -> None:
    """Keep the order's holds at least until then."""
    BalanceHold.objects.filter(order=order, state=HoldState.HELD, held_until__lt=held_until).update(
        held_until=held_until
    )


def held_by(order: Order, unit: str = "") -> Decimal:
    """Return how much the order holds now: of this unit, else of money."""
    holds = BalanceHold.objects.filter(order=order, balance__currency=unit or order.currency)
    return _total(holds.filter(state=HoldState.HELD), "amount")


def taken_by(order: Order, unit: str = "") -> Decimal:
    """Return how much the order has taken for good: of this unit, else of money."""
    return _total(BalanceHold.objects.filter(order=order, balance__currency=unit or order.currency), "taken")


def _total(rows: QuerySet[Any], column: str) -> Decimal:
    total: Decimal | None = rows.aggregate(total=Sum(column))["total"]
    return total or NOTHING


def _lock_for(
    order: Order, held: Sequence[BalanceHold], amount: Decimal, now: datetime, means: Means
) -> tuple[dict[UUID, Balance], list[Balance]]:
    """Lock at once, by id, what the order holds and what may pay the amount; return all by id, and the latter.

    The latter come in the order in which they are used up: the one that expires first, the customer's own before a
    group's.
    """
    pays = amount > 0 and order.customer_id is not None
    groups = _groups_of(order.customer_id) if pays and order.customer_id else []
    usable = _usable(order.customer_id, groups, means, now) if pays and order.customer_id else Q(pk=None)
    locked = lock(Q(pk__in=[x.balance_id for x in held]) | usable)
    # Of what it held, it may no longer be the customer's: another was named since, or has left the group.
    own = [x for x in locked if pays and _is_own(x, order, groups) and not is_over(x, now)]
    own = [x for x in own if x.plan in ("", means.plan)]
    return {balance.pk: balance for balance in locked}, sorted(own, key=_first_used)


def _usable(customer_id: UUID, groups: Any, means: Means, now: datetime) -> Q:
    # A pool of another subscription stays what it is, and money has no plan.
    return _of_owner(customer_id, groups, now) & Q(currency=means.unit, plan__in={"", means.plan})


def _of_owner(customer_id: UUID, groups: Any, now: datetime) -> Q:
    live = Q(expires_at=None) | Q(expires_at__gt=now)
    return (Q(customer=customer_id) | Q(group__in=groups)) & live


def _is_own(balance: Balance, order: Order, groups: Sequence[int]) -> bool:
    return balance.customer_id == order.customer_id or balance.group_id in groups


def _groups_of(customer_id: UUID) -> list[int]:
    return list(CustomerGroupMember.objects.filter(customer=customer_id).values_list("group", flat=True))


def _held(order: Order, unit: str = "") -> list[BalanceHold]:
    """Return what the order holds: of this unit, else of all."""
    held = BalanceHold.objects.filter(order=order, state=HoldState.HELD)
    return list(held.filter(balance__currency=unit) if unit else held)


def _shares(amount: Decimal, balances: Iterable[Balance]) -> Iterable[tuple[Balance, Decimal]]:
    """Yield how much each balance pays of an amount, in the order of the balances."""
    left = amount
    for balance in balances:
        part = min(left, balance.amount)
        if part > 0:
            left -= part
            yield balance, part


def _first_used(balance: Balance) -> tuple[datetime, bool, datetime, str]:
    return (balance.expires_at or _NEVER, balance.group_id is not None, balance.created_at, str(balance.pk))


def _hold_one(order: Order, balance: Balance, part: Decimal, held_until: datetime) -> BalanceHold:
    made = BalanceHold.objects.create(
        cpo_id=order.cpo_id, balance=balance, order=order, amount=part, held_until=held_until
    )
    move(balance, EntryKind.HOLD, Moved(part, str(made.pk)), order)
    return made


def _end(order: Order, each: BalanceHold, balance: Balance, taken: Decimal) -> None:
    BalanceHold.objects.filter(pk=each.pk).update(state=HoldState.ENDED, taken=taken)
    if taken:
        move(balance, EntryKind.TAKE, Moved(taken, str(each.pk)), order)
    if each.amount > taken:
        move(balance, EntryKind.RETURN, Moved(each.amount - taken, str(each.pk)), order)
