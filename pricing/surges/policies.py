"""What a CPO promises about its surges, with the defaults where it has never said anything."""

from __future__ import annotations

from datetime import timedelta

from cpo_portal.accounts.models import Cpo
from pricing.models import SurgePolicy


def policy_of(cpo: Cpo) -> SurgePolicy:
    """Return the CPO's policy; inside its scope."""
    return SurgePolicy.objects.filter(cpo=cpo).first() or SurgePolicy(cpo=cpo)


def notice_of(cpo: Cpo) -> timedelta:
    """Return how long a rise is announced before it takes effect; inside the CPO's scope."""
    return timedelta(hours=policy_of(cpo).notice_hours)
