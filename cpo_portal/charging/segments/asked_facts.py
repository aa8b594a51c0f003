"""The part of what is known of a customer that segments ask for; the rest decides nothing and need not be kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from cpo_portal.charging.segments.rules import CustomerFacts, Fact, Segment, lists_of, needs_facts, windows_of

#: The fields by which each fact is decided, beside sessions of some days and lists, of which only those named are kept.
_FIELDS = {
    Fact.TIER: "tier",
    Fact.ORGANISATION: "organisation",
    Fact.VEHICLE_MAKE: "vehicle_makes",
    Fact.NEW: "sessions",
    Fact.RETURNING: "sessions",
    Fact.LAPSED: "last_session",
    Fact.ENERGY: "energy_wh",
    Fact.ANNIVERSARY: "joined_on",
}


def asked_of(facts: CustomerFacts | None, segments: Iterable[Segment]) -> CustomerFacts | None:
    """Return these facts without what none of the segments asks for; None where they ask for none at all.

    Every decision about these segments comes out the same.
    """
    found = tuple(segments)
    if facts is None or not any(map(needs_facts, found)):
        return None
    asked = {condition.fact for segment in found for rule in segment.rules for condition in rule.conditions}
    windows, lists = windows_of(found), lists_of(found)
    kept = {name: getattr(facts, name) for fact, name in _FIELDS.items() if fact in asked}
    return replace(
        CustomerFacts(),
        **kept,
        sessions_within=tuple(x for x in facts.sessions_within if x[0] in windows),
        lists=facts.lists & lists,
    )
