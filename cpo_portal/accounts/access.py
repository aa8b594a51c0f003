"""Who may do what at a CPO, decided from the membership alone; platform operators may act for every CPO."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from cpo_portal.accounts.models import Cpo, Membership, Role
from cpo_portal.accounts.tenancy import cpo_scope, every_cpo


class Right(StrEnum):
    """What a page or a route asks for."""

    VIEW = "VIEW"
    CHANGE = "CHANGE"
    MANAGE_MEMBERS = "MANAGE_MEMBERS"


RIGHTS: dict[str, frozenset[Right]] = {
    Role.OWNER: frozenset(Right),
    Role.MANAGER: frozenset({Right.VIEW, Right.CHANGE}),
    Role.ANALYST: frozenset({Right.VIEW}),
}


def rights_of(user: Any, cpo: Cpo | None) -> frozenset[Right]:
    """Return what the user may do at this CPO: nothing without an active membership."""
    if cpo is None or not getattr(user, "is_active", False) or not user.is_authenticated:
        return frozenset()
    if user.is_platform_operator:
        return frozenset(Right)
    with cpo_scope(cpo):
        role = Membership.objects.filter(user=user).values_list("role", flat=True).first()
    return RIGHTS.get(role or "", frozenset())


def cpos_of(user: Any) -> list[Cpo]:
    """Return the active CPOs that the user may see, by name."""
    if user.is_platform_operator:
        return list(Cpo.objects.filter(is_active=True))
    with every_cpo():
        members = Membership.objects.filter(user=user, cpo__is_active=True).select_related("cpo")
        return sorted((member.cpo for member in members), key=lambda cpo: cpo.name)
