"""What nobody recorded of the past: how busy a site was and what was in stock, and how a replay does without it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from offers.engine.book import OfferBook
from offers.engine.values import OfferTerms


def without_levels(offer: OfferTerms) -> OfferTerms:
    """Return the offer as it is where the site was quiet enough and everything in stock."""
    return replace(offer, qualifier=replace(offer.qualifier, max_busy_percent=None, stock_at_least=None))


def asks_for_levels(offer: OfferTerms) -> bool:
    """Say whether the offer depends on how busy or stocked a site is."""
    return offer.qualifier.max_busy_percent is not None or offer.qualifier.stock_at_least is not None


class PastBook:
    """A book for replays: what asks for unrecorded levels met them where it was given then, and nowhere else."""

    def __init__(self, offers: Iterable[OfferTerms]) -> None:
        self.book = OfferBook.compile(offers, revision=0)
        self._asking = frozenset(x.offer_id for x in self.book.all() if asks_for_levels(x))
        self._known: dict[frozenset[str], OfferBook] = {frozenset(): self.book}

    def where_given(self, given: Iterable[str]) -> OfferBook:
        """Return the book for a session that was given these offers, by id."""
        met = self._asking.intersection(given)
        book = self._known.get(met)
        if book is None:
            offers = [without_levels(x) for x in self.book.all() if x.offer_id in met]
            book = self._known[met] = self.book.changed(offers, gone=(), revision=0)
        return book
