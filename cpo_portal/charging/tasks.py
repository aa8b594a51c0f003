"""Periodic work of charging: what is left of a balance whose time is over is taken off, and what lists were before."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from cpo_portal.accounts.tenancy import every_cpo
from cpo_portal.charging.balances import changes as balances
from cpo_portal.charging.segments import list_past


@shared_task
def expire_balances() -> int:
    """Expire what is due, batch by batch; return how many balances that were."""
    expired = 0
    with every_cpo():
        while batch := balances.expire_due(now=timezone.now()):
            expired += batch
    return expired


@shared_task
def drop_list_changes() -> int:
    """Delete who was on named lists before they were filled anew, once nothing goes by it; return how many."""
    with every_cpo():
        return list_past.drop_past(timezone.now())
