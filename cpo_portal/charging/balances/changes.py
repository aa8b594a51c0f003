"""Moves prepaid balances for staff and for what orders give back: top-up, credit, refund and expiry."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from cpo_portal.accounts.models import User
from cpo_portal.charging.balances.moves import BalanceRefused, Moved, is_over, lock, move
from cpo_portal.charging.balances.units import ENERGY, in_words, is_exact, too_fine
from cpo_portal.charging.models import Balance, BalanceEntry, EntryKind, Order

#: More than any balance is: what a column holds.
MOST = Decimal(10) ** 9
BATCH = 100


@transaction.atomic
def top_up(balance: Balance, moved: Moved, *, now: datetime) -> BalanceEntry:
    """Add to a balance, once per reference; a balance of so many days lives so many days from now on.

    The entry that is returned says whether it is `repeated`: written before, under this reference.
    """
    balance = lock(Q(pk=balance.pk))[0]
    done = _done_before(balance, EntryKind.TOP_UP, moved)
    if done is not None:
        return done
    _refuse_amount(balance, moved.amount)
    if balance.amount + balance.held + moved.amount >= MOST:
        raise BalanceRefused(f"A balance stays below {_most(balance)}: add less, or make another one.")
    if is_over(balance, now):
        if balance.valid_days is None:
            raise BalanceRefused("This balance has expired: give it a later date first, or make a new one.")
        _expire(balance, now)
    if balance.valid_days is not None:
        balance.expires_at = max(balance.expires_at or now, now + timedelta(days=balance.valid_days))
        balance.save(update_fields=["expires_at"])
    return move(balance, EntryKind.TOP_UP, moved)


@transaction.atomic
def pay_back(balance: Balance, moved: Moved) -> BalanceEntry:
    """Take off what was paid back to the customer outside of the portal, once per reference; never what is held."""
    balance = lock(Q(pk=balance.pk))[0]
    done = _done_before(balance, EntryKind.REFUND, moved)
    if done is not None:
        return done
    _refuse_amount(balance, moved.amount)
    return move(balance, EntryKind.REFUND, moved)


def credit(balance: Balance, moved: Moved, order: Order | None = None) -> BalanceEntry:
    """Give, once per reference, what nobody paid in: what an order gives back, or what it earned. It delays no expiry.

    Runs in the caller's transaction.
    """
    balance = lock(Q(pk=balance.pk))[0]
    done = _done_before(balance, EntryKind.CREDIT, moved)
    if done is not None:
        return done
    _refuse_amount(balance, moved.amount)
    if balance.amount + balance.held + moved.amount >= MOST:
        raise BalanceRefused(f"A balance stays below {_most(balance)}: pay it out instead.")
    return move(balance, EntryKind.CREDIT, moved, order)


@transaction.atomic
def expire(balance: Balance, *, now: datetime, by: User | None = None, note: str = "") -> Decimal:
    """End a balance now and take off what is left but not held; return how much that was."""
    balance = lock(Q(pk=balance.pk))[0]
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


def _expire(balance: Balance, now: datetime, *, by: User | None = None, note: str = "") -> Decimal:
    left = balance.amount
    if left:
        move(balance, EntryKind.EXPIRE, Moved(left, now.isoformat(), by, note))
    return left


def _done_before(balance: Balance, kind: EntryKind, moved: Moved) -> BalanceEntry | None:
    """Return the entry that this reference made before; raises where it was another amount."""
    done = BalanceEntry.objects.filter(balance=balance, kind=kind, reference=moved.reference).first()
    if done is not None and done.amount != moved.amount:
        raise BalanceRefused(
            f"The reference {moved.reference} was used for {in_words(done.amount, balance.currency)}; "
            "give this one a reference of its own.",
            "reference",
        )
    if done is not None:
        done.repeated = True
    return done


def _refuse_amount(balance: Balance, amount: Decimal) -> None:
    """Refuse what is no amount of this balance: nothing, or more decimals than its unit has."""
    if not 0 < amount < MOST:
        raise BalanceRefused(f"Give an amount above 0 and below {_most(balance)}.")
    if not is_exact(amount, balance.currency):
        raise BalanceRefused(too_fine(balance.currency))


def _most(balance: Balance) -> str:
    """Return the bound of all balances as people write amounts."""
    return in_words(MOST, ENERGY) if balance.currency == ENERGY else f"{MOST:,f}"
