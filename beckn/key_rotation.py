"""How one signing key of ours follows another: announced, signing, known for a while longer, retired."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from beckn import keys
from beckn.models import SigningKey
from cpo_portal.accounts.sealing import SealBroken, unseal

#: How long a key stays known after another has taken over: what it signed last is on its way, or read later.
OVERLAP = timedelta(hours=24)
#: Every process looks for a new key within this; a start that is further ahead is the same instant for all.
SHORTEST_NOTICE = timedelta(seconds=2 * keys.CACHE_SECONDS)


class Duty(StrEnum):
    """What a key of ours is for now."""

    SIGNS = "signs"
    WAITS = "waits"
    KNOWN = "known"


@dataclass(frozen=True, slots=True)
class Standing:
    """A key of ours and its duty; `until`: WAITS signs from then, KNOWN is retired then."""

    key_id: str
    public_key: bytes
    duty: Duty
    until: datetime | None = None


def standing_keys() -> list[Standing]:
    """Return our usable keys, the one that signs first; nothing of them is opened."""
    signing = keys.signing_row()
    found: list[Standing] = []
    for row in keys.usable_keys():
        if signing is not None and row.pk == signing.pk:
            found.insert(0, Standing(row.key_id, bytes(row.public_key), Duty.SIGNS))
        elif signing is None or row.valid_from > signing.valid_from:
            found.append(Standing(row.key_id, bytes(row.public_key), Duty.WAITS, row.valid_from))
        else:
            found.append(Standing(row.key_id, bytes(row.public_key), Duty.KNOWN, signing.valid_from + OVERLAP))
    return found


@transaction.atomic
def announce_key(*, starts_in: timedelta) -> tuple[SigningKey, bool]:
    """Make the key that signs after so long; False where one waits already, which is returned as it is.

    Raises SealBroken where the present key cannot be opened: what is sealed here the workers might not open either.
    """
    platform = keys.lock_platform()
    keys.forget()
    keys.own_key()
    waiting = _waiting()
    return (waiting, False) if waiting is not None else (keys.add_key(platform, starts_in=starts_in), True)


@transaction.atomic
def let_waiting_key_sign() -> SigningKey | None:
    """Let the announced key sign from now on, in every process within `CACHE_SECONDS`; None where none waits.

    Raises SealBroken where it cannot be opened.
    """
    keys.lock_platform()
    waiting = _waiting()
    if waiting is not None:
        unseal(waiting.sealed_seed or b"")
        SigningKey.objects.filter(pk=waiting.pk).update(valid_from=Now())
        keys.forget()
    return waiting


@transaction.atomic
def give_up_waiting_key() -> SigningKey | None:
    """Revoke the announced key, so that the present one goes on; None where none waits."""
    keys.lock_platform()
    waiting = _waiting()
    if waiting is not None:
        SigningKey.objects.filter(pk=waiting.pk).update(revoked_at=Now(), sealed_seed=None)
        keys.forget()
    return waiting


@transaction.atomic
def replace_at_once() -> tuple[SigningKey, int]:
    """Revoke what signs and what has signed, and let the announced key sign, or a new one where none waits or opens.

    Return it and how many were revoked. The seeds of the revoked ones are erased: nobody shall sign with them again.
    """
    platform = keys.lock_platform()
    waiting = _waiting()
    if waiting is None or not _opens(waiting):
        waiting = keys.add_key(platform)
    revoked = keys.usable_keys().exclude(pk=waiting.pk).order_by().update(revoked_at=Now(), sealed_seed=None)
    SigningKey.objects.filter(pk=waiting.pk).update(valid_from=Now())
    keys.forget()
    return waiting, revoked


@transaction.atomic
def retire_own_keys() -> int:
    """End what was followed by another key an overlap ago, and erase the seeds of ended keys; return how many ended."""
    ours = SigningKey.objects.filter(subscriber__subscriber_id=settings.BECKN_BPP_ID, sealed_seed__isnull=False)
    if not ours.exists():
        return 0
    keys.lock_platform()
    signing, retired = keys.signing_row(), 0
    if signing is not None:
        followed = keys.usable_keys().filter(valid_from__lte=signing.valid_from).exclude(pk=signing.pk)
        if SigningKey.objects.filter(pk=signing.pk, valid_from__lte=Now() - OVERLAP).exists():
            retired = followed.order_by().update(valid_until=Now(), sealed_seed=None)
    ours.filter(Q(revoked_at__isnull=False) | Q(valid_until__lte=Now())).update(sealed_seed=None)
    return retired


def _waiting() -> SigningKey | None:
    return keys.usable_keys().filter(valid_from__gt=Now()).order_by("valid_from").first()


def _opens(row: SigningKey) -> bool:
    try:
        return row.sealed_seed is not None and bool(unseal(row.sealed_seed))
    except SealBroken:
        return False
