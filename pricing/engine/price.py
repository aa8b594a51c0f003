"""The one price: estimate, running cost, receipt, preview and export all come from `price()`."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from pricing.engine import ENGINE_VERSION
from pricing.engine.inverse import Plans, energy_within
from pricing.engine.listing import ListPrice, fixed_lines, list_price
from pricing.engine.making import maker
from pricing.engine.metering import NO_ENERGY, Supply, duration_at, metered_supply, planned_supply
from pricing.engine.money import new_money
from pricing.engine.plans import check_duration, check_energy, check_request, energy_of_minutes
from pricing.engine.rates import rate_card
from pricing.engine.taxes import tax_on
from pricing.engine.values import (
    AmountMeasure,
    ChargingRequest,
    Discounts,
    DiscountStep,
    DurationMeasure,
    EnergyMeasure,
    LineKind,
    PriceTerms,
    PricingError,
    Quote,
    QuoteLine,
)
from pricing.engine.wheeling import wheeling_lines
from pricing.engine.wording import plain_number

_NO_MONEY = Decimal("0.00")
#: The largest amount, and the largest price of one unit, that an order, a payment and a bill can hold.
MOST_MONEY, MOST_RATE = Decimal("9999999999.99"), Decimal("99999999.99")
_DISCOUNT, _TAX = LineKind.DISCOUNT, LineKind.TAX
_line, _quote = maker(QuoteLine), maker(Quote)


def price(request: ChargingRequest, terms: PriceTerms, *, discounts: DiscountStep | None = None) -> Quote:
    """Price a plan, or a delivery where there is one, which then decides the energy and the time.

    Raises PricingError for what has no price. The answer depends on the arguments alone.
    """
    check_request(request, terms)
    listed, flags = _listed(request, terms, discounts)
    given = discounts(listed.cart(request, terms)) if discounts is not None else Discounts()
    discounted = (*given.before(listed.lines), *_checked(given.lines, terms.currency))
    lines, total = _with_tax((*discounted, *wheeling_lines(terms, listed.energy_wh)), terms)
    _check_size(lines, total)
    basis = request.measure.basis if isinstance(request.measure, AmountMeasure) else None
    money, wh, slices = new_money(total, terms.currency), listed.energy_wh, listed.slices
    return _quote(lines, money, wh, basis, slices, terms, request, ENGINE_VERSION, given.trace, flags)


def _listed(
    request: ChargingRequest, terms: PriceTerms, discounts: DiscountStep | None
) -> tuple[ListPrice, tuple[str, ...]]:
    """Return the list price, with what is odd about a delivery."""
    measure = request.measure
    if request.delivery is not None:
        supply = metered_supply(request.delivery, request.max_power_w)
    elif isinstance(measure, AmountMeasure):
        plans = Plans(request, terms, discounts)
        return plans.listed(energy_within(plans, measure)), ()
    else:
        supply = _plan(request, terms, measure)
    card = rate_card(terms, supply.starts_at, supply.charging_ends)
    listed = list_price(request, terms, supply, card, fixed_lines(request, terms, card))
    return listed, (*supply.flags, *_stood_alone(supply, listed))


def _stood_alone(supply: Supply, listed: ListPrice) -> tuple[str, ...]:
    """Return the flag of a car that is charged for standing there after a charging that never was."""
    stood = supply.metered and not supply.energy_wh
    return (NO_ENERGY,) if stood and any(x.kind is LineKind.IDLE and x.amount.amount for x in listed.lines) else ()


def _plan(request: ChargingRequest, terms: PriceTerms, measure: EnergyMeasure | DurationMeasure) -> Supply:
    """Spread the planned energy evenly: the connector's full power from the planned start until it is delivered.

    The plan only matters to the price where rates depend on the time of day or time itself costs money.
    """
    if isinstance(measure, DurationMeasure):
        duration = timedelta(minutes=min(measure.minutes, 10**6))
        check_duration(duration)
        energy_wh = energy_of_minutes(request, measure.minutes)
        check_energy(energy_wh, request, terms)
        return planned_supply(request.planned_start, request.max_power_w, energy_wh, duration)
    check_energy(measure.wh, request, terms)
    duration = duration_at(request.max_power_w, measure.wh)
    return planned_supply(request.planned_start, request.max_power_w, measure.wh, duration)


def _checked(lines: tuple[QuoteLine, ...], currency: str) -> tuple[QuoteLine, ...]:
    for line in lines:
        money = line.amount
        if line.kind is not _DISCOUNT or money.amount > _NO_MONEY or money.currency != currency:
            raise ValueError(f"a discounts step may only take away, by DISCOUNT lines, not by {line}")
    return lines


def _check_size(lines: tuple[QuoteLine, ...], total: Decimal) -> None:
    """Raise PricingError for what nobody could store: each line for itself, as a gift takes its own price away."""
    largest = total
    for line in lines:
        largest = max(largest, line.amount.amount)
        if line.rate is not None and line.rate > MOST_RATE:
            raise PricingError("TOO_MUCH", f"Leave out “{line.title}”: one unit can cost at most {MOST_RATE:,}.")
    if largest > MOST_MONEY:
        raise PricingError("TOO_MUCH", f"Ask for less: one session can cost at most {MOST_MONEY:,}.")


def _with_tax(lines: tuple[QuoteLine, ...], terms: PriceTerms) -> tuple[tuple[QuoteLine, ...], Decimal]:
    """Return the lines with their tax, and what they come to."""
    taxable = sum([x.amount.amount for x in lines], _NO_MONEY)
    if taxable < _NO_MONEY:
        raise ValueError(f"discounts exceed the price by {-taxable} {terms.currency}")
    if terms.tax is None or not terms.tax.rate:
        return lines, taxable
    tax = tax_on(taxable, terms.tax, terms.currency)
    title = f"{terms.tax.label} ({plain_number(terms.tax.rate)}%)"
    amount = new_money(tax, terms.currency)
    tax_line = _line("TAX-1", _TAX, title, amount, None, "", terms.tax.rate, "", terms.tax.sac_code)
    return (*lines, tax_line), taxable + tax
