"""Holds all callbacks back, and lets them go again; a restore begins with a hold, and a person ends it."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now

from beckn import nudge
from beckn.models import DeliveryHold, OutboundCallback, OutboundState

#: The hold that `./portal restore` writes, together with the data that it brings back.
RESTORE = "restore"


def current_hold() -> DeliveryHold | None:
    """Return the oldest hold, or None while callbacks go out."""
    return DeliveryHold.objects.first()


def release_callbacks() -> int:
    """End every hold, so that what has waited goes out, and waits from now on; return how many there were."""
    with transaction.atomic():
        released, _ = DeliveryHold.objects.all().delete()
        if released:
            # A backup may be older than anybody is waited for: that time was ours, not the buyer apps'.
            OutboundCallback.objects.filter(state=OutboundState.PENDING).update(queued_at=Now())
        transaction.on_commit(nudge.outbox)
    return released


def hold_callbacks(name: str, reason: str) -> bool:
    """Send no callback from now on, until released; False when a hold of this name stands already."""
    _, made = DeliveryHold.objects.get_or_create(name=name, defaults={"reason": reason[:300]})
    return made
