"""The list price: every line before discounts and tax."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from pricing.engine.included import included_energy, included_lines, without_included
from pricing.engine.making import maker, quickly_made
from pricing.engine.metering import Supply
from pricing.engine.money import Money, new_money, round_amount
from pricing.engine.price_limits import within_price_limits
from pricing.engine.rates import RateCard, RateSpan, energy_slices, has_energy_rate, rate_spans
from pricing.engine.surge import surge_lines
from pricing.engine.values import (
    Cart,
    ChargingRequest,
    Dimension,
    LineKind,
    PricedSlice,
    PriceTerms,
    PricingError,
    ProductPrice,
    QuoteLine,
)
from pricing.engine.wording import energy_text, money_text, plain_number

_MINUTE = 60_000_000
_CENT, _THOUSANDTH = Decimal("0.01"), Decimal("0.001")
_ENERGY, _PRODUCT, _FEE = LineKind.ENERGY, LineKind.PRODUCT, LineKind.FEE
_line, _cart = maker(QuoteLine), maker(Cart)
#: More of one product than this is a mistake of the buyer app.
MOST_PRODUCTS = 1000


@quickly_made
@dataclass(frozen=True, slots=True)
class ListPrice:
    """The lines before discounts and tax, with the slices they were made of."""

    lines: tuple[QuoteLine, ...]
    slices: tuple[PricedSlice, ...]
    energy_wh: int

    def cart(self, request: ChargingRequest, terms: PriceTerms) -> Cart:
        return _cart(request, self.lines, self.energy_wh, terms.currency, terms.time_zone)


_listed = maker(ListPrice)


def fixed_lines(request: ChargingRequest, terms: PriceTerms, card: RateCard) -> tuple[QuoteLine, ...]:
    """Return the lines that do not depend on the energy: FLAT, PRODUCT and FEE."""
    return (*_flat_line(request, terms, card), *_product_lines(request, terms), *_fee_lines(terms))


def list_price(
    request: ChargingRequest, terms: PriceTerms, supply: Supply, card: RateCard, fixed: tuple[QuoteLine, ...]
) -> ListPrice:
    """Price the energy and the time of a supply, put the fixed lines in their places, and the surges on top."""
    slices = energy_slices(supply, card, terms)
    priced = slices if not terms.surges or has_energy_rate(terms) else ()
    energy = _energy_lines(request, terms, priced, supply.energy_wh)
    listed = [*energy, *_time_lines(request, terms, supply, card), *fixed]
    lines = within_price_limits(listed, terms, item_id=request.item_id, energy_wh=supply.energy_wh)
    if supply.ends_at > supply.charging_ends:
        idle = _idle_lines(request, terms, supply)
        before_fees = next((n for n, x in enumerate(lines) if x.kind is _FEE), len(lines))
        lines = [*lines[:before_fees], *idle, *lines[before_fees:]]
    if terms.surges:
        lines = [*lines, *surge_lines(lines, energy, slices, terms, item_id=request.item_id)]
    return _listed(tuple(lines), slices, supply.energy_wh)


def energy_cost(slices: Iterable[PricedSlice]) -> Decimal:
    """Return the exact, unrounded cost of energy slices."""
    return sum((x.rate * x.energy_wh for x in slices), Decimal(0)).scaleb(-3)


def time_cost(supply: Supply, card: RateCard) -> Decimal:
    """Return the exact, unrounded cost of the charging time."""
    return sum((_minutes(span) * rate for rate, span in _charged(card.time, supply)), Decimal(0))


def _energy_lines(
    request: ChargingRequest, terms: PriceTerms, slices: Sequence[PricedSlice], energy_wh: int
) -> list[QuoteLine]:
    lines: list[QuoteLine] = []
    if included := included_energy(terms, energy_wh):
        lines, slices = included_lines(terms, request.item_id, included), without_included(slices, included)
    energies: dict[Decimal, int] = {}
    for piece in slices:
        energies[piece.rate] = energies.get(piece.rate, 0) + piece.energy_wh
    if len(energies) > 1:
        used = {rate: wh for rate, wh in energies.items() if wh}
        energies = used or dict(list(energies.items())[:1])
    for number, (rate, wh) in enumerate(energies.items(), start=1):
        lines.append(energy_line(f"ENERGY-{number}", request.item_id, wh, new_money(rate, terms.currency)))
    return lines


def energy_line(line_id: str, item_id: str, wh: int, rate: Money) -> QuoteLine:
    """Return the line of so much energy at a rate per kWh."""
    title = f"Charging session cost ({energy_text(wh)} @ {money_text(rate.amount, rate.currency)}/kWh)"
    quantity = wh * _THOUSANDTH
    amount = new_money(round_amount(rate.amount * quantity, rate.currency), rate.currency)
    return _line(line_id, _ENERGY, title, amount, quantity, "kWh", rate.amount, item_id)


def product_line(line_id: str, product: ProductPrice, count: int, currency: str) -> QuoteLine:
    """Return the line of so many units of a product."""
    amount = new_money(round_amount(product.amount * count, currency), currency)
    title = product.title if count == 1 else f"{product.title} × {count}"
    quantity, category = Decimal(count), product.category
    return _line(
        line_id, _PRODUCT, title, amount, quantity, "unit", product.amount, product.product_id, "", (), category
    )


def _time_lines(request: ChargingRequest, terms: PriceTerms, supply: Supply, card: RateCard) -> list[QuoteLine]:
    if len(card.time) == 1 and card.time[0].component is None:
        return []
    return _minute_lines(request, terms, LineKind.TIME, _charged(card.time, supply))


def _idle_lines(request: ChargingRequest, terms: PriceTerms, supply: Supply) -> list[QuoteLine]:
    after = rate_spans(terms, Dimension.IDLE, supply.charging_ends, supply.ends_at)
    first = next((span.component for span in after if span.component is not None), None)
    grace = timedelta(minutes=first.grace_minutes if first else 0)
    starts_at = supply.charging_ends + grace
    if starts_at >= supply.ends_at:
        return []
    spans = rate_spans(terms, Dimension.IDLE, starts_at, supply.ends_at)
    charged = [(x.component.rate, x.ends_at - x.starts_at) for x in spans if x.component is not None]
    return _minute_lines(request, terms, LineKind.IDLE, charged)


def _charged(spans: tuple[RateSpan, ...], supply: Supply) -> list[tuple[Decimal, timedelta]]:
    return [
        (span.component.rate, min(span.ends_at, supply.charging_ends) - span.starts_at)
        for span in spans
        if span.component is not None and span.starts_at < supply.charging_ends
    ]


def _minute_lines(
    request: ChargingRequest, terms: PriceTerms, kind: LineKind, charged: list[tuple[Decimal, timedelta]]
) -> list[QuoteLine]:
    durations: dict[Decimal, timedelta] = {}
    for rate, span in charged:
        durations[rate] = durations.get(rate, timedelta()) + span
    name = "Charging time" if kind is LineKind.TIME else "Idle time"
    lines = []
    for number, (rate, duration) in enumerate(durations.items(), start=1):
        minutes = _minutes(duration)
        shown = minutes.quantize(_CENT)
        title = f"{name} ({plain_number(shown)} min @ {money_text(rate, terms.currency)}/min)"
        amount = new_money(round_amount(minutes * rate, terms.currency), terms.currency)
        lines.append(_line(f"{kind}-{number}", kind, title, amount, shown, "min", rate, request.item_id))
    return lines


def _minutes(span: timedelta) -> Decimal:
    return Decimal(span // timedelta(microseconds=1)) / _MINUTE


def _flat_line(request: ChargingRequest, terms: PriceTerms, card: RateCard) -> tuple[QuoteLine, ...]:
    if card.flat is None:
        return ()
    amount = new_money(round_amount(card.flat.rate, terms.currency), terms.currency)
    return (_line("FLAT-1", LineKind.FLAT, "Price per session", amount, item_id=request.item_id),)


def _product_lines(request: ChargingRequest, terms: PriceTerms) -> list[QuoteLine]:
    if not request.products:
        return []
    counts: dict[str, int] = {}
    for order in request.products:
        product_id = order.product_id
        count = counts[product_id] = counts.get(product_id, 0) + order.count
        if order.count < 1 or count > MOST_PRODUCTS:
            raise PricingError("QUANTITY", f"Order between 1 and {MOST_PRODUCTS} of product {product_id}.")
    prices = {x.product_id: x for x in terms.product_prices}
    lines = []
    # Sorted, so that the order in which a buyer app names the products changes nothing.
    for number, (product_id, count) in enumerate(sorted(counts.items()), start=1):
        product = prices.get(product_id)
        if product is None:
            raise PricingError("UNKNOWN_PRODUCT", f"Remove product {product_id}: it is not sold at this station.")
        lines.append(product_line(f"PRODUCT-{number}", product, count, terms.currency))
    return lines


def _fee_lines(terms: PriceTerms) -> list[QuoteLine]:
    lines = []
    for number, fee in enumerate(terms.fees, start=1):
        amount = new_money(round_amount(fee.amount, terms.currency), terms.currency)
        lines.append(_line(f"FEE-{number}", _FEE, fee.title, amount, None, "", None, "", fee.code))
    return lines
