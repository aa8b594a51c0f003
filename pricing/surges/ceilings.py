"""Which ceilings a surge or a demand level would lift the tariffs above, and where: told while it is written, or
refused."""

from __future__ import annotations

from functools import cached_property

from django.core.exceptions import ValidationError

from cpo_portal.network.models import Connector
from pricing.authoring.ceilings import Ceilings, Found
from pricing.authoring.prices import prices_of
from pricing.demand.highest import highest_surges
from pricing.engine.values import PriceComponent, Surge
from pricing.models import DemandPolicy, SurgeSchedule
from pricing.surges.content import SurgeContent
from pricing.surges.scope import fits
from pricing.windows import read_window


class SurgeCeilings:
    """The CPO's ceilings, with its tariffs of now and those to come, each read once; inside its scope."""

    def __init__(self) -> None:
        self._ceilings = Ceilings()

    def above(self, schedule: SurgeSchedule, content: SurgeContent) -> tuple[Found, ...]:
        """Return what they say against a surge on top of the tariffs and the other surges where it applies.

        A surge of products is of no kWh.
        """
        if not self._ceilings.rules or content.scope.product_ids:
            return ()
        own = _surge(schedule, content)
        priced = [
            each
            for connector, parts in self._prices
            if fits(content.scope, connector, ())
            for each in self._ceilings.priced(connector, parts, own, without=own.surge_id)
        ]
        return self._ceilings.told(priced, schedule.cpo.currency)

    def above_level(self, policy: DemandPolicy) -> tuple[Found, ...]:
        """Return what they say against the highest level of a demand policy, as of a surge."""
        if not self._ceilings.rules:
            return ()
        priced = []
        for connector, parts in self._prices:
            own = highest_surges([policy], connector, parts)
            if own:
                priced += self._ceilings.priced(connector, parts, *own, without=policy.policy_id)
        return self._ceilings.told(priced, policy.cpo.currency)

    def above_now(self) -> tuple[Found, ...]:
        """Return what they say against the prices that there are and those announced, with the surges on top."""
        if not self._ceilings.rules:
            return ()
        priced = [each for x, parts in self._prices for each in self._ceilings.priced(x, parts)]
        currency = priced[0].connector.cpo.currency if priced else ""
        return self._ceilings.told(priced, currency, surged=True)

    @cached_property
    def _prices(self) -> list[tuple[Connector, tuple[PriceComponent, ...]]]:
        return [(x.connector, x.components) for x in prices_of(self._ceilings.connectors)]


def refuse_above(schedule: SurgeSchedule, content: SurgeContent) -> None:
    """Refuse to publish a surge with which a price is above a ceiling that says so."""
    faults = [found.sentence for found in SurgeCeilings().above(schedule, content) if found.blocks]
    if faults:
        raise ValidationError({"value": faults})


def refuse_level_above(policy: DemandPolicy) -> None:
    """Refuse to let a demand policy price whose highest level lifts a price above a ceiling that says so."""
    faults = [found.sentence for found in SurgeCeilings().above_level(policy) if found.blocks]
    if faults:
        raise ValidationError({"levels": faults})


def _surge(schedule: SurgeSchedule, content: SurgeContent) -> Surge:
    return Surge(
        surge_id=schedule.schedule_id,
        version=0,
        name=schedule.name,
        basis=content.basis,
        value=content.value,
        windows=tuple(map(read_window, content.weekly_windows)),
        group=content.stacking_group,
        cap=content.maximum_amount,
    )
