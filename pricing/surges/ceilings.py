"""Which ceilings a surge would lift the tariffs above, and where: told while it is written, or refused."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone

from cpo_portal.network.models import Connector
from pricing.authoring.ceilings import Ceilings, Found, Priced
from pricing.engine.codec import decode
from pricing.engine.values import PriceComponent, Surge
from pricing.mapping import tariffs_for
from pricing.models import SurgeSchedule, TariffAssignment
from pricing.surges.content import SurgeContent
from pricing.surges.scope import fits
from pricing.windows import read_window

#: Announced changes of tariffs that are looked at.
_MOST_CHANGES = 20


def above(schedule: SurgeSchedule, content: SurgeContent, ceilings: Ceilings) -> tuple[Found, ...]:
    """Return what the CPO's ceilings say against a surge: on top of the tariffs of now and those to come, and of the
    other surges. A surge of products is of no kWh; inside the CPO's scope."""
    if not ceilings.rules or content.scope.product_ids:
        return ()
    here = [x for x in ceilings.connectors if fits(content.scope, x, ())]
    own = _surge(schedule, content)
    surges = {x.pk: (*ceilings.surges_at(x, without=own.surge_id), own) for x in here}
    priced = dict.fromkeys(Priced(connector, parts, surges[connector.pk]) for connector, parts in _priced(here))
    return ceilings.told(list(priced), schedule.cpo.currency)


def refuse_above(schedule: SurgeSchedule, content: SurgeContent) -> None:
    """Refuse to publish a surge with which a price is above a ceiling that says so."""
    faults = [found.sentence for found in above(schedule, content, Ceilings()) if found.blocks]
    if faults:
        raise ValidationError({"value": faults})


def _priced(connectors: list[Connector]) -> Iterable[tuple[Connector, tuple[PriceComponent, ...]]]:
    """Yield each connector with the prices of each version that prices it, now or from an announced instant on."""
    if not connectors:
        return
    now = timezone.now()
    edges = TariffAssignment.objects.filter(Q(valid_from__gt=now) | Q(valid_until__gt=now))
    instants = {x for row in edges.values_list("valid_from", "valid_until") for x in row if x is not None and x > now}
    for at in (now, *sorted(instants)[:_MOST_CHANGES]):
        versions = tariffs_for(connectors, at=at)
        for connector in connectors:
            if connector.pk in versions:
                yield connector, decode(tuple[PriceComponent, ...], versions[connector.pk].components)


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
