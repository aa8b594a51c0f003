"""What orders do to prepaid balances: hold when they are placed, take when they are billed, give back the rest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Q, QuerySet, Sum

from cpo_portal.charging.balance_moves import NOTHING, Moved, is_over, lock, move
from cpo_portal.charging.models import Balance, BalanceHold, CustomerGroupMember, EntryKind, HoldState, Order

#: What a buyer app declines, as it declines an offer, so that the driver's balances stay untouched.
PREPAID = "prepaid-balance"
_NEVER = datetime.max.replace(tzinfo=UTC)


def hold(order: Order, amount: Decimal, *, held_until: datetime, now: datetime) -> Decimal:
    """Hold up to `amount` in place of what the order holds; return how much that is. A sandbox order holds nothing."""
    if order.sandbox:
        return NOTHING
    held = _held(order)
    by_id, usable = _lock_for(order, held, amount, now)
    for each in held:
        _end(order, each, by_id[each.balance_id], NOTHING)
    found = NOTHING
    for balance, part in _shares(amount, usable):
        _hold_one(order, balance, part, held_until)
        found += part
    return found


def draw(order: Order, amount: Decimal, *, now: datetime, more: Decimal = NOTHING) -> Decimal:
    """End the order's holds: take this amount of them, give the rest back; return how much was taken.

    `more` may be taken beyond what is held, as far as the balances have it that the order holds.
    """
    held = _held(order)
    if not held:
        return NOTHING
    by_id, usable = _lock_for(order, held, more, now)
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


def keep(order: Order, *, held_until: datetime) -> None:
    """Keep the order's holds at least until then."""
    BalanceHold.objects.filter(order=order, state=HoldState.HELD, held_until__lt=held_until).update(
        held_until=held_until
    )


def held_by(order: Order) -> Decimal:
    """Return how much the order holds now."""
    return _total(BalanceHold.objects.filter(order=order, state=HoldState.HELD), "amount")


def taken_by(order: Order) -> Decimal:
    """Return how much the order has taken for good."""
    return _total(BalanceHold.objects.filter(order=order), "taken")


def _total(holds: QuerySet[BalanceHold], column: str) -> Decimal:
    total: Decimal | None = holds.aggregate(total=Sum(column))["total"]
    return total or NOTHING


def _lock_for(
    order: Order, held: Sequence[BalanceHold], amount: Decimal, now: datetime
) -> tuple[dict[UUID, Balance], list[Balance]]:
    """Lock at once, by id, what the order holds and what may pay the amount; return all by id, and the latter.

    The latter come in the order in which they are used up: the one that expires first, the customer's own before a
    group's.
    """
    pays = amount > 0 and order.customer_id is not None
    groups = _groups_of(order.customer_id) if pays and order.customer_id else []
    usable = _usable(order, groups, now) if pays else Q(pk=None)
    locked = lock(Q(pk__in=[x.balance_id for x in held]) | usable)
    # Of what it held, it may no longer be the customer's: another was named since, or has left the group.
    own = [x for x in locked if pays and _is_own(x, order, groups) and not is_over(x, now)]
    return {balance.pk: balance for balance in locked}, sorted(own, key=_first_used)


def _usable(order: Order, groups: Sequence[int], now: datetime) -> Q:
    live = Q(expires_at=None) | Q(expires_at__gt=now)
    return (Q(customer=order.customer_id) | Q(group__in=groups)) & Q(currency=order.currency) & live


def _is_own(balance: Balance, order: Order, groups: Sequence[int]) -> bool:
    return balance.customer_id == order.customer_id or balance.group_id in groups


def _groups_of(customer_id: UUID) -> list[int]:
    return list(CustomerGroupMember.objects.filter(customer=customer_id).values_list("group", flat=True))


def _held(order: Order) -> list[BalanceHold]:
    return list(BalanceHold.objects.filter(order=order, state=HoldState.HELD))


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
