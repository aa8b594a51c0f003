"""Codes that a buyer must send: each belongs to one offer of a CPO, also those that open it once."""

from __future__ import annotations

from django.db import connection
from django.db.models import F, Q

from offers.models import Offer, OfferState, OfferVersion, SingleUseCode


def code_in_use(offer: Offer, code: str) -> str | None:
    """Return the id of another offer, not archived, whose live or draft version asks for this code in any case.

    Inside a transaction the answer holds until it ends: two offers cannot take one code at the same time.
    """
    if connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('offers.codes'), %s)", [offer.cpo_id])
    return (
        OfferVersion.objects.filter(cpo=offer.cpo_id, requires_code=True, display_code__iexact=code)
        .filter(Q(published_at=None) | Q(offer__live_version=F("pk")))
        .exclude(offer=offer.pk)
        .exclude(offer__in=Offer.objects.filter(cpo=offer.cpo_id, state=OfferState.ARCHIVED))
        .values_list("offer__offer_id", flat=True)
        .first()
    )


def offer_of_single_use(offer: Offer, code: str) -> str | None:
    """Return the id of the offer that a single-use code of the CPO opens, None where this is no such code."""
    codes = SingleUseCode.objects.filter(cpo=offer.cpo_id, code=code.upper())
    return codes.values_list("batch__offer__offer_id", flat=True).first()
