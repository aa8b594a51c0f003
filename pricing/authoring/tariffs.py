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
from pricing.versions.review import EDIT, PUBLISH, Actor, edited
from pricing.versions.revisions import Expected

_DRAFTS = Drafts(Tariff, TariffVersion, "tariff", "tariff_id", "tariff", checked, content_of, write_content)


_PLATFORM = Actor()


def create_tariff(cpo: Cpo, tariff_id: str, name: str, content: TariffContent, *, actor: Actor = _PLATFORM) -> Tariff:
    """Make a tariff with its first draft; raises ValidationError by field."""
    tariff = Tariff(cpo=cpo, tariff_id=tariff_id, name=name)
    return _DRAFTS.create(tariff, content, signing=lambda draft: _sign(tariff, draft, actor))


def save_draft(
    tariff: Tariff, content: TariffContent, *, actor: Actor = _PLATFORM, expected: Expected = None
) -> TariffVersion:
    """Put the content into the tariff's draft, as `Drafts.save` does; what changes it is an entry of the history."""
    with cpo_scope(tariff.cpo), transaction.atomic():
        locked = _DRAFTS.lock(tariff)
        return _DRAFTS.save(tariff, content, expected=expected, signing=lambda draft: _sign(locked, draft, actor))


def lock_tariff(tariff: Tariff) -> Tariff:
    """Return the tariff as it is now, locked until the caller's transaction ends."""
    return _DRAFTS.lock(tariff)


def rename(tariff: Tariff, name: str, *, actor: Actor = _PLATFORM) -> None:
    """Change what a tariff is called, at once; quotes that were given keep the name they had."""
    with cpo_scope(tariff.cpo), transaction.atomic():
        locked = _DRAFTS.lock(tariff)
        if locked.name == name:
            return
        locked.name = name
        locked.save(update_fields=["name"])
        _record(locked, locked.state, actor, move=EDIT, note="Its name was changed.")


def publish(
    tariff: Tariff, *, by: User | None = None, by_token: str = "", note: str = "", expected: Expected = None
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
        moved = _move(locked, TariffState.APPROVED, Actor(by, by_token), move=PUBLISH, note=note)
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
        moved = _move(locked, TariffState.ENDED, Actor(by, by_token), move="end", note=note)
        if faults := uncovering.faults("leave this one"):
            raise ValidationError(faults)
        return moved


def working_version(tariff: Tariff) -> TariffVersion | None:
    """Return the latest version: the draft where there is one, else the last one published."""
    return _DRAFTS.working(tariff)


def _sign(locked: Tariff, draft: TariffVersion, actor: Actor) -> None:
    """Name who writes a draft that is about to say something else, there and in the history."""
    draft.created_by, draft.created_by_token = actor.by, actor.by_token
    _record(locked, locked.state, actor, move=EDIT, note=edited(draft))


def _move(tariff: Tariff, target: TariffState, actor: Actor, *, move: str, note: str) -> Tariff:
    before, tariff.state = tariff.state, target
    tariff.save(update_fields=["state", "live_version"])
    _record(tariff, before, actor, move=move, note=note)
    return tariff


def _record(tariff: Tariff, before: str, actor: Actor, *, move: str, note: str) -> None:
    """Write into the history what was done to a locked tariff, which was in the state `before`."""
    TariffStateChange.objects.create(
        tariff=tariff,
        from_state=before,
        to_state=tariff.state,
        version=tariff.live_version,
        by=actor.by,
        by_token=actor.by_token,
        at=timezone.now(),
        note=note[:300],
        move=move,
    )
