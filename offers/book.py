"""The in-process offer book of a CPO, named by its revision: read once per evaluation, rebuilt when it moved."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import OuterRef, QuerySet, Subquery, TextField
from django.db.models.expressions import RawSQL

from cpo_portal.accounts.models import Cpo
from cpo_portal.charging.segments.rules import Segment
from cpo_portal.database.queries import one_of, rows_of
from offers.days import with_holidays
from offers.engine.book import OfferBook
from offers.engine.values import OfferLimits, OfferTerms
from offers.mapping import offer_terms
from offers.models import BookRevision, Offer, OfferPolicy, OfferState, OfferStateChange, OfferVersion
from offers.policies import policy_of
from offers.segments import compiled_segments
from pricing.engine.codec import decode
from pricing.models import HolidayCalendar

#: What a buyer may name: a draft is nobody's business, an archived offer is unknown.
IN_BOOK = (OfferState.APPROVED, OfferState.PAUSED, OfferState.WITHDRAWN, OfferState.ENDED)

#: A part of the book above one in so many is no part any more: all of it is read.
MOST_CHANGED = 4

# Whatever terms are made of besides a frozen version must have a part in this name of a row's state.
_ROW = "offers_offer.xmin::text || offers_offer.ctid::text"
_ROWS = f"""
SELECT id, {_ROW} FROM offers_offer
WHERE cpo_id = %s AND state = ANY(%s) AND live_version_id IS NOT NULL
"""  # noqa: S608


class Shared(NamedTuple):
    """What offers share: segments as compiled, and the names and days of the holiday calendars."""

    segments: Mapping[str, Segment]
    calendars: list[tuple[str, str, Any]]


@dataclass(frozen=True, slots=True)
class LoadedBook:
    """A compiled book, the rows behind it (Beckn offer id → (offer pk, version pk)) and the CPO's policy beside it.

    `hashes` remembers the hashes of the offers that quotes were proven with so far, by offer id.
    """

    book: OfferBook
    keys: Mapping[str, tuple[int, int]]
    #: Shared by all that read the book: never to be changed.
    policy: OfferPolicy
    #: What PostgreSQL calls the version of each offer's row, by its pk.
    rows: Mapping[int, str] = field(default_factory=dict)
    #: What offers share and no row of theirs tells: all are made again where it has changed.
    shared: Shared | None = None
    hashes: dict[str, str] = field(default_factory=dict, compare=False, repr=False)


_books: dict[int, LoadedBook] = {}
_locks: dict[int, threading.Lock] = {}
_locks_guard = threading.Lock()


def book_for(cpo: Cpo) -> LoadedBook:
    """Return the CPO's book as of its committed revision: one query, and five more when it changed.

    The revision is read before the content: a book may be newer than its name, which costs one more refresh, but
    never older. Of a book in memory only what has changed since is read.
    """
    revision = _revision_of(cpo)
    loaded = _books.get(cpo.pk)
    if loaded is not None and loaded.book.revision == revision:
        return loaded
    with _lock_of(cpo.pk):
        loaded = _books.get(cpo.pk)
        if loaded is None or loaded.book.revision < revision:
            loaded = _built(cpo, revision, _shared()) if loaded is None else _refreshed(cpo, loaded, revision)
            _books[cpo.pk] = loaded
    return loaded


def _revision_of(cpo: Cpo) -> int:
    """Return the committed revision; each price asks for it, in a third of the time that the ORM would take."""
    rows = rows_of("SELECT revision FROM offers_bookrevision WHERE cpo_id = %(cpo)s", {"cpo": cpo.pk})
    return int(rows[0][0]) if rows else 0


def _built(cpo: Cpo, revision: int, shared: Shared) -> LoadedBook:
    return _compile(((version.offer, version) for version in _contents()), revision, policy_of(cpo.pk), shared)


def _refreshed(cpo: Cpo, loaded: LoadedBook, revision: int) -> LoadedBook:
    """Return the book with what has another row than before read again; published versions never change."""
    shared = _shared()
    if shared != loaded.shared:
        return _built(cpo, revision, shared)
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, [cpo.pk, list(IN_BOOK)])
        rows: dict[int, str] = dict(cursor.fetchall())
    changed = [pk for pk, _ in rows.items() - loaded.rows.items()]
    if len(changed) > len(rows) // MOST_CHANGED:
        return _built(cpo, revision, shared)
    # By now an offer may have changed once more, or have left the book: what is read here counts.
    parts = ((x.offer, x) for x in _contents().filter(one_of("offer_id", changed)))
    found = _compile(parts, revision, policy_of(cpo.pk), shared)
    left = {*changed, *(loaded.rows.keys() - rows.keys())}
    gone = [offer_id for offer_id, (offer_pk, _) in loaded.keys.items() if offer_pk in left]
    keys = dict(loaded.keys)
    for offer_id in gone:
        del keys[offer_id]
    for offer_pk in changed:
        del rows[offer_pk]
    book = loaded.book.changed(found.book.all(), gone=gone, revision=revision)
    hashes = dict(loaded.hashes)
    for offer_id in gone:
        hashes.pop(offer_id, None)
    return LoadedBook(book, keys | dict(found.keys), found.policy, rows | dict(found.rows), loaded.shared, hashes)


def _contents() -> QuerySet[OfferVersion]:
    """Return the published versions that are in the book, with their offers and the versions of those rows."""
    versions = OfferVersion.objects.filter(offer__state__in=IN_BOOK, pk=_live_version_of_its_offer())
    return with_holidays(versions).select_related("offer").annotate(row=RawSQL(_ROW, [], TextField()))  # noqa: S611


def loaded_revisions() -> dict[int, int]:
    """Return the revision of each book that this process has in memory, by the CPO's key."""
    return {cpo: loaded.book.revision for cpo, loaded in _books.copy().items()}


