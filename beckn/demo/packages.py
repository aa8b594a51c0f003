"""Makes what the demonstration's drivers have paid ahead: energy of a subscription."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from beckn.demo.tables import POOLS, PoolRow
from cpo_portal.accounts.models import Cpo
from cpo_portal.charging.balances import changes as balances
from cpo_portal.charging.balances.moves import Moved
from cpo_portal.charging.balances.units import ENERGY
from cpo_portal.charging.models import Balance
from cpo_portal.charging.people.groups import customer_by_contact


def make_packages(cpo: Cpo, now: datetime) -> None:
    """Make the CPO's missing pools, each topped up once; inside the CPO's scope."""
    there = set(Balance.objects.filter(currency=ENERGY).values_list("plan", flat=True))
    for row in POOLS:
        if row.cpo == cpo.provider_id and row.plan not in there:
            _make(cpo, row, now)


def _make(cpo: Cpo, row: PoolRow, now: datetime) -> None:
    pool = Balance(
        cpo=cpo,
        name=row.name,
        currency=ENERGY,
        plan=row.plan,
        customer=customer_by_contact(cpo, row.phone),
        valid_days=row.days,
    )
    pool.full_clean()
    pool.save()
    balances.top_up(pool, Moved(Decimal(row.wh), "demo-package"), now=now)
