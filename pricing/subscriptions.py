"""Which tariffs are subscriptions, as the room below asks that keeps energy for them."""

from __future__ import annotations

from django.db.models import QuerySet

from cpo_portal.charging.balances.plans import KNOWN
from pricing.models import PricingModelChoice, Tariff, TariffVersion


def is_subscription(tariff_id: str) -> bool:
    """Tell whether a tariff of the active scope with this id is a subscription, in any version of it."""
    versions = TariffVersion.objects.filter(tariff__tariff_id=tariff_id, model=PricingModelChoice.SUBSCRIPTION)
    return versions.exists()


def subscriptions_sold() -> QuerySet[Tariff, str]:
    """Return the tariff ids of the subscriptions that are published in the active scope, by id."""
    sold = Tariff.objects.filter(live_version__model=PricingModelChoice.SUBSCRIPTION)
    return sold.order_by("tariff_id").values_list("tariff_id", flat=True)


KNOWN.append(is_subscription)
