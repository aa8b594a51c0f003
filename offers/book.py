"""The in-process offer book of a CPO, named by its revision: read once per evaluation, rebuilt when it moved."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Subquery

from cpo_portal.accounts.models import Cpo
from cpo_portal.database.queries import one_of
from offers.days import with_holidays
from offers.engine.book import OfferBook
from offers.engine.values import OfferTerms
from offers.mapping import offer_terms
from offers.models import BookRevision, Offer, OfferState, OfferStateChange, OfferVersion

#: What a buyer may name: a draft is nobody's business, an archived offer is unknown.
IN_BOOK = (OfferState.APPROVED, OfferState.PAUSED, OfferState.WITHDRAWN, OfferState.ENDED)


@dataclass(frozen=True, slots=True)
class LoadedBook:
    """A compiled book and the rows behind it: Beckn offer id → (offer pk, version pk)."""

    book: OfferBook
    keys: Mapping[str, tuple[int, int]]


_books: dict[int, LoadedBook] = {}
_locks: dict[int, threading.Lock] = {}
_locks_guard = threading.Lock()


def book_for(cpo: Cpo) -> LoadedBook:
    """Return the CPO's book as of its committed revision: one query, and one more when it changed.

    The revision is read before the content, and the content in one statement: a book may be newer than
    its name, which costs one rebuild, but never older.
    """
    revision = BookRevision.objects.filter(cpo=cpo).values_list("revision", flat=True).first() or 0
    loaded = _books.get(cpo.pk)
    if loaded is not None and loaded.book.revision == revision:
        return loaded
    with _lock_of(cpo.pk):
        loaded = _books.get(cpo.pk)
        if loaded is None or loaded.book.revision < revision:
            versions = OfferVersion.objects.filter(
                offer__state__in=IN_BOOK, pk=_live_version_of_its_offer()
            ).select_related("offer")
            loaded = _compile(((version.offer, version) for version in with_holidays(versions)), revision)
            _books[cpo.pk] = loaded
    return loaded


def loaded_revisions() -> dict[int, int]:
    """Return the revision of each book that this process has in memory, by the CPO's key."""
    return {cpo: loaded.book.revision for cpo, loaded in _books.copy().items()}


def book_lag() -> int:
    """Return how many revisions this process' books are behind, at most of any CPO."""
    loaded = loaded_revisions()
    revisions = BookRevision.objects.filter(one_of("pk", loaded)).values_list("pk", "revision")
    return max((revision - loaded[cpo] for cpo, revision in revisions), default=0)


def book_as_of(as_of: datetime) -> LoadedBook:
    """Return the book of the active scope as it stood at an instant, from the state history; never cached.

    Holiday calendars have no history: their days are those of now.
    """
    last = OfferStateChange.objects.filter(offer=OuterRef("pk"), at__lte=as_of).order_by("-id")
    offers = Offer.objects.annotate(
        then_state=Subquery(last.values("to_state")[:1]), then_version=Subquery(last.values("version")[:1])
    ).filter(then_state__in=IN_BOOK, then_version__isnull=False)
    versions = with_holidays(OfferVersion.objects.all()).in_bulk([offer.then_version for offer in offers])
    pairs = []
    for offer in offers:
        offer.state = offer.then_state
        pairs.append((offer, versions[offer.then_version]))
    return _compile(pairs, revision=0)


def _live_version_of_its_offer() -> Subquery:
    return Subquery(Offer.objects.filter(pk=OuterRef("offer_id")).values("live_version")[:1])


def _compile(pairs: Iterable[tuple[Offer, OfferVersion]], revision: int) -> LoadedBook:
    terms: list[OfferTerms] = []
    keys: dict[str, tuple[int, int]] = {}
    for offer, version in pairs:
        terms.append(offer_terms(offer, version))
        keys[offer.offer_id] = (offer.pk, version.pk)
    return LoadedBook(OfferBook.compile(terms, revision=revision), keys)


def _lock_of(cpo_id: int) -> threading.Lock:
    with _locks_guard:
        return _locks.setdefault(cpo_id, threading.Lock())
