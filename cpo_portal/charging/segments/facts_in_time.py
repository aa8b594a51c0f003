"""What is known of a customer with what named lists were before they were filled anew, which exemptions go by; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace

from cpo_portal.charging.segments.rules import CustomerFacts


@dataclass(frozen=True, slots=True)
class FactsInTime(CustomerFacts):
    """Facts with the lists that the customer was on, or was not, before staff filled them anew a short time ago."""

    left: frozenset[str] = frozenset()
    joined: frozenset[str] = frozenset()


def with_former_lists(facts: CustomerFacts, changes: Iterable[tuple[str, bool]]) -> FactsInTime:
    """Return the facts with changes of lists, each an id and whether the customer was on it before."""
    found = tuple(changes)
    left, joined = (frozenset(name for name, was_on in found if was_on is which) for which in (True, False))
    return FactsInTime(**{x.name: getattr(facts, x.name) for x in fields(CustomerFacts)}, left=left, joined=joined)


def with_past(facts: CustomerFacts | None) -> tuple[CustomerFacts | None, ...]:
    """Return the facts as they are, and as the lists were before they were changed."""
    if not isinstance(facts, FactsInTime):
        return (facts,)
    on, off = facts.lists | facts.left, facts.lists - facts.joined
    return tuple(replace(facts, lists=x) for x in dict.fromkeys((facts.lists, on, off, on - facts.joined)))
