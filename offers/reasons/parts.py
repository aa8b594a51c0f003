"""What the sentences of reasons are put together from: names, and the joints between the parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from offers.engine.values import Check
from offers.reasons.before import about_of

#: Offers that are named in a sentence.
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Names:
    """What people call what checks name by id or code: places, connectors and products, categories, offers, lists.

    `currency` is that of the amounts; empty where nobody has said which it is, and amounts then stay numbers.
    """

    locations: Mapping[str, str] = field(default_factory=dict)
    items: Mapping[str, str] = field(default_factory=dict)
    categories: Mapping[str, str] = field(default_factory=dict)
    chargers: Mapping[str, str] = field(default_factory=dict)
    areas: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, str] = field(default_factory=dict)
    offers: Mapping[str, str] = field(default_factory=dict)
    currency: str = ""


NO_NAMES = Names()


def with_margin(text: str, margin: str) -> str:
    return f"{text} ({margin})" if margin else text


def named(check: Check, known: Mapping[str, str]) -> str:
    """Return the name of the first that the check is about, "" where it has none."""
    return next((known[x] for x in about_of(check).ids if x in known), "")


def joined(names: Sequence[str]) -> str:
    """Return "A, B and C", and of more than three "A, B, C and 2 more"."""
    said = [*names[:_NAMED], *([f"{len(names) - _NAMED} more"] if len(names) > _NAMED else [])]
    return f"{', '.join(said[:-1])} and {said[-1]}" if len(said) > 1 else "".join(said)
