"""The included pool of a subscription: the first energy of a session, in the order of time, at no price."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from pricing.engine.making import maker
from pricing.engine.metering import Supply
from pricing.engine.money import zero
from pricing.engine.values import LineKind, PricedSlice, PriceTerms, PricingModel, QuoteLine, SliceQuality
from pricing.engine.wording import energy_text

#: The line of what is included: no offer gives any of it, as nobody pays for it here.
INCLUDED_LINE = "INCLUDED-1"
_FREE = Decimal("0.00")
_FIXED = PricingModel.FIXED
_line = maker(QuoteLine)


def included_energy(terms: PriceTerms, energy_wh: int) -> int:
    """Return how much of so much energy is included; nothing where energy has no price of its own."""
    if terms.included_wh is None or terms.model is _FIXED:
        return 0
    return min(terms.included_wh, energy_wh)


def is_all_included(terms: PriceTerms, energy_wh: int) -> bool:
    """Tell whether nothing of a session's energy has a price, as long as it has any: its pool reaches for all of it."""
    least = max(energy_wh, 1)
    return included_energy(terms, least) == least


def with_included(slices: tuple[PricedSlice, ...], supply: Supply, terms: PriceTerms) -> tuple[PricedSlice, ...]:
    """Cut the slices at the energy up to which they are included, and give what is before it no price."""
    left = included_energy(terms, supply.energy_wh)
    if not left:
        return slices
    edge = supply.reached_at(left)
    found: list[PricedSlice] = []
    for piece in slices:
        if not left:
            found.append(piece)
        elif piece.energy_wh <= left:
            found.append(replace(piece, rate=_FREE))
            left -= piece.energy_wh
        else:
            found += _cut(piece, edge, left, supply)
            left = 0
    return tuple(found)


def without_included(slices: Iterable[PricedSlice], included_wh: int) -> list[PricedSlice]:
    """Return the slices with energy after the first `included_wh`, at which they were cut."""
    found = []
    for piece in slices:
        if included_wh:
            included_wh -= piece.energy_wh
        elif piece.energy_wh:
            found.append(piece)
    return found


def included_lines(terms: PriceTerms, item_id: str, included_wh: int) -> list[QuoteLine]:
    """Return the line of the included energy, none where nothing is included."""
    if not included_wh:
        return []
    title = f"Included energy ({energy_text(included_wh)})"
    quantity = Decimal(included_wh).scaleb(-3)
    return [_line(INCLUDED_LINE, LineKind.ENERGY, title, zero(terms.currency), quantity, "kWh", _FREE, item_id)]


def of_included(lines: Sequence[QuoteLine]) -> QuoteLine | None:
    """Return the line of the included energy, which comes first; None where nothing is included."""
    return lines[0] if lines and lines[0].line_id == INCLUDED_LINE else None


def _cut(piece: PricedSlice, edge: datetime, included_wh: int, supply: Supply) -> tuple[PricedSlice, PricedSlice]:
    readings = {point.at for point in supply.points} if supply.metered else frozenset()

    def known(starts_at: datetime, ends_at: datetime) -> SliceQuality:
        read = starts_at in readings and ends_at in readings
        return SliceQuality.METERED if read else SliceQuality.INTERPOLATED

    first, last = known(piece.starts_at, edge), known(edge, piece.ends_at)
    return (
        replace(piece, ends_at=edge, energy_wh=included_wh, rate=_FREE, quality=first),
        replace(piece, starts_at=edge, energy_wh=piece.energy_wh - included_wh, quality=last),
    )
