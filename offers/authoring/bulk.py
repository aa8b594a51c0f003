"""Many new offers at once: checked like a single one, written in a handful of statements, all or none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.item_ids import lock_item_ids
from cpo_portal.network.models import Connector, Product
from offers.authoring.codes import CodesInUse, codes_in_use, lock_codes
from offers.authoring.content import OfferContent, apply_content
from offers.authoring.drafts import already_there, faults_of_new
from offers.authoring.ids import alike_but_for_capitals, is_code_of, is_id_of_an_item, is_id_of_an_offer
from offers.authoring.limits import LIMIT_FIELDS, first_counter
from offers.authoring.review import entry
from offers.engine.values import OfferLimits
from offers.models import Offer, OfferCounter, OfferState, OfferStateChange, OfferVersion
from offers.segments import unknown_segments
from pricing.versions.review import EDIT, Actor, edited

#: So many rows are written in one statement.
BATCH = 500
_ITEMS = ((Connector, "item_id"), (Product, "product_id"))


@dataclass(frozen=True, slots=True)
class NewOffer:
    """An offer that is to be made, and the line of the file that says so."""

    line: int
    offer_id: str
    content: OfferContent
    limits: OfferLimits = field(default_factory=OfferLimits)
    #: What of it could not be read; such an offer is checked and never written.
    unread: frozenset[str] = frozenset()


def check_new(cpo: Cpo, new: NewOffer) -> tuple[NewOffer, dict[str, list[str]]]:
    """Return the offer in its normal form with every reason to refuse it, by field; inside the CPO's scope."""
    offer = Offer(cpo=cpo, offer_id=new.offer_id.strip())
    content, errors = faults_of_new(offer, new.content, new.limits, new.unread)
    return NewOffer(new.line, new.offer_id.strip(), content or new.content, new.limits, new.unread), errors


def create_offers(cpo: Cpo, rows: Sequence[NewOffer], actor: Actor) -> Iterable[tuple[int, str, str]]:
    """Write checked offers as drafts, all of them or none.

    Returns what has come in between since they were checked, each as line, field and sentence: then nothing is written.
    """
    try:
        with cpo_scope(cpo), transaction.atomic():
            refused = list(_come_between(cpo, rows))
            if not refused:
                _write(cpo, rows, actor)
            return refused
    except IntegrityError:
        with cpo_scope(cpo):
            if refused := list(_come_between(cpo, rows)):
                return refused
        raise


def _come_between(cpo: Cpo, rows: Sequence[NewOffer]) -> Iterator[tuple[int, str, str]]:
    """Yield what others have taken or removed; what is left stays so until the transaction ends."""
    lock_codes(cpo.pk)
    lock_item_ids(cpo.pk)
    items = {x.upper() for model, name in _ITEMS for x in model._default_manager.values_list(name, flat=True)}
    codes = codes_in_use(cpo.pk)
    states = dict(Offer.objects.order_by().values_list("offer_id", "state"))
    ids = {name.upper(): name for name in states}
    gone = set(unknown_segments({name for new in rows for name in new.content.segment_ids}))
    for new in rows:
        if fault := _id_taken(new.offer_id, ids.get(new.offer_id.upper(), ""), codes):
            yield new.line, "offer_id", fault
        elif new.offer_id.upper() in items:
            yield new.line, "offer_id", is_id_of_an_item(new.offer_id)
        code = new.content.display_code
        if fault := codes.fault(code, required=new.content.requires_code):
            yield new.line, "display_code", fault
        elif states.get(ids.get(code.upper(), ""), OfferState.ARCHIVED) != OfferState.ARCHIVED:
            yield new.line, "display_code", is_id_of_an_offer(code)
        for name in sorted(gone.intersection(new.content.segment_ids)):
            yield new.line, "segment_ids", f"You have no segment “{name}”: give the id of one of yours."


def _id_taken(offer_id: str, other: str, codes: CodesInUse) -> str:
    """Return why an id cannot be given by now, "" where it can; `other` is an id that is alike but for capitals."""
    if other:
        return already_there(offer_id) if other == offer_id else alike_but_for_capitals(offer_id, other)
    holder = codes.offer_of(offer_id)
    return is_code_of(offer_id, holder) if holder else ""


def _write(cpo: Cpo, rows: Sequence[NewOffer], actor: Actor) -> None:
    key, now = actor.key, timezone.now()
    for start in range(0, len(rows), BATCH):
        part = rows[start : start + BATCH]
        offers = Offer.objects.bulk_create([_offer(cpo, new) for new in part])
        pairs = list(zip(part, offers, strict=True))
        versions = [_version(new, offer, actor, key) for new, offer in pairs]
        OfferStateChange.objects.bulk_create([_entry(version, actor, now) for version in versions])
        OfferVersion.objects.bulk_create(versions)
        counters = [first_counter(offer, new.limits) for new, offer in pairs]
        OfferCounter.objects.bulk_create([counter for counter in counters if counter is not None])


def _entry(draft: OfferVersion, actor: Actor, now: datetime) -> OfferStateChange:
    return entry(draft.offer, draft.offer.state, actor, move=EDIT, note=edited(draft), now=now)


def _offer(cpo: Cpo, new: NewOffer) -> Offer:
    return Offer(cpo=cpo, offer_id=new.offer_id, **{name: getattr(new.limits, name) for name in LIMIT_FIELDS})


def _version(new: NewOffer, offer: Offer, actor: Actor, key: str) -> OfferVersion:
    version = OfferVersion(cpo=offer.cpo, offer=offer, number=1, authors=[key] if key else None)
    version.created_by, version.created_by_token = actor.by, actor.by_token
    apply_content(version, new.content)
    return version
