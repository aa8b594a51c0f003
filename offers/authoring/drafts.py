"""Drafts: the one version of an offer that may change, until it is published."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from cpo_portal.accounts.models import Cpo, User
from cpo_portal.accounts.tenancy import cpo_scope
from offers.authoring.content import OfferContent, apply_content, checked, content_of
from offers.authoring.ids import check_offer_id
from offers.authoring.unread import refused_by
from offers.engine.values import OfferLimits
from offers.known import is_remembering, recall
from offers.mapping import limits_of
from offers.models import Offer, OfferState, OfferVersion
from offers.states import is_editable
from pricing.versions.review import EDIT, Actor, edited, keep_writers, sign
from pricing.versions.revisions import Expected, refuse_another


def create_offer(
    cpo: Cpo,
    offer_id: str,
    content: OfferContent,
    *,
    limits: OfferLimits | None = None,
    by: User | None = None,
    by_token: str = "",
) -> Offer:
    """Make an offer with its first draft; raises ValidationError by field."""
    from offers.authoring.limits import set_limits

    offer = Offer(cpo=cpo, offer_id=offer_id.strip())
    with cpo_scope(cpo), transaction.atomic():
        _, errors = faults_of_new(offer, content, limits or OfferLimits())
        if errors:
            raise ValidationError(errors)  # type: ignore[arg-type]
        try:
            with transaction.atomic():
                offer.save(force_insert=True)
        except IntegrityError as race:
            raise ValidationError({"offer_id": already_there(offer.offer_id)}) from race
        made = set_limits(offer, limits) if limits is not None else offer
        put_draft(made, content, Actor(by, by_token))
        return made


def faults_of_new(
    offer: Offer, content: OfferContent, limits: OfferLimits, unread: Collection[str] = ()
) -> tuple[OfferContent | None, dict[str, list[str]]]:
    """Return the normal form of what a new offer says, None where there is none, and every fault by field.

    Inside the CPO's scope; `offer` is not saved yet. Of an offer with fields that could not be read, its id among
    them, every fault is told that can be known without them.
    """
    from offers.authoring.limits import check_limits

    normal: list[OfferContent] = []
    named = "offer_id" not in unread
    errors = refused_by(
        lambda: offer.clean_fields(exclude={"cpo", "live_version", *({"offer_id"} & {*unread})}),
        lambda: check_offer_id(offer.cpo, offer.offer_id) if named else None,
        lambda: check_limits(limits, unread),
        lambda: normal.append(checked(offer, content, unread)),
    )
    if named and _is_taken(offer.offer_id):
        errors["offer_id"] = [already_there(offer.offer_id)]
    return (normal[0] if normal else None), errors


def save_draft(
    offer: Offer, content: OfferContent, *, by: User | None = None, by_token: str = "", expected: Expected = None
) -> OfferVersion:
    """Put the content into the draft, or into a new draft when the latest version is published.

    Content that equals the published version makes no draft, unless the offer was ended: then it can be published
    again as it was. `expected` is the number or the revision of the version that the author started from: when the
    working version is another by now, nothing is saved. A draft that is changed while it is in review is submitted
    anew. What changes the draft is an entry of the history.
    """
    return put_draft(offer, content, Actor(by, by_token), expected=expected)


def put_draft(
    offer: Offer,
    content: OfferContent,
    actor: Actor,
    *,
    expected: Expected = None,
    restored: OfferVersion | None = None,
) -> OfferVersion:
    """Do what `save_draft` does; `restored` is the version whose content this is, and who wrote that wrote this."""
    with cpo_scope(offer.cpo), transaction.atomic():
        locked = lock_offer(offer)
        if not is_editable(locked.state):
            raise ValidationError(f"This offer is {locked.get_state_display().lower()}: make a new one instead.")
        latest = working_version(locked)
        if latest is not None:
            refuse_another(expected, latest.number, content_of(latest), "offer")
        content = checked(locked, content)
        if latest is not None and latest.published_at is None:
            version = latest
        elif latest is not None and content_of(latest) == content and locked.state != OfferState.ENDED:
            return latest
        else:
            version = OfferVersion(cpo=locked.cpo, offer=locked, number=latest.number + 1 if latest else 1)
        if version.pk is None or content_of(version) != content:
            _tell(locked, version, actor, restored)
            version.submitted_at, version.submitted_by = None, ""
            sign(version, actor)
            if restored is not None:
                keep_writers(version, restored)
        apply_content(version, content)
        version.save()
        return version


def _tell(locked: Offer, draft: OfferVersion, actor: Actor, restored: OfferVersion | None) -> None:
    """Write into the history that a draft is about to say something else."""
    from offers.authoring import review

    now = timezone.now()
    told = review.begin_anew(locked, actor, what="It was changed", now=now)
    if restored is not None:
        said = f"Version {restored.number} was put into draft {draft.number}."
        review.record(locked, locked.state, actor, move="restore", note=said, now=now)
    elif not told:
        review.record(locked, locked.state, actor, move=EDIT, note=edited(draft), now=now)


def discard_draft(offer: Offer) -> None:
    """Drop the draft and go back to the published version."""
    with cpo_scope(offer.cpo), transaction.atomic():
        lock_offer(offer)
        drafts = OfferVersion.objects.filter(offer=offer, published_at=None)
        if not OfferVersion.objects.filter(offer=offer).exclude(published_at=None).exists():
            raise ValidationError("This offer has never been published: archive it instead.")
        if not drafts.exists():
            raise ValidationError("There is no draft to discard.")
        drafts.delete()


def working_version(offer: Offer) -> OfferVersion | None:
    """Return the latest version: the draft where there is one, else the last one published."""
    return OfferVersion.objects.filter(offer=offer).order_by("-number").first()


def draft_key(version: OfferVersion) -> str:
    """Return what names a draft as it is now, with its limits: whoever publishes says by it what they have read."""
    # As the database has them: the same amount has one text there.
    rows = OfferVersion.objects.select_related("offer").get(pk=version.pk)
    said = (rows.number, content_of(rows), limits_of(rows.offer))
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]


def lock_offer(offer: Offer, *, against_new_uses: bool = False) -> Offer:
    """Lock the offer's row and return it as it is now.

    `against_new_uses` also keeps reservations and ledger entries, whose foreign keys share the row, waiting.
    """
    rows = Offer.objects.select_for_update(no_key=not against_new_uses, of=("self",)).select_related("cpo")
    return rows.get(pk=offer.pk)


def _is_taken(offer_id: str) -> bool:
    if not is_remembering():
        return Offer.objects.filter(offer_id=offer_id).exists()
    return offer_id in recall("offer ids", lambda: set(Offer.objects.order_by().values_list("offer_id", flat=True)))


def already_there(offer_id: str) -> str:
    """Return the sentence that refuses an id which another offer of the CPO has."""
    return f"You already have an offer “{offer_id}”: choose another id."
