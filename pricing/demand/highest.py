"""The most that a demand policy may add to a kWh: what its highest level comes to at the rates of a tariff."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from cpo_portal.network.models import Connector
from pricing.demand.rules import rules_of, scope_of
from pricing.engine.values import Dimension, PriceComponent, Surge, SurgeBasis
from pricing.models import DemandPolicy
from pricing.surges.scope import fits_location


def highest_surges(
    policies: Collection[DemandPolicy], connector: Connector, components: tuple[PriceComponent, ...]
) -> tuple[Surge, ...]:
    """Return the highest levels of the policies that may be on a kWh at a connector, its charger and location loaded,
    by a tariff with these prices; one that its own caps leave nothing of adds nothing."""
    here = (x for x in policies if fits_location(scope_of(x), connector.charger.location))
    return tuple(surge for surge in (_highest(x, components) for x in here) if surge.value)


def highest_rate(components: tuple[PriceComponent, ...]) -> Decimal:
    """Return the highest rate per kWh of a tariff, 0 where energy has none."""
    return max((x.rate for x in components if x.dimension is Dimension.ENERGY), default=Decimal(0))


def _highest(policy: DemandPolicy, components: tuple[PriceComponent, ...]) -> Surge:
    rules = rules_of(policy)
    rate = highest_rate(components) if rules.highest_rate is not None else None
    return Surge(
        surge_id=policy.policy_id,
        version=0,
        name=policy.name,
        basis=SurgeBasis.PERCENT,
        value=rules.percent(len(rules.levels), base_rate=rate),
        group=policy.stacking_group,
    )
