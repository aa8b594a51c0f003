"""Codes that a buyer must send: each belongs to one offer of a CPO, also those that open it once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from django.db.models import F, Q, QuerySet

from offers.known import all_names, is_remembering, keep, kept, recall
from offers.models import Offer, OfferState, OfferVersion, SingleUseCode


@dataclass(frozen=True, slots=True)
class CodesInUse:
    """The codes of offers, in capitals, each with the offer it belongs to: those that buyers must send, and labels.

    Who knows a label needs no secret, so that no code is both.
    """

    asked: dict[str, str]
    shown: dict[str, str]

    def fault(self, code: str, *, required: bool) -> str:
        """Return the sentence that refuses the code, "" where it is free; labels may repeat each other."""
        if other := self.asked.get(code.upper()):
            return f"The offer {other} already asks for this code: choose another."
        if required and (other := self.shown.get(code.upper())):
            return f"The offer {other} shows this code to everybody: choose another."
        return ""

    def offer_of(self, code: str) -> str | None:
        """Return the offer that the code belongs to, or one that shows it."""
        return self.asked.get(code.upper()) or self.shown.get(code.upper())


def codes_like(offer: Offer, code: str) -> CodesInUse:
    """Return the codes of other offers, not archived, live or draft, that are spelled like this one in any case.

    Inside a transaction the answer holds until it ends: two offers cannot take one code at the same time.
    """
    if is_remembering():
        return recall("codes", lambda: codes_in_use(offer.cpo_id))
    if connection.in_atomic_block:
        lock_codes(offer.cpo_id)
    return _read(_current(offer.cpo_id).filter(display_code__iexact=code).exclude(offer=offer.pk))


def codes_in_use(cpo_id: int) -> CodesInUse:
    """Return every code of the CPO's offers but single-use ones."""
    return _read(_current(cpo_id))


def is_offer_id(offer: Offer, code: str) -> bool:
    """Say whether the code is, in any case, the id of another offer, not archived: buyer apps would ask for that one by
    it."""
    if is_remembering():
        known = recall("offer ids in capitals", lambda: _ids_in_capitals(offer.cpo_id))
        return code.upper() in known and code.upper() != offer.offer_id.upper()
    others = Offer.objects.filter(cpo=offer.cpo_id, offer_id__iexact=code).exclude(state=OfferState.ARCHIVED)
    return others.exclude(pk=offer.pk).exists()


def _ids_in_capitals(cpo_id: int) -> set[str]:
    archived = Offer.objects.filter(cpo=cpo_id, state=OfferState.ARCHIVED).values_list("offer_id", flat=True)
    return {x.upper() for x in all_names(Offer.objects, "offer_id") - set(archived)}


def lock_codes(cpo_id: int) -> None:
    """Keep everybody else from taking a code of this CPO until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('offers.codes'), %s)", [cpo_id])


def _current(cpo_id: int) -> QuerySet[OfferVersion]:
    """Return the live and draft versions with a code, of offers that are not archived."""
    versions = OfferVersion.objects.filter(cpo=cpo_id).exclude(display_code="")
    current = versions.filter(Q(published_at=None) | Q(offer__live_version=F("pk")))
    return current.exclude(offer__in=Offer.objects.filter(cpo=cpo_id, state=OfferState.ARCHIVED))


def _read(versions: QuerySet[OfferVersion]) -> CodesInUse:
    codes = CodesInUse({}, {})
    rows = versions.order_by("offer", "number").values_list("requires_code", "display_code", "offer__offer_id")
    for required, code, name in rows:
        (codes.asked if required else codes.shown).setdefault(code.upper(), name)
    return codes


def offer_of_single_use(offer: Offer, code: str) -> str | None:
    """Return the id of the offer that a single-use code of the CPO opens, None where this is no such code."""
    known = kept("single-use codes")
    if known is not None:
        found: str | None = known.get(code.upper())
        return found
    codes = SingleUseCode.objects.filter(cpo=offer.cpo_id, code=code.upper())
    return codes.values_list("batch__offer__offer_id", flat=True).first()


def keep_single_use(cpo_id: int, codes: Iterable[str]) -> None:
    """Look up at once which of these codes, of a whole file, are single-use codes of the CPO."""
    wanted, found = sorted({code.upper() for code in codes if code}), dict[str, str]()
    for start in range(0, len(wanted), 1000):
        rows = SingleUseCode.objects.filter(cpo=cpo_id, code__in=wanted[start : start + 1000])
        found |= dict(rows.values_list("code", "batch__offer__offer_id"))
    keep("single-use codes", found)
