"""Tariffs as they are written: drafts, publishing and ending, one transaction each."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from cpo_portal.accounts.models import Cpo, User
from cpo_portal.accounts.tenancy import cpo_scope
from pricing.authoring.ceilings import refuse_above
from pricing.authoring.claims import claims_with, take
from pricing.authoring.content import TariffContent, checked, content_of, write_content
from pricing.authoring.prices import Uncovering
from pricing.models import Tariff, TariffState, TariffStateChange, TariffVersion
from pricing.versions.drafts import Drafts
from pricing.versions.revisions import Expected

_DRAFTS = Drafts(Tariff, TariffVersion, "tariff", "tariff_id", "tariff", checked, content_of, write_content)


def create_tariff(cpo: Cpo, tariff_id: str, name: str, content: TariffContent, *, by: User | None = None) -> Tariff:
    """Make a tariff with its first draft; raises ValidationError by field."""
    return _DRAFTS.create(Tariff(cpo=cpo, tariff_id=tariff_id, name=name), content, by=by)


def save_draft(
    tariff: Tariff, content: TariffContent, *, by: User | None = None, expected: Expected = None
) -> TariffVersion:
    """Put the content into the tariff's draft, as `Drafts.save` does."""
    return _DRAFTS.save(tariff, content, by=by, expected=expected)


def publish(
    tariff: Tariff, *, by: User | None = None, by_token: str = "", note: str = "", expected: int | None = None
) -> Tariff:
    """Freeze the draft and make it the live version, which prices sessions where and when it says that it applies.

    At other times the versions published before it hold on.
    """
    with cpo_scope(tariff.cpo), transaction.atomic():
        locked = _DRAFTS.lock(tariff)
        draft = _DRAFTS.to_publish(locked, expected)
        now = timezone.now()
        content = checked(locked, content_of(draft))
        if content.valid_until is not None and content.valid_until <= now:
            raise ValidationError({"valid_until": "It would have ended already: give a later end or leave it empty."})
        refuse_above(content)
        uncovering = Uncovering(locked)
        take(locked, claims_with(locked, draft, now=now))
        draft.published_at = now
        draft.save(update_fields=["published_at"])
        locked.live_version = draft
        moved = _move(locked, TariffState.APPROVED, by=by, by_token=by_token, note=note)
        if faults := uncovering.faults("let this one still apply there"):
            raise ValidationError({"places": faults})
        return moved


def end(tariff: Tariff, *, by: User | None = None, by_token: str = "", note: str = "") -> Tariff:
    """Stop pricing with this tariff; quotes that were given keep it."""
    with cpo_scope(tariff.cpo), transaction.atomic():
        locked = _DRAFTS.lock(tariff)
        if locked.state != TariffState.APPROVED:
            raise ValidationError("Only a published tariff can be ended.")
        uncovering = Uncovering(locked)
        moved = _move(locked, TariffState.ENDED, by=by, by_token=by_token, note=note)
        if faults := uncovering.faults("leave this one"):
            raise ValidationError(faults)
        return moved


def working_version(tariff: Tariff) -> TariffVersion | None:
    """Return the latest version: the draft where there is one, else the last one published."""
    return _DRAFTS.working(tariff)


def _move(tariff: Tariff, target: TariffState, *, by: User | None, by_token: str, note: str) -> Tariff:
    before, tariff.state = tariff.state, target
    tariff.save(update_fields=["state", "live_version"])
    TariffStateChange.objects.create(
        tariff=tariff,
        from_state=before,
        to_state=target,
        version=tariff.live_version,
        by=by,
        by_token=by_token,
        at=timezone.now(),
        note=note[:300],
    )
    return tariff
