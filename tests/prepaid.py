"""Balances, pools, subscriptions and groups of a world's drivers, who are known by their phone."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.utils import timezone

from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.balances import changes as balances
from cpo_portal.charging.balances import moves as balance_moves
from cpo_portal.charging.balances.units import ENERGY
from cpo_portal.charging.models import Balance, BalanceEntry, Customer, CustomerGroup, CustomerGroupMember
from cpo_portal.charging.people.customers import find_or_make_customer
from pricing import authoring
from pricing.authoring import Place, TariffContent
from pricing.engine.values import Fee, PricingModel

SARAH = "+91-9876543210"


def customer(cpo: Cpo, phone: str = SARAH) -> Customer:
    found = find_or_make_customer(cpo, billing={"phone": phone}, contact={})
    assert found is not None
    return found


def family(cpo: Cpo, *phones: str, name: str = "Rao family") -> CustomerGroup:
    with cpo_scope(cpo):
        group = CustomerGroup.objects.create(cpo=cpo, name=name)
        for phone in phones:
            CustomerGroupMember.objects.create(cpo=cpo, group=group, customer=customer(cpo, phone))
    return group


def credit(cpo: Cpo, amount: str, **changes: Any) -> Balance:
    """Make a balance of Sarah's, or of who `changes` names, topped up with so much."""
    with cpo_scope(cpo):
        owner = {} if {"customer", "group"} & set(changes) else {"customer": customer(cpo)}
        made = Balance.objects.create(cpo=cpo, **{"name": "Prepaid credit", "currency": "INR", **owner, **changes})
        if Decimal(amount):
            balances.top_up(made, balance_moves.Moved(Decimal(amount), "first"), now=timezone.now())
        made.refresh_from_db()
    return made


def figures(balance: Balance) -> tuple[Decimal, Decimal]:
    """Return what may be used and what is held."""
    with cpo_scope(balance.cpo):
        row = Balance.objects.get(pk=balance.pk)
    return row.amount, row.held


def entries(balance: Balance) -> list[tuple[str, str]]:
    with cpo_scope(balance.cpo):
        rows = BalanceEntry.objects.filter(balance=balance).order_by("id")
        return [(row.kind, f"{row.amount:.2f}") for row in rows]


def pool(cpo: Cpo, wh: str, **changes: Any) -> Balance:
    """Make a pool of Sarah's, or of who `changes` names, topped up with so many Wh."""
    return credit(cpo, wh, **{"name": "Monthly plan", "currency": ENERGY, **changes})


def subscribe(cpo: Cpo, tariff_id: str = "monthly", **changes: Any) -> None:
    """Publish a subscription at the world's connector: ₹18/kWh beyond the pool, a fee of ₹10."""
    fees = (Fee("service-fee", "Service Fee", Decimal(10)),)
    own = (Place(item_id="pe-charging-01"),)
    content = TariffContent(model=PricingModel.SUBSCRIPTION, rate=Decimal(18), fees=fees, places=own)
    tariff = authoring.create_tariff(cpo, tariff_id, "Monthly plan", replace(content, **changes))
    authoring.publish(tariff)
