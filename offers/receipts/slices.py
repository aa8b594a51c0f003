"""Which surcharges of a bill held in each of its slices, as receipts and the staff's pages name them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from pricing.engine.surge import surges_at, surges_counted
from pricing.engine.values import LineKind, PricedSlice, PriceTerms, QuoteLine, SliceQuality


class Part(Protocol):
    """A slice, stored or just made."""

    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...
    @property
    def energy_wh(self) -> int: ...
    @property
    def rate(self) -> Decimal: ...


@dataclass(frozen=True, slots=True)
class Surcharged:
    """Names the surcharges of slices by what a bill was made with, of those that have a line on it."""

    terms: PriceTerms
    lines: Iterable[QuoteLine]

    def names(self, part: Part) -> str:
        """Return the surcharges that count in a slice, in the order of the bill; "" for none.

        Those that came to nothing, as for who is exempt, are said not to be charged: their lines say why.
        """
        holding = surges_at(self.terms, part.starts_at)
        piece = PricedSlice(part.starts_at, part.ends_at, part.energy_wh, part.rate, SliceQuality.SINGLE_RATE, holding)
        counted = surges_counted((piece,), self.terms)
        names = {x.surge_id: x.name for x in self.terms.surges}
        found = [x for x in self.lines if x.kind is LineKind.SURGE and x.code in counted]
        return ", ".join(names[x.code] + ("" if x.amount else " (not charged)") for x in found)
