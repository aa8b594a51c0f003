"""New drafts from what there is: an older version restored, an offer duplicated.

Who wrote what is copied is an author of the copy too: nobody approves their own words under another id or number.
"""

from __future__ import annotations

from dataclasses import replace

from django.core.exceptions import ValidationError
from django.db import transaction

from cpo_portal.accounts.tenancy import cpo_scope
from offers.authoring.codes import is_offer_id
from offers.authoring.content import OfferContent, content_of, taken
from offers.authoring.drafts import create_offer, put_draft, working_version
from offers.authoring.limits import limits_of
from offers.models import Offer, OfferVersion
from pricing.versions.review import Actor, keep_writers

#: The longest code of a version.
_LONGEST_CODE = 40


def restore(offer: Offer, number: int, *, actor: Actor) -> OfferVersion:
    """Put what an older version says into the draft, which is made where there is none."""
    with cpo_scope(offer.cpo), transaction.atomic():
        version = OfferVersion.objects.filter(offer=offer, number=number).first()
        if version is None:
            raise ValidationError({"version": f"This offer has no version {number}: choose one of its versions."})
        draft = put_draft(offer, content_of(version), actor, restored=version)
        if draft.published_at is not None or version.pk == draft.pk:
            raise ValidationError({"version": f"Version {number} is what the offer says already."})
        return draft


def duplicate(offer: Offer, offer_id: str, *, actor: Actor) -> Offer:
    """Make another offer, as a draft, that says the same with the same limits; its counters begin at nothing."""
    with cpo_scope(offer.cpo), transaction.atomic():
        version = working_version(offer)
        if version is None:
            raise ValidationError("This offer says nothing yet.")
        content = content_of(version)
        code = _free_code(offer, content, offer_id)
        copied = replace(content, name=f"{content.name[:193]} (copy)", display_code=code)
        limits = limits_of(offer)
        made = create_offer(offer.cpo, offer_id, copied, limits=limits, by=actor.by, by_token=actor.by_token)
        draft = OfferVersion.objects.get(offer=made)
        keep_writers(draft, version)
        draft.save(update_fields=["authors"])
        return made


def _free_code(offer: Offer, content: OfferContent, offer_id: str) -> str:
    """Return the code; one that buyers must send belongs to one offer, so the copy gets the next that is free.

    A label that is an offer's id stays with that offer.
    """
    copy = Offer(cpo=offer.cpo, offer_id=offer_id.strip())
    if not content.requires_code or content.single_use_codes:
        return "" if content.display_code and is_offer_id(copy, content.display_code) else content.display_code
    for number in range(2, 1000):
        ending = f"-{number}"
        code = content.display_code[: _LONGEST_CODE - len(ending)] + ending
        if not taken(copy, code, required=True):
            return code
    raise ValidationError("Every code like this one is taken: give the offer another code, then duplicate it.")
