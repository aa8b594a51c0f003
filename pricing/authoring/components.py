"""The prices that a tariff is made of, checked: what its model must have, and hours with two prices or with none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import combinations

from pricing.engine.values import Dimension, PriceComponent, PricingModel, WeeklyWindow
from pricing.engine.week import common_hours, hours_left_out, windows_in_words
from pricing.engine.wording import money_text

MOST_COMPONENTS = 60
LONGEST_GRACE = 1440
_MOST = Decimal(10) ** 9

#: What each price is per, in words.
UNITS = {
    Dimension.ENERGY: "kWh",
    Dimension.TIME: "minute of charging",
    Dimension.FLAT: "session",
    Dimension.IDLE: "minute of idling",
}
#: A subscription's energy beyond its pool is priced as of any other tariff.
_MODELS_WITH_HOURS = {PricingModel.TIME_OF_DAY, PricingModel.SUBSCRIPTION}


def fault_of_rate(rate: Decimal) -> str:
    """Return why a price cannot be one, in words that end a sentence; "" where it can."""
    good = rate.is_finite() and 0 <= rate < _MOST and rate == round(rate, 4)
    return "" if good else "as 0 or more, with at most four decimals"


def merged(components: Iterable[PriceComponent]) -> tuple[PriceComponent, ...]:
    """Return the prices in one normal form: those that differ in their hours alone as one, without hours last."""
    found: dict[tuple[Dimension, Decimal, int, bool], tuple[WeeklyWindow, ...]] = {}
    for part in components:
        key = part.dimension, part.rate, part.grace_minutes, bool(part.windows)
        found[key] = tuple(dict.fromkeys((*found.get(key, ()), *part.windows)))
    made = [PriceComponent(dimension, rate, windows, grace) for (dimension, rate, grace, _), windows in found.items()]
    order = list(Dimension)
    return tuple(sorted(made, key=lambda part: (order.index(part.dimension), not part.windows)))


def with_default(rate: Decimal | None, components: Sequence[PriceComponent]) -> tuple[PriceComponent, ...]:
    """Return all prices as the engine takes them: the price of a kWh at all other times after the others."""
    default = () if rate is None else (PriceComponent(Dimension.ENERGY, rate),)
    return merged((*components, *default))


def faults_of(
    model: PricingModel, rate: Decimal | None, components: Sequence[PriceComponent], currency: str
) -> dict[str, list[str]]:
    """Return by field why these prices cannot be a tariff of this model, one sentence each."""
    errors: dict[str, list[str]] = {}
    if rate is not None and (fault := fault_of_rate(rate)):
        errors["rate"] = [f"Give the price of a kWh {fault}."]
    faults = [f"Price {n}: {fault}" for n, part in enumerate(components, start=1) if (fault := _fault(part))]
    if len(components) > MOST_COMPONENTS:
        faults = [f"A tariff has at most {MOST_COMPONENTS} prices: leave some out."]
    if faults:
        errors["components"] = faults
    if errors:
        return errors
    parts = merged(components)
    errors = _faults_of_model(model, rate, parts)
    if overlaps := _overlaps(parts, currency):
        errors.setdefault("components", []).extend(overlaps)
    return errors or _gaps(model, rate, parts)


def _fault(part: PriceComponent) -> str:
    if fault := fault_of_rate(part.rate):
        return f"give the price per {UNITS[part.dimension]} {fault}."
    if part.grace_minutes and part.dimension is not Dimension.IDLE:
        return "only a price for idling has minutes that are free: leave them empty."
    if not 0 <= part.grace_minutes <= LONGEST_GRACE:
        return f"give between 0 and {LONGEST_GRACE} free minutes."
    if part.dimension is Dimension.ENERGY and not part.windows:
        return "give its hours; the price of a kWh at all other times has a field of its own."
    return ""


def _faults_of_model(
    model: PricingModel, rate: Decimal | None, components: Sequence[PriceComponent]
) -> dict[str, list[str]]:
    has_hours = any(part.dimension is Dimension.ENERGY for part in components)
    if model is PricingModel.FIXED:
        errors = {}
        if rate is not None:
            errors["rate"] = ["A fixed price per session has no price per kWh: leave it empty."]
        if has_hours:
            errors["components"] = ["A fixed price per session has no prices per kWh: leave them out."]
        elif not any(part.dimension is Dimension.FLAT for part in components):
            errors["components"] = ["Give the price per session."]
        return errors
    if has_hours and model not in _MODELS_WITH_HOURS:
        return {"components": ["Choose the model “By time of day” for prices per kWh at certain hours."]}
    if model is PricingModel.TIME_OF_DAY and not has_hours:
        return {"components": ["Give a price per kWh at certain hours, or choose the model “Per kWh”."]}
    if rate is None and not has_hours:
        return {"rate": ["Give the price of a kWh as 0 or more, with at most four decimals."]}
    return {}


def _overlaps(components: Sequence[PriceComponent], currency: str) -> list[str]:
    faults = []
    for one, other in combinations(components, 2):
        if one.dimension is not other.dimension or bool(one.windows) != bool(other.windows):
            continue
        unit, prices = UNITS[one.dimension], sorted({one.rate, other.rate})
        amounts = " and ".join(money_text(price, currency) for price in prices)
        if not one.windows:
            faults.append(f"Two prices per {unit} have no hours ({amounts}): give one of them hours or leave it out.")
        elif shared := common_hours(one.windows, other.windows):
            hours = windows_in_words(shared)
            faults.append(f"Two prices per {unit} hold {hours} ({amounts}): change the hours of one.")
    return faults


def _gaps(model: PricingModel, rate: Decimal | None, components: Sequence[PriceComponent]) -> dict[str, list[str]]:
    """Return the fault of hours without a price, where each hour needs one."""
    dimension = Dimension.FLAT if model is PricingModel.FIXED else Dimension.ENERGY
    parts = [part for part in components if part.dimension is dimension]
    if rate is not None or any(not part.windows for part in parts):
        return {}
    gaps = windows_in_words(hours_left_out(window for part in parts for window in part.windows))
    if not gaps:
        return {}
    unit = UNITS[dimension]
    return {"components": [f"No price per {unit} holds {gaps}: add one for these hours, or one for all other hours."]}


def in_rows(components: Iterable[PriceComponent]) -> tuple[PriceComponent, ...]:
    """Return the same prices with one window each, as people write them."""
    found: list[PriceComponent] = []
    for part in components:
        found += [replace(part, windows=(window,)) for window in part.windows] or [part]
    return tuple(found)
