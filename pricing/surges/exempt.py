"""Who does not pay a surge, with the reason that their bill names: decided by what is known of the buyer; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from cpo_portal.charging.segments.deciding import decide
from cpo_portal.charging.segments.facts_in_time import with_past
from cpo_portal.charging.segments.rules import (
    Condition,
    CustomerFacts,
    Fact,
    Moment,
    Rule,
    Segment,
    needs_facts,
)
from pricing.engine.windows import zone_of
from pricing.surges.content import Exemptions

_OWN = "of-the-surge"


@dataclass(frozen=True, slots=True)
class Driver:
    """What is known of who charges: the app, the car with the charge of its battery in percent, and the customer.

    `facts` are None while nobody is known; `segments` are compiled, by id. Both also say what lists and segments were
    before changes whose notice is not over.
    """

    bap_id: str = ""
    vehicle_make: str = ""
    charge_percent: int | None = None
    facts: CustomerFacts | None = None
    segments: Mapping[str, tuple[Segment, ...]] = field(default_factory=dict)


class Exemption(NamedTuple):
    """Why a driver does not pay, in words that end "not charged, …", "" where they do, and whether it is personal."""

    words: str = ""
    personal: bool = False


NOT_EXEMPT = Exemption()


def exemption_of(exempt: Exemptions, driver: Driver, *, at: datetime, zone: str) -> Exemption:
    """Return why the driver does not pay, if they do not."""
    limit = exempt.below_charge_percent
    if limit is not None and driver.charge_percent is not None and driver.charge_percent < limit:
        return Exemption(f"for batteries below {limit} %")
    if driver.vehicle_make and driver.vehicle_make.casefold() in {x.casefold() for x in exempt.vehicle_makes}:
        return Exemption(f"for {driver.vehicle_make}")
    moment = Moment(at, at.astimezone(zone_of(zone)).date(), driver.bap_id)
    for words, segment in _segments_of(exempt, driver):
        if any(decide(segment, facts, moment).holds for facts in with_past(driver.facts)):
            return Exemption(words, personal=bool(needs_facts(segment)))
    return NOT_EXEMPT


def segments_asked(exempt: Exemptions, known: Mapping[str, tuple[Segment, ...]]) -> tuple[Segment, ...]:
    """Return the rules that the customer's facts are looked up for."""
    return tuple(segment for _, segment in _segments_of(exempt, Driver(segments=known)))


def _segments_of(exempt: Exemptions, driver: Driver) -> Iterator[tuple[str, Segment]]:
    """Yield each exemption that a rule over facts decides, with its words."""
    conditions = (
        ("through this app", Condition(Fact.BAP, exempt.bap_ids)),
        ("for drivers of your organisation", Condition(Fact.ORGANISATION, exempt.organisations)),
        ("for your make of car", Condition(Fact.VEHICLE_MAKE, exempt.vehicle_makes)),
    )
    for words, condition in conditions:
        if condition.values:
            yield words, _rule(condition)
    if exempt.first_session:
        yield "for a first session", _rule(Condition(Fact.NEW))
    for segment_id in exempt.segment_ids:
        for segment in driver.segments.get(segment_id, ()):
            # How a CPO calls its customers among themselves is its own business.
            yield "for a group of customers that you belong to", segment


def _rule(condition: Condition) -> Segment:
    return Segment(_OWN, _OWN, (Rule(_OWN, _OWN, True, (condition,)),))
