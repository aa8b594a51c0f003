"""What a receipt says of the surges of its bill: how each is calculated, and where more stands about it."""

from __future__ import annotations

from dataclasses import dataclass

from offers.models import Quote
from offers.ordering.orders import read_quote
from pricing.engine.values import LineKind
from pricing.models import DemandPolicy, SurgeSchedule
from pricing.surges.describe import calculation_of
from pricing.surges.links import surge_page_url


@dataclass(frozen=True, slots=True)
class Explained:
    """A surge of the bill: its name, how it is calculated, and its public page."""

    name: str
    words: str
    url: str


def explained(bill: Quote, provider_id: str) -> tuple[Explained, ...]:
    """Return the surges that have a line on the bill, in its order."""
    stored = read_quote(bill)
    surges = {x.surge_id: x for x in stored.terms.surges}
    found = [surges[x.code] for x in stored.lines if x.kind is LineKind.SURGE]
    ids = [x.surge_id for x in found]
    kept = (
        *SurgeSchedule.objects.filter(schedule_id__in=ids).values_list("schedule_id", flat=True),
        *DemandPolicy.objects.filter(policy_id__in=ids).values_list("policy_id", flat=True),
    )
    pages = {x: surge_page_url(provider_id, x) for x in kept}
    return tuple(Explained(x.name, calculation_of(x, bill.currency), pages.get(x.surge_id, "")) for x in found)
