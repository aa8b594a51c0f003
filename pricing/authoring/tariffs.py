"""Tariffs as they are written: drafts, publishing and ending, one transaction each."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from cpo_portal.accounts.models import Cpo, User
from cpo_portal.accounts.tenancy import cpo_scope
from pricing.authoring.places import Place, encoded, faults_of, places_of, take
from pricing.engine.codec import decode, encode
from pricing.engine.values import Dimension, Fee, PriceComponent, PricingModel
from pricing.models import Tariff, TariffState, TariffStateChange, TariffVersion

_MOST = Decimal(10) ** 9


@dataclass(frozen=True, slots=True, kw_only=True)
class TariffContent:
    """What one version says: `rate` in money per kWh, fees per session, bounds in Wh, and where it applies.

    The currency is the CPO's. A fee without a code gets one from its title.
    """

    rate: Decimal
    fees: tuple[Fee, ...] = ()
    minimum_wh: int | None = None
    maximum_wh: int | None = None
    places: tuple[Place, ...] = ()
    currency: str = ""


def content_of(version: TariffVersion) -> TariffContent:
    """Return what a version says."""
    components = decode(tuple[PriceComponent, ...], version.components)
    return TariffContent(
        rate=next(part.rate for part in components if part.dimension is Dimension.ENERGY),
        fees=decode(tuple[Fee, ...], version.fees),
        minimum_wh=version.minimum_wh,
        maximum_wh=version.maximum_wh,
        places=places_of(version),
        currency=version.currency,
    )


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
        version.model = PricingModel.PER_KWH.value
        version.currency = content.currency
        version.components = encode([PriceComponent(Dimension.ENERGY, content.rate)])
        version.fees = encode(list(content.fees))
        version.minimum_wh, version.maximum_wh = content.minimum_wh, content.maximum_wh
        version.places = encoded(content.places)
        version.created_by = by
        version.save()
        return version


def publish(
    tariff: Tariff, *, by: User | None = None, by_token: str = "", note: str = "", expected: int | None = None
) -> Tariff:
    """Freeze the draft and make it the live version: from now on it prices every quote at the places it names."""
    with cpo_scope(tariff.cpo), transaction.atomic():
        locked = lock_tariff(tariff)
        draft = TariffVersion.objects.filter(tariff=locked, published_at=None).first()
        if draft is None:
            raise ValidationError("There is no draft to publish: change the tariff first.")
        if expected is not None and draft.number != expected:
            raise ValidationError("Someone else has published this tariff since you opened it: reload and try again.")
        take(locked, checked(locked, content_of(draft)).places)
        draft.published_at = timezone.now()
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


def checked(tariff: Tariff, content: TariffContent) -> TariffContent:
    """Return the content in its normal form, or raise ValidationError by field."""
    currency = tariff.cpo.currency
    errors: dict[str, list[str]] = {}
    if (content.currency or currency) != currency:
        errors["currency"] = [f"Your tariffs are in {currency}: leave the currency out."]
    if not content.rate.is_finite() or not 0 <= content.rate < _MOST or content.rate != round(content.rate, 4):
        errors["rate"] = ["Give the price of a kWh as 0 or more, with at most four decimals."]
    fees, faults = _checked_fees(content.fees)
    if faults:
        errors["fees"] = faults
    for name in ("minimum_wh", "maximum_wh"):
        bound = getattr(content, name)
        if bound is not None and not 1 <= bound <= 10_000_000:
            errors[name] = ["Give an energy above 0 and up to 10,000 kWh, or leave it empty."]
    if not errors and None not in (content.minimum_wh, content.maximum_wh) and content.minimum_wh > content.maximum_wh:  # type: ignore[operator]
        errors["maximum_wh"] = ["The most is below the least: raise it or leave it empty."]
    places = tuple(sorted(set(content.places)))
    if refused := faults_of(tariff, places):
        errors["places"] = list(refused.values())
    if errors:
        raise ValidationError(errors)  # type: ignore[arg-type]
    return replace(content, fees=fees, places=places, currency=currency)


def _checked_fees(fees: tuple[Fee, ...]) -> tuple[tuple[Fee, ...], list[str]]:
    found: list[Fee] = []
    faults: list[str] = []
    for position, fee in enumerate(fees, start=1):
        title = fee.title.strip()
        code = fee.code.strip() or re.sub(r"\W+", "_", title).strip("_").upper()
        if not title or len(title) > 100:
            faults.append(f"Fee {position}: give it a name of up to 100 characters.")
        elif not fee.amount.is_finite() or not 0 < fee.amount < _MOST or fee.amount != round(fee.amount, 2):
            faults.append(f"Fee {position}: give an amount above 0 with at most two decimals.")
        elif any(other.code == code for other in found):
            faults.append(f"Fee {position}: “{title}” is there twice: give it another name or drop it.")
        else:
            found.append(Fee(code, title, fee.amount))
    return tuple(found), faults
