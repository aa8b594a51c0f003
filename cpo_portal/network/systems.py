"""Charging systems and the tokens that speak for them."""

from __future__ import annotations

from django.db import transaction

from cpo_portal.accounts.models import TokenScope, User
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.accounts.tokens import create_token
from cpo_portal.network.models import ChargingSystem, ChargingSystemToken


@transaction.atomic
def create_system_token(system: ChargingSystem, *, created_by: User | None = None) -> str:
    """Make a token that reports for this system's chargers and return its text, which is shown once."""
    token, text = create_token(system.cpo, name=system.name, scope=TokenScope.CHARGING_SYSTEM, created_by=created_by)
    with cpo_scope(system.cpo):
        ChargingSystemToken.objects.create(token=token, system=system)
    return text
