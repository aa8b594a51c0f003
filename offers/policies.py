"""The policy of a CPO: what it allows together, how long a quote holds, what it rewards."""

from __future__ import annotations

from offers.models import OfferPolicy


def policy_of(cpo_id: int) -> OfferPolicy:
    """Return the CPO's policy, or the defaults where it has never been saved."""
    return OfferPolicy.objects.filter(cpo=cpo_id).first() or OfferPolicy(cpo_id=cpo_id)
