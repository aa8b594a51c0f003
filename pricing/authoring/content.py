"""What staff write into a tariff, and every reason to refuse it: by field, in one sentence that says what to do."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.core.exceptions import ValidationError

from pricing.authoring import components as prices
from pricing.authoring.places import Place, encoded, faults_of, places_of
from pricing.engine.codec import decode, encode
from pricing.engine.values import Dimension, Fee, PriceComponent, PricingModel, Wheeling
from pricing.models import Tariff, TariffVersion

#: What a wheeling charge is called where its author gives it no name.
WHEELING_TITLE = "Wheeling charge"
_MOST = Decimal(10) ** 9
_ENERGY = "Give an energy above 0 and up to 10,000 kWh, or leave it empty."
_PRICE = "Give an amount above 0 with at most two decimals, or leave it empty."


@dataclass(frozen=True, slots=True, kw_only=True)
class TariffContent:
    """What one version says, and where and when it applies.

    `rate` is the price of a kWh wherever none of `components` names another for certain hours, None where there is
    none; `components` are all other prices. Fees are per session; one without a code gets one from its title. Bounds
    of the energy are in Wh. `minimum_price` and `maximum_price` bound what charging costs. The currency is the CPO's.
    """

    model: PricingModel = PricingModel.PER_KWH
    rate: Decimal | None = None
    components: tuple[PriceComponent, ...] = ()
    fees: tuple[Fee, ...] = ()
    minimum_wh: int | None = None
    maximum_wh: int | None = None
    minimum_price: Decimal | None = None
    maximum_price: Decimal | None = None
    wheeling: Wheeling | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    places: tuple[Place, ...] = ()
    currency: str = ""


def content_of(version: TariffVersion) -> TariffContent:
    """Return what a version says."""
    parts = decode(tuple[PriceComponent, ...], version.components)
    default = next((part for part in parts if part.dimension is Dimension.ENERGY and not part.windows), None)
    return TariffContent(
        model=PricingModel(version.model),
        rate=default.rate if default is not None else None,
        components=tuple(part for part in parts if part is not default),
        fees=decode(tuple[Fee, ...], version.fees),
        minimum_wh=version.minimum_wh,
        maximum_wh=version.maximum_wh,
        minimum_price=version.minimum_price,
        maximum_price=version.maximum_price,
        wheeling=wheeling_of(version),
        valid_from=version.valid_from,
        valid_until=version.valid_until,
        places=places_of(version),
        currency=version.currency,
    )


def wheeling_of(version: TariffVersion) -> Wheeling | None:
    """Return the wheeling charge of a version."""
    return decode(Wheeling, version.wheeling) if version.wheeling is not None else None


def write_content(version: TariffVersion, content: TariffContent) -> None:
    """Put checked content into the fields of a version."""
    version.model = content.model.value
    version.currency = content.currency
    version.components = encode(list(prices.with_default(content.rate, content.components)))
    version.fees = encode(list(content.fees))
    version.minimum_wh, version.maximum_wh = content.minimum_wh, content.maximum_wh
    version.minimum_price, version.maximum_price = content.minimum_price, content.maximum_price
    version.wheeling = encode(content.wheeling) if content.wheeling is not None else None
    version.valid_from, version.valid_until = content.valid_from, content.valid_until
    version.places = encoded(content.places)


def checked(tariff: Tariff, content: TariffContent) -> TariffContent:
    """Return the content in its normal form, or raise ValidationError by field."""
    currency = tariff.cpo.currency
    errors: dict[str, list[str]] = {}
    if (content.currency or currency) != currency:
        errors["currency"] = [f"Your tariffs are in {currency}: leave the currency out."]
    errors |= prices.faults_of(content.model, content.rate, content.components, currency)
    fees, faults = _checked_fees(content.fees)
    if faults:
        errors["fees"] = faults
    errors |= _faults_of_bounds(content) | _faults_of_wheeling(content.wheeling)
    places = tuple(sorted(set(content.places)))
    if refused := faults_of(tariff, places):
        errors["places"] = list(refused.values())
    if errors:
        raise ValidationError(errors)  # type: ignore[arg-type]
    parts = prices.merged(content.components)
    return replace(content, components=parts, fees=fees, places=places, currency=currency)


def _faults_of_bounds(content: TariffContent) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    for name in ("minimum_wh", "maximum_wh"):
        bound = getattr(content, name)
        if bound is not None and not 1 <= bound <= 10_000_000:
            errors[name] = [_ENERGY]
    for name in ("minimum_price", "maximum_price"):
        bound = getattr(content, name)
        if bound is not None and (fault := _fault_of_amount(bound)):
            errors[name] = [fault]
    pairs = (
        ("minimum_wh", "maximum_wh", "The most is below the least: raise it or leave it empty."),
        ("minimum_price", "maximum_price", "The highest price is below the least: raise it or leave it empty."),
    )
    for low, high, sentence in pairs:
        least, most = getattr(content, low), getattr(content, high)
        if not {low, high} & set(errors) and None not in (least, most) and least > most:
            errors[high] = [sentence]
    if content.valid_from and content.valid_until and content.valid_until <= content.valid_from:
        errors["valid_until"] = ["It ends before it begins: give a later end or leave it empty."]
    return errors


def _faults_of_wheeling(wheeling: Wheeling | None) -> dict[str, list[str]]:
    if wheeling is None:
        return {}
    if not wheeling.title.strip() or len(wheeling.title) > 100:
        return {"wheeling": ["Give the wheeling charge a name of up to 100 characters."]}
    amount = wheeling.amount
    if not amount.is_finite() or not 0 < amount < _MOST or amount != round(amount, 4):
        return {"wheeling": ["Give the wheeling charge as an amount above 0 with at most four decimals."]}
    return {}


def _fault_of_amount(amount: Decimal) -> str:
    return "" if amount.is_finite() and 0 < amount < _MOST and amount == round(amount, 2) else _PRICE


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
