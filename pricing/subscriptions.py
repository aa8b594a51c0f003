"""Which tariffs are subscriptions, as the room below asks that keeps energy for them."""

from __future__ import annotations

from cpo_portal.charging.plans import KNOWN
from pricing.models import PricingModelChoice, TariffVersion


def is_subscription(tariff_id: str) -> bool:
    """Tell whether a tariff of the active scope with this id is a subscription, in any version of it."""
    versions = TariffVersion.objects.filter(tariff__tariff_id=tariff_id, model=PricingModelChoice.SUBSCRIPTION)
    return versions.exists()


KNOWN.append(is_subscription)
