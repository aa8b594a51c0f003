"""The surges of a session: those published where and when it takes place, or those that an earlier quote has locked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cpo_portal.charging.segments.rules import CustomerFacts, Segment
from cpo_portal.charging.segments.stored import announced
from cpo_portal.network.models import Connector
from offers.asking import SessionAsk
from pricing.engine.values import PriceTerms
from pricing.surges.applying import (
    Applying,
    Surges,
    applying,
    exemptions_of_locked,
    surges_of,
    with_exemptions,
    with_surges,
)
from pricing.surges.content import Exemptions
from pricing.surges.exempt import Driver, segments_asked


@dataclass(frozen=True, slots=True)
class SurgesHere:
    """What is known of a session's surges before its driver is: which apply, and whom their exemptions ask about."""

    surges: Surges = field(default_factory=Surges)
    found: tuple[Applying, ...] = ()
    locked: Mapping[tuple[str, int], Exemptions] = field(default_factory=dict)
    known: Mapping[str, tuple[Segment, ...]] = field(default_factory=dict)

    def segments(self) -> tuple[Segment, ...]:
        """Return the rules for which the customer's facts are needed."""
        return tuple(x for exempt in self._exemptions() for x in segments_asked(exempt, self.known))

    def priced(self, terms: PriceTerms, ask: SessionAsk, facts: CustomerFacts | None) -> PriceTerms:
        """Return the terms with the session's surges, from which the driver is exempt where that is known."""
        if not self.found and not self.locked:
            return terms
        driver = Driver(ask.bap_id, ask.vehicle_make, ask.charge_percent, facts, self.known)
        if self.locked:
            return with_exemptions(terms, self.locked, driver, at=ask.planned_start)
        return with_surges(terms, self.found, self.surges.policy, driver, at=ask.planned_start)

    def _exemptions(self) -> list[Exemptions]:
        return [*(x.exemptions for x in self.found), *self.locked.values()]


def surges_here(connector: Connector, ask: SessionAsk, *, now: datetime, as_of: datetime | None) -> SurgesHere:
    """Return the surges that are published for the session, as of an instant; inside the CPO's scope."""
    surges = surges_of([connector.cpo_id], now=now, as_of=as_of).get(connector.cpo_id)
    if surges is None:
        return SurgesHere()
    products = [x.product_id for x in ask.products]
    found = tuple(applying(surges, connector, at=ask.planned_start, product_ids=products))
    return SurgesHere(surges, found, known=_known((x.exemptions for x in found), ask.planned_start))


def locked_surges(connector: Connector, terms: PriceTerms, *, at: datetime) -> SurgesHere:
    """Return the surges that a quote has locked for a session planned to start then, whose exemptions may be granted
    until the order is made."""
    locked = exemptions_of_locked(terms, connector.cpo_id)
    return SurgesHere(locked=locked, known=_known(locked.values(), at))


def _known(exemptions: Iterable[Exemptions], at: datetime) -> Mapping[str, tuple[Segment, ...]]:
    wanted = {name for x in exemptions for name in x.segment_ids}
    return announced(wanted, at) if wanted else {}
