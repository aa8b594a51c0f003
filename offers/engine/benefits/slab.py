"""The `slab` kind: bands of whole kWh, each with its own percentage or amount and its own cap."""

from __future__ import annotations

from decimal import Decimal

from offers.engine.benefits import plain
from offers.engine.benefits.plain import added, giving, qualifying, reduces, slack
from offers.engine.situation import Situation, base_of, lines_of
from offers.engine.values import Check, OfferTerms, ReasonCode, Slab
from pricing.engine.values import LineKind
from pricing.engine.wording import energy_text

__all__ = [
    "added",
    "checks",
    "energy_edges",
    "giving",
    "lines",
    "maximum",
    "most_between",
    "qualifying",
    "reduces",
    "saving",
    "slack",
    "slope",
    "thresholds",
    "title",
    "words",
]

_NOTHING = Decimal(0)
#: Energy is sold by the kWh, by the minute or by the session.
_OF_ENERGY = frozenset({LineKind.ENERGY, LineKind.TIME, LineKind.FLAT})


def whole_kwh(situation: Situation, lines: tuple[int, ...]) -> int:
    """Return the whole kWh of the session, 0 where its energy is not in the offer's scope."""
    return _energy_wh(situation, lines) // 1000


def slab_at(offer: OfferTerms, kwh: int) -> Slab | None:
    """Return the band of so many whole kWh; between two bands there is none."""
    return next((x for x in offer.benefit.slabs if x.holds(kwh)), None)


def lines(offer: OfferTerms, situation: Situation) -> tuple[int, ...]:
    return lines_of(offer, situation)


def saving(offer: OfferTerms, situation: Situation, lines: tuple[int, ...]) -> Decimal:
    slab = slab_at(offer, whole_kwh(situation, lines))
    return _NOTHING if slab is None else plain.taken(offer, base_of(situation, lines), slab)


def checks(offer: OfferTerms, situation: Situation) -> tuple[Check, ...]:
    energy_wh = _energy_wh(situation, lines(offer, situation))
    slabs, kwh = offer.benefit.slabs, energy_wh // 1000
    passed = slab_at(offer, kwh) is not None
    above = next((x for x in slabs if x.item_count > kwh), None)
    margin = "" if passed or above is None else f"{energy_text(above.item_count * 1000 - energy_wh)} short"
    expected = "; ".join(map(band_words, slabs))
    return (Check(ReasonCode.SLAB, "benefit.slabs", expected, energy_text(energy_wh), passed, margin),)


def most_between(offer: OfferTerms, low: Situation, high: Situation) -> Decimal | None:
    """Return the most of the bands between: from one to the next the saving jumps, and between two it falls to 0."""
    at_low, at_high = lines(offer, low), lines(offer, high)
    first, last = whole_kwh(low, at_low), whole_kwh(high, at_high)
    met = [x for x in offer.benefit.slabs if x.item_count <= last and not _ends_before(x, first)]
    if not met or (len(met) == 1 and met[0].holds(first) and met[0].holds(last)):
        return None
    base = base_of(high, at_high)
    return max(plain.taken(offer, base, slab) for slab in met)


def slope(offer: OfferTerms, situation: Situation, lines: tuple[int, ...]) -> Decimal:
    slab = slab_at(offer, whole_kwh(situation, lines))
    return _NOTHING if slab is None else plain.line_of(offer, slab).slope_at(base_of(situation, lines))


def maximum(offer: OfferTerms) -> Decimal | None:
    return plain.least_of(max((x.value_cap for x in offer.benefit.slabs), default=None), offer.limits.redemption_cap)


def thresholds(offer: OfferTerms) -> tuple[Decimal, ...]:
    bends = (bend for slab in offer.benefit.slabs for bend in plain.line_of(offer, slab).bend())
    return (*plain.least_value(offer), *bends)


def energy_edges(offer: OfferTerms) -> tuple[int, ...]:
    return tuple(1000 * kwh for kwh in bounds(offer))


def title(offer: OfferTerms, situation: Situation | None) -> str | None:
    if situation is None:
        return None
    slab = slab_at(offer, whole_kwh(situation, lines(offer, situation)))
    return "" if slab is None else f"{plain.value_title(offer, slab)}, {band_words(slab)}"


def words(offer: OfferTerms) -> str:
    parts = []
    for slab in offer.benefit.slabs:
        text = plain.capped_words(plain.value_words(offer, slab), offer, slab.value_cap)
        parts.append(f"{text}, for {band_words(slab)}")
    return "; ".join(parts)


def band_words(slab: Slab) -> str:
    """Return "10–19 kWh", "20 kWh and more" or "5 kWh"."""
    if slab.item_count_upper is None:
        return f"{slab.item_count} kWh and more"
    if slab.item_count == slab.item_count_upper:
        return f"{slab.item_count} kWh"
    return f"{slab.item_count}–{slab.item_count_upper} kWh"


def bounds(offer: OfferTerms) -> tuple[int, ...]:
    """Return each whole kWh at which a band begins or has ended."""
    slabs = offer.benefit.slabs
    ends = {x.item_count_upper + 1 for x in slabs if x.item_count_upper is not None}
    return tuple(sorted(({x.item_count for x in slabs} | ends) - {0}))


def _energy_wh(situation: Situation, lines: tuple[int, ...]) -> int:
    cart = situation.cart
    return cart.energy_wh if any(cart.lines[n].kind in _OF_ENERGY for n in lines) else 0


def _ends_before(slab: Slab, kwh: int) -> bool:
    return slab.item_count_upper is not None and slab.item_count_upper < kwh
