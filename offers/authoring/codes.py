"""Codes that a buyer must send: each belongs to one offer of a CPO, also those that open it once."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection
from django.db.models import F, Q, QuerySet

from offers.known import is_remembering, keep, kept, recall
from offers.models import Offer, OfferState, OfferVersion, SingleUseCode


def code_in_use(offer: Offer, code: str) -> str | None:
    """Return the id of another offer, not archived, whose live or draft version asks for this code in any case.

    Inside a transaction the answer holds until it ends: two offers cannot take one code at the same time.
    """
    if is_remembering():
        return recall("codes", lambda: codes_in_use(offer.cpo_id)).get(code.upper())
    if connection.in_atomic_block:
        lock_codes(offer.cpo_id)
    named = _asking(offer.cpo_id).filter(display_code__iexact=code).exclude(offer=offer.pk)
    return named.values_list("offer__offer_id", flat=True).first()


def codes_in_use(cpo_id: int) -> dict[str, str]:
    """Return every code that a buyer must send, in capitals, with the id of the offer that asks for it."""
    rows = _asking(cpo_id).exclude(display_code="").order_by("offer", "number")
    return {code.upper(): name for code, name in rows.values_list("display_code", "offer__offer_id")}


def lock_codes(cpo_id: int) -> None:
    """Keep everybody else from taking a code of this CPO until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('offers.codes'), %s)", [cpo_id])


def _asking(cpo_id: int) -> QuerySet[OfferVersion]:
    """Return the live and draft versions, of offers that are not archived, that ask for a code."""
    versions = OfferVersion.objects.filter(cpo=cpo_id, requires_code=True)
    current = versions.filter(Q(published_at=None) | Q(offer__live_version=F("pk")))
    return current.exclude(offer__in=Offer.objects.filter(cpo=cpo_id, state=OfferState.ARCHIVED))


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
