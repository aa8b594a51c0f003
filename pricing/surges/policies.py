"""What a CPO promises about its surges, with the defaults where it has never said anything."""

from __future__ import annotations

from datetime import datetime, timedelta

from cpo_portal.accounts.models import Cpo
from cpo_portal.adminkit.display import when
from pricing.models import SurgePolicy
from pricing.surges.promises import Promise


def policy_of(cpo: Cpo) -> SurgePolicy:
    """Return the CPO's policy; inside its scope."""
    return SurgePolicy.objects.filter(cpo=cpo).first() or SurgePolicy(cpo=cpo)


def notice_of(cpo: Cpo, now: datetime) -> timedelta:
    """Return how long a rise that is published now is announced before it takes effect; inside the CPO's scope."""
    return policy_of(cpo).notice.at(now)


def waiting_notices(policy: SurgePolicy, now: datetime) -> list[str]:
    """Say from when a shorter notice counts that still waits for a longer one, a sentence for each."""
    promises = (("surges", policy.notice), ("signals and levels of demand", policy.signal_notice))
    return [_waiting(what, x, policy.cpo.time_zone) for what, x in promises if x.waits(now)]


def _waiting(what: str, promise: Promise, zone: str) -> str:
    counts, kept = when(promise.counts_from, zone), when(promise.kept_until, zone)
    return f"The shorter notice of {what} counts from {counts} on; until then no rise takes effect before {kept}."
