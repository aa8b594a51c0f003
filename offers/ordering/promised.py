"""What a quote promised beside its price: products that offers give, and offers that stand beside the order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from offers.engine.benefits import rule_of
from offers.engine.giving import goods_of, units_given
from offers.engine.values import OfferTerms
from offers.ordering.orders import LockedQuote
from offers.priced import PricedSession
from pricing.engine.values import QuoteLine


def lost(old: LockedQuote, priced: PricedSession) -> str:
    """Return in words what the old quote promised beside its price and the new one does not, "" where nothing.

    Whichever offer gives a product, the driver gets it.
    """
    missing = _units(old.lines) - _units(priced.quote.lines)
    names = goods_of(old.lines)
    found = [f"{count} × {names[product].title}" for product, count in sorted(missing.items())]
    still = {terms.offer_id for terms in priced.applied()}
    found += [f"the offer {terms.offer_id}" for terms in _beside(old.offers) if terms.offer_id not in still]
    return " and ".join(found)


def _units(lines: Iterable[QuoteLine]) -> Counter[str]:
    """Return the units of each product that is given, by its id."""
    found: Counter[str] = Counter()
    for units in units_given(lines).values():
        found.update(units)
    return found


def _beside(offers: Iterable[OfferTerms]) -> list[OfferTerms]:
    return [terms for terms in offers if not rule_of(terms).reduces(terms)]