def book_lag() -> int:
    """Return how many revisions this process' books are behind, at most of any CPO."""
    loaded = loaded_revisions()
    revisions = BookRevision.objects.filter(one_of("pk", loaded)).values_list("pk", "revision")
    return max((revision - loaded[cpo] for cpo, revision in revisions), default=0)


def book_as_of(cpo: Cpo, as_of: datetime) -> LoadedBook:
    """Return the CPO's book as it stood at an instant, from the state history; never cached.

    Holiday calendars, segments and the policy have no history: their days, rules and limits are those of now.
    """
    last = OfferStateChange.objects.filter(offer=OuterRef("pk"), at__lte=as_of).order_by("-id")
    offers = Offer.objects.annotate(
        then_state=Subquery(last.values("to_state")[:1]),
        then_version=Subquery(last.values("version")[:1]),
        then_limits=Subquery(last.values("limits")[:1]),
    ).filter(then_state__in=IN_BOOK, then_version__isnull=False)
    versions = with_holidays(OfferVersion.objects.all()).in_bulk([offer.then_version for offer in offers])
    terms: list[OfferTerms] = []
    keys: dict[str, tuple[int, int]] = {}
    segments = compiled_segments()
    for offer in offers:
        offer.state = offer.then_state
        then = offer_terms(offer, versions[offer.then_version], segments)
        # Entries of the history from before limits were kept say nothing about them: those of now stand in.
        limits = decode(OfferLimits, offer.then_limits) if offer.then_limits is not None else then.limits
        terms.append(replace(then, limits=limits))
        keys[offer.offer_id] = (offer.pk, offer.then_version)
    return LoadedBook(OfferBook.compile(terms, revision=0), keys, policy_of(cpo.pk))


def _shared() -> Shared:
    calendars = HolidayCalendar.objects.order_by("pk").values_list("calendar_id", "name", "days")
    return Shared(compiled_segments(), list(calendars))


def _live_version_of_its_offer() -> Subquery:
    return Subquery(Offer.objects.filter(pk=OuterRef("offer_id")).values("live_version")[:1])


def _compile(
    pairs: Iterable[tuple[Offer, OfferVersion]], revision: int, policy: OfferPolicy, shared: Shared
) -> LoadedBook:
    terms: list[OfferTerms] = []
    keys: dict[str, tuple[int, int]] = {}
    rows: dict[int, str] = {}
    for offer, version in pairs:
        terms.append(offer_terms(offer, version, shared.segments))
        keys[offer.offer_id] = (offer.pk, version.pk)
        rows[offer.pk] = getattr(version, "row", "")
    return LoadedBook(OfferBook.compile(terms, revision=revision), keys, policy, rows, shared)


def _lock_of(cpo_id: int) -> threading.Lock:
    with _locks_guard:
        return _locks.setdefault(cpo_id, threading.Lock())
