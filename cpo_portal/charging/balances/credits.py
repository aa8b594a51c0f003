"""What comes back to balances, or is given to them, after a sale: what a refunded bill drew, and earned credit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Q, QuerySet, Sum

from cpo_portal.charging.balances.changes import credit
from cpo_portal.charging.balances.moves import BalanceRefused, Moved, lock_all
from cpo_portal.charging.balances.units import ENERGY
from cpo_portal.charging.models import (
    Balance,
    BalanceEntry,
    BalanceHold,
    Customer,
    CustomerGroupMember,
    EntryKind,
    Order,
)

NOTHING = Decimal(0)


class CannotCredit(Exception):
    """There is nobody whose balance could be credited; nothing was changed. The message says what to do."""


@dataclass(frozen=True, slots=True)
class GivenBack:
    """Of the money that an order drew on balances: what was credited to them again, and what nobody has a balance for.

    `energy` is what was credited in Wh; energy that nobody has a balance for is gone.
    """

    credited: Decimal
    ownerless: Decimal
    energy: Decimal = NOTHING


def give_back_drawn(order: Order, *, reference: str, less: Decimal = NOTHING) -> GivenBack:
    """Credit each balance with what the order drew on it, once per reference; those that nobody has stay as they are.

    Of money so much `less` comes back where it has come back as money. The caller has locked the order, and its
    redemptions. What comes back to a balance that is over expires with it.
    """
    money, energy = _drawn(order, order.currency, less), _drawn(order, ENERGY, NOTHING)
    drawn = money | energy
    lock_all(drawn)
    # Whoever forgets a customer holds their balances: from here on nobody goes.
    owned = set(_owned(drawn).values_list("pk", flat=True))
    for balance in Balance.objects.filter(pk__in=owned).order_by("pk"):
        if drawn[balance.pk]:
            credit(balance, Moved(drawn[balance.pk], reference), order)
    return _split(money, energy, owned)


def would_give_back(order: Order, *, less: Decimal = NOTHING) -> GivenBack:
    """Return what `give_back_drawn` would give back now; nothing is changed."""
    money, energy = _drawn(order, order.currency, less), _drawn(order, ENERGY, NOTHING)
    return _split(money, energy, set(_owned(money | energy).values_list("pk", flat=True)))


def _drawn(order: Order, unit: str, less: Decimal) -> dict[UUID, Decimal]:
    """Return what the order drew on each balance of this unit, less what has come back otherwise, by its id."""
    drawn: dict[UUID, Decimal] = {}
    for each in BalanceHold.objects.filter(order=order, taken__gt=0, balance__currency=unit):
        drawn[each.balance_id] = drawn.get(each.balance_id, Decimal(0)) + each.taken
    for key in sorted(drawn):
        kept = min(less, drawn[key])
        drawn[key], less = drawn[key] - kept, less - kept
    return drawn


def _split(money: dict[UUID, Decimal], energy: dict[UUID, Decimal], owned: set[UUID]) -> GivenBack:
    credited = sum((amount for pk, amount in money.items() if pk in owned), NOTHING)
    back = sum((amount for pk, amount in energy.items() if pk in owned), NOTHING)
    return GivenBack(credited, sum(money.values(), NOTHING) - credited, back)


def credited_by(order: Order, unit: str = "", *, reference: str) -> Decimal:
    """Return what the order gave back to balances under this reference: of this unit, else of money."""
    entries = BalanceEntry.objects.filter(order=order, kind=EntryKind.CREDIT, reference=reference)
    entries = entries.filter(balance__currency=unit or order.currency)
    total: Decimal | None = entries.aggregate(total=Sum("amount"))["total"]
    return total or NOTHING


def _owned(balance_ids: Iterable[UUID]) -> QuerySet[Balance]:
    """Return the balances of these that somebody has: a customer who was not forgotten, alone or in the group."""
    living = Customer.objects.filter(forgotten_at=None)
    members = CustomerGroupMember.objects.filter(customer__in=living)
    somebodys = Q(customer__in=living) | Q(group__in=members.values("group"))
    return Balance.objects.filter(somebodys, pk__in=list(balance_ids))


def own_balance(customer: Customer, currency: str, *, name: str) -> Balance | None:
    """Return the customer's balance of this name that never expires, None where there is none."""
    named = Balance.objects.filter(customer=customer, currency=currency, name=name)
    return named.filter(expires_at=None, valid_days=None).order_by("pk").first()


def make_balance(customer: Customer, currency: str, *, name: str, expires_at: datetime | None = None) -> Balance:
    """Make an empty balance of the customer."""
    return Balance.objects.create(
        cpo_id=customer.cpo_id, customer=customer, currency=currency, name=name, expires_at=expires_at
    )


def credit_customer(order: Order, moved: Moved, *, name: str) -> Balance:
    """Credit the driver of an order, that the caller has locked, on their balance of this name, made where new.

    Raises CannotCredit where nobody is known, or a test order would touch real money.
    """
    customer = order.customer
    if customer is None or customer.forgotten_at is not None:
        raise CannotCredit("Nobody is known for this order who could have a balance: pay it back instead.")
    if order.sandbox:
        raise CannotCredit("A test order credits no balance: pay it back instead.")
    balance = own_balance(customer, order.currency, name=name) or make_balance(customer, order.currency, name=name)
    try:
        credit(balance, moved, order)
    except BalanceRefused as refused:
        raise CannotCredit(str(refused)) from refused
    return balance
