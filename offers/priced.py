"""A price as it was made for a buyer, with the rows and the offers that it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from offers.asking import SessionAsk
from offers.book import LoadedBook
from offers.engine.facts import UNOBSERVED, Levels
from offers.engine.values import OfferContext, OfferTerms, OfferTrace
from offers.models import OfferPolicy
from offers.sent_codes import best_codes
from offers.surging import SurgesHere
from offers.usage import Asked, FoundCode
from pricing.engine import values as engine
from pricing.models import TariffVersion


@dataclass(frozen=True, slots=True)
class PricedSession:
    """A price, with the rows it came from."""

    quote: engine.Quote
    tariff_version: TariffVersion
    book: LoadedBook
    policy: OfferPolicy
    #: Until when the price that it keeps was promised, where it keeps one.
    kept_until: datetime | None = None
    #: The single-use codes that were sent, by what was sent, in capitals.
    single_use: Mapping[str, FoundCode] = field(default_factory=dict)
    #: What the offers were judged by, and all of them that were looked at: the price depends on no more.
    context: OfferContext | None = None
    considered: tuple[OfferTerms, ...] = ()
    #: What was observed of the site, or kept from an earlier quote.
    levels: Levels = UNOBSERVED
    #: The keys of the referral codes that were sent, by what was sent, in capitals.
    referrals: Mapping[str, int] = field(default_factory=dict)
    #: The surges that were found for the session, or locked by an earlier quote.
    surges: SurgesHere = field(default_factory=SurgesHere)
    #: What was asked of the moment on behalf of the offers that could apply here.
    asked: Asked | None = None

    @property
    def trace(self) -> OfferTrace:
        """Return what became of every candidate offer."""
        trace: OfferTrace = self.quote.trace or OfferTrace()
        return trace

    def applied(self) -> list[OfferTerms]:
        """Return the offers that apply, in the order chosen."""
        found = (self.book.book.get(offer_id) for offer_id in self.trace.chosen)
        return [terms for terms in found if terms is not None]

    def opened_by(self, word: str) -> OfferTerms | None:
        """Return the offer that a sent word is a code of: its own code, or a single-use one."""
        book = self.book.book
        found = self.single_use.get(word.upper())
        return book.by_code(word) or (book.get(found.offer_id) if found is not None else None)

    def knows(self, word: str) -> bool:
        """Return whether a sent word is a code: of an offer, or of a customer who refers."""
        return word.upper() in self.referrals or self.opened_by(word) is not None

    def is_secret(self, word: str) -> bool:
        """Return whether a sent word may only be known to who was given it: no offer's id, and on no catalogue."""
        label = self.book.book.by_code(word)
        return self.book.book.get(word) is None and (label is None or label.requires_code)

    def asked_for(self, ask: SessionAsk) -> frozenset[str]:
        """Return the ids of the offers that the buyer asked for, by id or by code, and what named no offer."""
        return frozenset(ask.opted_in) | self.asked_by_code(ask)

    def asked_by_code(self, ask: SessionAsk) -> frozenset[str]:
        """Return the ids of the offers whose codes the buyer sent."""
        opened = (self.opened_by(word) for word in (*ask.opted_in, *ask.codes))
        return frozenset(terms.offer_id for terms in opened if terms is not None)

    def code_of(self, terms: OfferTerms) -> int | None:
        """Return the key of the single-use code that opened the offer, None where it asks for none."""
        return best_codes(self.single_use)[terms.offer_id].key if terms.single_use else None
