"""What a session would cost now, and with a draft published: the price check's evaluator for the pages of staff."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from cpo_portal.network.models import Connector
from offers.book import LoadedBook, book_for
from offers.engine.book import OfferBook
from offers.mapping import offer_terms
from offers.models import Offer, OfferState, OfferVersion
from offers.quoting import Lock, SessionAsk, price_session
from offers.refusals import Refusal
from pricing.engine.values import PricingError, Quote
from pricing.mapping import tariff_with_draft
from pricing.models import Tariff, TariffVersion


@dataclass(frozen=True, slots=True)
class Trial:
    """One price: `quote`, or why there is none; of the codes that were sent, those that belong to no offer."""

    title: str
    quote: Quote | None = None
    refusal: str = ""
    unknown_codes: tuple[str, ...] = ()


def try_now(connector: Connector, ask: SessionAsk, now: datetime) -> Trial:
    """Return the price of now; inside the CPO's scope."""
    return _trial("As it is now", connector, ask, now, Lock())


def try_offer(offer: Offer, connector: Connector, ask: SessionAsk, now: datetime) -> Iterator[Trial]:
    """Yield the price of now, and the price if the offer's latest version were live; inside the CPO's scope.

    Whoever tries an offer that asks for single-use codes is taken to have one.
    """
    opened = frozenset({offer.offer_id})
    yield _trial("As it is now", connector, ask, now, Lock(opened=opened))
    working = OfferVersion.objects.filter(offer=offer).order_by("-number").first()
    if working is not None and (working.published_at is None or offer.state != OfferState.APPROVED):
        book = with_version(book_for(connector.cpo), offer, working)
        yield _trial(f"If version {working.number} were live", connector, ask, now, Lock(book=book, opened=opened))


def try_tariff(tariff: Tariff, connector: Connector, ask: SessionAsk, now: datetime) -> Iterator[Trial]:
    """Yield the price of now, and the price if the tariff's draft were published; inside the CPO's scope."""
    yield try_now(connector, ask, now)
    draft = TariffVersion.objects.select_related("tariff").filter(tariff=tariff, published_at=None).first()
    if draft is None:
        return
    title = f"If draft {draft.number} were published"
    version = tariff_with_draft(connector, draft, at=ask.planned_start)
    if version is None or version.pk != draft.pk:
        name = f"“{version.tariff}” still prices this connector" if version else "no tariff prices this connector"
        yield Trial(title, refusal=f"It would not apply here: {name}.")
        return
    yield _trial(title, connector, ask, now, Lock(tariff_version=version))


def with_version(loaded: LoadedBook, offer: Offer, version: OfferVersion) -> LoadedBook:
    """Return the book with this version of the offer live in it."""
    terms = replace(offer_terms(offer, version), state=OfferState.APPROVED.value)
    others = [found for found in loaded.book.all() if found.offer_id != offer.offer_id]
    book = OfferBook.compile([*others, terms], revision=loaded.book.revision)
    return LoadedBook(book, {**loaded.keys, offer.offer_id: (offer.pk, version.pk)}, loaded.policy)


def _trial(title: str, connector: Connector, ask: SessionAsk, now: datetime, lock: Lock) -> Trial:
    try:
        priced = price_session(connector, ask, now=now, lock=lock)
    except (PricingError, Refusal) as refusal:
        return Trial(title, refusal=str(refusal))
    return Trial(title, priced.quote, unknown_codes=tuple(code for code in ask.codes if not priced.knows(code)))
