"""Moves prepaid balances: top-up, expiry and refund by staff; hold, take and return by orders. None goes below zero.

Every movement locks its balances by id, is one guarded UPDATE whose row count is checked, and writes one append-only
entry, once per reference. A caller that has an order has locked it, and its redemptions, before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Now

from cpo_portal.accounts.models import User
from cpo_portal.adminkit.display import money, plain_amount
from cpo_portal.charging.models import (
    Balance,
    BalanceEntry,
    BalanceHold,
    CustomerGroupMember,
    EntryKind,
    HoldState,
    Order,
)

NOTHING = Decimal(0)
#: What a buyer app declines, as it declines an offer, so that the driver's balances stay untouched.
PREPAID = "prepaid-balance"
#: More than any balance is: what a column holds.
MOST = Decimal(10) ** 9
BATCH = 100
_NEVER = datetime.max.replace(tzinfo=UTC)

#: What a movement of 1 does to (amount, held).
EFFECTS: Mapping[EntryKind, tuple[int, int]] = {
    EntryKind.TOP_UP: (1, 0),
    EntryKind.HOLD: (-1, 1),
    EntryKind.TAKE: (0, -1),
    EntryKind.RETURN: (1, -1),
    EntryKind.EXPIRE: (-1, 0),
    EntryKind.REFUND: (-1, 0),
    EntryKind.CREDIT: (1, 0),
}


class BalanceRefused(Exception):
    """A movement that cannot be; nothing was moved. `field` is the input at fault; the message says what to do."""

    def __init__(self, message: str, field: str = "amount") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Moved:
    """A movement by staff: how much, under which reference of the books, by whom and why."""

    amount: Decimal
    reference: str
    by: User | None = None
    note: str = ""


@transaction.atomic
def top_up(balance: Balance, moved: Moved, *, now: datetime) -> BalanceEntry:
    """Add to a balance, once per reference; a balance of so many days lives so many days from now on.

    The entry that is returned says whether it is `repeated`: written before, under this reference.
    """
    balance = _lock(Q(pk=balance.pk))[0]
    done = _done_before(balance, EntryKind.TOP_UP, moved)
    if done is not None:
        return done
    _refuse_amount(balance, moved.amount)
    if balance.amount + balance.held + moved.amount >= MOST:
        raise BalanceRefused("A balance stays below 1,000,000,000: add less, or make another one.")
    if is_over(balance, now):
        if balance.valid_days is None:
            raise BalanceRefused("This balance has expired: give it a later date first, or make a new one.")
        _expire(balance, now)
    if balance.valid_days is not None:
        balance.expires_at = max(balance.expires_at or now, now + timedelta(days=balance.valid_days))
        balance.save(update_fields=["expires_at"])
    return _move(balance, EntryKind.TOP_UP, moved)


@transaction.atomic
def pay_back(balance: Balance, moved: Moved) -> BalanceEntry:
    """Take off what was paid back to the customer outside of the portal, once per reference; never what is held."""
    balance = _lock(Q(pk=balance.pk))[0]
    done = _done_before(balance, EntryKind.REFUND, moved)
    if done is not None:
        return done
    _refuse_amount(balance, moved.amount)
    return _move(balance, EntryKind.REFUND, moved)


def credit(balance: Balance, moved: Moved, order: Order | None = None) -> BalanceEntry:
    """Give, once per reference, what nobody paid in: what an order gives back, or what it earned. It delays no expiry.

    Runs in the caller's transaction.
    """
    balance = _lock(Q(pk=balance.pk))[0]
    done = _done_before(balance, EntryKind.CREDIT, moved)
    if done is not None:
        return done
    _refuse_amount(balance, moved.amount)
    if balance.amount + balance.held + moved.amount >= MOST:
        raise BalanceRefused("A balance stays below 1,000,000,000: pay it out instead.")
    return _move(balance, EntryKind.CREDIT, moved, order)


@transaction.atomic
def expire(balance: Balance, *, now: datetime, by: User | None = None, note: str = "") -> Decimal:
    """End a balance now and take off what is left but not held; return how much that was."""
    balance = _lock(Q(pk=balance.pk))[0]
    if balance.expires_at is None or balance.expires_at > now:
        balance.expires_at = now
        balance.save(update_fields=["expires_at"])
    return _expire(balance, now, by=by, note=note)


def expire_due(*, now: datetime) -> int:
    """Take off what is left of balances whose time is over; return how many. Rows are claimed, so two runs are one."""
    with transaction.atomic():
        due = Balance.objects.filter(expires_at__lte=Now(), amount__gt=0)
        claimed = list(due.select_for_update(no_key=True, skip_locked=True, of=("self",)).order_by("pk")[:BATCH])
        for balance in claimed:
            _expire(balance, now)
    return len(claimed)


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


def lock_all(balance_ids: Iterable[UUID]) -> None:
    """Lock many balances in the order of their ids, before they are moved in any other."""
    _lock(Q(pk__in=list(balance_ids)))


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


def is_over(balance: Balance, now: datetime) -> bool:
    """Tell whether the balance may not be used any more."""
    return balance.expires_at is not None and balance.expires_at <= now


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
    locked = _lock(Q(pk__in=[x.balance_id for x in held]) | usable)
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


def _lock(condition: Q) -> list[Balance]:
    """Lock balances in the order of their ids, which is everybody's order."""
    rows = Balance.objects.select_for_update(no_key=True, of=("self",)).filter(condition).order_by("pk")
    return list(rows)


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
    _move(balance, EntryKind.HOLD, Moved(part, str(made.pk)), order)
    return made


