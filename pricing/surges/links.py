"""Where the public page of a surge or a demand policy stands; `offers` serves it, beside those of offers."""

from __future__ import annotations

from collections.abc import Collection

from django.conf import settings
from django.urls import reverse

from pricing.models import DemandPolicy, DemandPolicyChange


def surge_page_url(provider_id: str, schedule_id: str) -> str:
    """Return the absolute address of a surge's public page; it stays the same for as long as the surge has its id.

    That of a demand policy is alike: no id is of both.
    """
    return f"{settings.BASE_URL}{reverse('public-surge', args=[provider_id, schedule_id])}"


def policy_page_urls(policies: Collection[DemandPolicy]) -> dict[int, str]:
    """Return the addresses of the public pages of demand policies by key, "" of one that was never switched on; in
    their CPO's scope."""
    switched = DemandPolicyChange.objects.filter(policy__in=[x.pk for x in policies]).values_list("policy", flat=True)
    told = {*switched.order_by().distinct(), *(x.pk for x in policies if x.is_active)}
    return {x.pk: surge_page_url(x.cpo.provider_id, x.policy_id) if x.pk in told else "" for x in policies}
