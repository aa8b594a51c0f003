"""Tariffs as they are written: drafts, publishing and ending, one transaction each."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from cpo_portal.accounts.models import Cpo, User
from cpo_portal.accounts.tenancy import cpo_scope
from pricing.authoring.ceilings import refuse_above
from pricing.authoring.claims import claims_with, take
from pricing.authoring.content import TariffContent, checked, content_of, write_content
from pricing.models import Tariff, TariffState, TariffStateChange, TariffVersion


def create_tariff(cpo: Cpo, tariff_id: str, name: str, content: TariffContent, *, by: User | None = None) -> Tariff:
    """Make a tariff with its first draft; raises ValidationError by field."""
    tariff = Tariff(cpo=cpo, tariff_id=tariff_id.strip(), name=name.strip())
    taken = f"You already have a tariff “{tariff.tariff_id}”: choose another id."
    with cpo_scope(cpo), transaction.atomic():
        errors: dict[str, list[str]] = {}
        try:
            tariff.clean_fields()
        except ValidationError as refusal:
            errors |= refusal.message_dict
        try:
            checked(tariff, content)
        except ValidationError as refusal:
            errors |= refusal.message_dict
        if Tariff.objects.filter(tariff_id=tariff.tariff_id).exists():
            errors["tariff_id"] = [taken]
        if errors:
            raise ValidationError(errors)  # type: ignore[arg-type]
        try:
            with transaction.atomic():
                tariff.save(force_insert=True)
        except IntegrityError as race:
            raise ValidationError({"tariff_id": taken}) from race
        save_draft(tariff, content, by=by)
        return tariff


def save_draft(
    tariff: Tariff, content: TariffContent, *, by: User | None = None, expected: int | None = None
) -> TariffVersion:
    """Put the content into the draft, or into a new draft when the latest version is published.

    Content that equals the published version makes no draft. `expected` is the number of the version that the
    author started from: when another one is the working version by now, nothing is saved.
    """
    with cpo_scope(tariff.cpo), transaction.atomic():
        locked = lock_tariff(tariff)
        latest = working_version(locked)
        if expected is not None and latest is not None and latest.number != expected:
            raise ValidationError("Someone else has published this tariff since you opened it: reload and try again.")
        content = checked(locked, content)
        if latest is not None and latest.published_at is None:
            version = latest
        elif latest is not None and content_of(latest) == content:
            return latest
        else:
            version = TariffVersion(cpo=locked.cpo, tariff=locked, number=latest.number + 1 if latest else 1)
        write_content(version, content)
        version.created_by = by
        version.save()
        return version


def publish(
    tariff: Tariff, *, by: User | None = None, by_token: str = "", note: str = "", expected: int | None = None
) -> Tariff:
    """Freeze the draft and make it the live version, which prices sessions where and when it says that it applies.

    At other times the versions published before it hold on.
    """
    with cpo_scope(tariff.cpo), transaction.atomic():
        locked = lock_tariff(tariff)
        draft = TariffVersion.objects.filter(tariff=locked, published_at=None).first()
        if draft is None:
            raise ValidationError("There is no draft to publish: change the tariff first.")
        if expected is not None and draft.number != expected:
            raise ValidationError("Someone else has published this tariff since you opened it: reload and try again.")
        now = timezone.now()
        content = checked(locked, content_of(draft))
        if content.valid_until is not None and content.valid_until <= now:
            raise ValidationError({"valid_until": "It would have ended already: give a later end or leave it empty."})
        refuse_above(content)
        take(locked, claims_with(locked, draft, now=now))
        draft.published_at = now
        draft.save(update_fields=["published_at"])
        locked.live_version = draft
        return _move(locked, TariffState.APPROVED, by=by, by_token=by_token, note=note)


def end(tariff: Tariff, *, by: User | None = None, by_token: str = "", note: str = "") -> Tariff:
    """Stop pricing with this tariff; quotes that were given keep it."""
    with cpo_scope(tariff.cpo), transaction.atomic():
        locked = lock_tariff(tariff)
        if locked.state != TariffState.APPROVED:
            raise ValidationError("Only a published tariff can be ended.")
        return _move(locked, TariffState.ENDED, by=by, by_token=by_token, note=note)


def working_version(tariff: Tariff) -> TariffVersion | None:
    """Return the latest version: the draft where there is one, else the last one published."""
    return TariffVersion.objects.filter(tariff=tariff).order_by("-number").first()


def lock_tariff(tariff: Tariff) -> Tariff:
    return Tariff.objects.select_for_update(no_key=True, of=("self",)).select_related("cpo").get(pk=tariff.pk)


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