def _end(order: Order, each: BalanceHold, balance: Balance, taken: Decimal) -> None:
    BalanceHold.objects.filter(pk=each.pk).update(state=HoldState.ENDED, taken=taken)
    if taken:
        _move(balance, EntryKind.TAKE, Moved(taken, str(each.pk)), order)
    if each.amount > taken:
        _move(balance, EntryKind.RETURN, Moved(each.amount - taken, str(each.pk)), order)


def _expire(balance: Balance, now: datetime, *, by: User | None = None, note: str = "") -> Decimal:
    left = balance.amount
    if left:
        _move(balance, EntryKind.EXPIRE, Moved(left, now.isoformat(), by, note))
    return left


def _move(balance: Balance, kind: EntryKind, moved: Moved, order: Order | None = None) -> BalanceEntry:
    """Change the two figures and write the entry; raises BalanceRefused where a figure would fall below zero."""
    amount, held = (moved.amount * factor for factor in EFFECTS[kind])
    changed = Balance.objects.filter(pk=balance.pk, amount__gte=-amount, held__gte=-held).update(
        amount=F("amount") + amount, held=F("held") + held
    )
    if changed != 1:
        left = money(balance.amount, balance.currency)
        raise BalanceRefused(f"There is {left} left that no order holds; take no more than that.")
    balance.amount, balance.held = balance.amount + amount, balance.held + held
    return BalanceEntry.objects.create(
        cpo_id=balance.cpo_id,
        balance=balance,
        kind=kind,
        reference=moved.reference,
        amount=moved.amount,
        order=order,
        by=moved.by,
        note=moved.note,
    )


def _done_before(balance: Balance, kind: EntryKind, moved: Moved) -> BalanceEntry | None:
    """Return the entry that this reference made before; raises where it was another amount."""
    done = BalanceEntry.objects.filter(balance=balance, kind=kind, reference=moved.reference).first()
    if done is not None and done.amount != moved.amount:
        raise BalanceRefused(
            f"The reference {moved.reference} was used for {money(done.amount, balance.currency)}; "
            "give this one a reference of its own.",
            "reference",
        )
    if done is not None:
        done.repeated = True
    return done


def _refuse_amount(balance: Balance, amount: Decimal) -> None:
    """Refuse what is no amount of this balance: nothing, or more decimals than the currency has."""
    if not 0 < amount < MOST:
        raise BalanceRefused("Give an amount above 0 and below 1,000,000,000.")
    if amount != plain_amount(amount, balance.currency):
        raise BalanceRefused(f"Give an amount that {balance.currency} has a coin for.")
