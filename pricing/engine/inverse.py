"""From money to energy: how many whole Wh an amount buys, exactly, on either basis."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from functools import cached_property

from pricing.engine.listing import ListPrice, energy_cost, fixed_lines, list_price, time_cost
from pricing.engine.metering import HORIZON, Supply, duration_at, planned_supply
from pricing.engine.plans import check_energy, most_energy, too_long
from pricing.engine.price_limits import CHARGING_KINDS, charging_cost, limited_cost
from pricing.engine.rates import energy_slices, has_energy_rate, no_rate, rate_card
from pricing.engine.taxes import tax_on
from pricing.engine.values import (
    AmountMeasure,
    Basis,
    Cart,
    ChargingRequest,
    DiscountStep,
    PriceTerms,
    PricingError,
    QuoteLine,
    WheelingBasis,
)
from pricing.engine.wheeling import wheeling_cost, wheeling_lines
from pricing.engine.wording import energy_text, money_text

_NOTHING = Decimal(0)
_ALL_IN = Basis.ALL_IN
# Reached only where offers make further energy all but free within a unit or two of the budget.
_MOST_STEPS = 20_000
# Shorter stretches of Wh than this are halved: rounding to the paisa has bent the line.
_SHORT = 12


def energy_for_amount(request: ChargingRequest, terms: PriceTerms, *, discounts: DiscountStep | None = None) -> int:
    """Return the whole Wh that `request.measure` (an AmountMeasure) buys.

    BEFORE_SURGE_OFFER_TAX counts energy, time, flat, products and fees, unrounded. ALL_IN is the largest energy
    within the tariff's limits whose total is within the amount. Raises PricingError where nothing can be bought.
    """
    measure = request.measure
    if not isinstance(measure, AmountMeasure):
        raise TypeError("only an AmountMeasure is turned into energy")
    return energy_within(Plans(request, terms, discounts), measure)


def energy_within(plans: Plans, measure: AmountMeasure) -> int:
    """Return the same of plans that are made already."""
    if not has_energy_rate(plans.terms):
        raise PricingError("NO_ENERGY_PRICE", "Ask for energy or minutes: this tariff has one price per session.")
    if measure.basis is _ALL_IN:
        return _largest_within(plans, measure.amount)
    return _before_taxes(plans, measure.amount)


class Plans:
    """The plans of one request as a function of their energy, with all that does not depend on it made once."""

    def __init__(self, request: ChargingRequest, terms: PriceTerms, discounts: DiscountStep | None) -> None:
        self.request, self.terms, self.discounts = request, terms, discounts
        self.card = rate_card(terms, request.planned_start, request.planned_start + HORIZON)
        self.fixed = fixed_lines(request, terms, self.card)
        flat = other = _NOTHING
        for line in self.fixed:
            if line.kind in CHARGING_KINDS:
                flat += line.amount.amount
            else:
                other += line.amount.amount
        self._flat_cost, self._other_cost = flat, other
        self._totals: dict[int, Decimal] = {}
        gap = None
        for span in self.card.energy:
            if span.component is None:
                gap = span.starts_at
                break
        most = most_energy(request)
        #: The most energy that has a price: up to the first time without a rate, or the longest session.
        self.most = most if gap is None else self.supply(most).delivered_at(gap)
        self.gap = gap

    def too_much(self) -> PricingError:
        """Return the error of an amount that buys more than there is a price for."""
        if self.gap is not None:
            return no_rate(self.terms, self.gap)
        highest = self.terms.maximum_price
        if highest is None or self._charging(self.most) < highest:
            return too_long()
        price = money_text(highest, self.terms.currency)
        return PricingError("AMOUNT_TOO_LARGE", f"Ask for energy in kWh: charging costs at most {price} here.")

    def supply(self, energy_wh: int) -> Supply:
        duration = min(duration_at(self.request.max_power_w, energy_wh), HORIZON)
        return planned_supply(self.request.planned_start, self.request.max_power_w, energy_wh, duration)

    @property
    def least_cost(self) -> Decimal:
        """What the least of energy costs but for the energy itself, before surge, offers and tax."""
        charging = limited_cost(self._flat_cost, self.terms, 0)
        return charging + self._other_cost + wheeling_cost(self.terms, 0)

    @property
    def is_linear(self) -> bool:
        """Whether what is not fixed is the energy at one rate."""
        energy, time = self.card.energy, self.card.time
        one_rate = len(energy) == len(time) == 1 and time[0].component is None
        one_rate = one_rate and not self.is_limited and not self.terms.included_wh
        return one_rate and (self.terms.wheeling is None or self.terms.wheeling.basis is WheelingBasis.ORDER)

    @property
    def is_limited(self) -> bool:
        """Whether charging has a least or a highest price."""
        return self.terms.minimum_price is not None or self.terms.maximum_price is not None

    def exact_cost(self, energy_wh: int) -> Decimal:
        """Return the unrounded cost before surge, offers and tax."""
        supply = self.supply(energy_wh)
        slices = energy_slices(supply, self.card, self.terms)
        charging = self._flat_cost + energy_cost(slices) + time_cost(supply, self.card)
        charging = limited_cost(charging, self.terms, energy_wh)
        return charging + self._other_cost + wheeling_cost(self.terms, energy_wh)

    def listed(self, energy_wh: int) -> ListPrice:
        return self._listed(energy_wh, self.terms)

    def _listed(self, energy_wh: int, terms: PriceTerms) -> ListPrice:
        return list_price(self.request, terms, self.supply(energy_wh), self.card, self.fixed)

    def cart(self, energy_wh: int) -> Cart:
        return self.listed(energy_wh).cart(self.request, self.terms)

    def reaches(self, item_value: Decimal) -> Callable[[int], bool]:
        return lambda energy_wh: self.cart(energy_wh).item_value().amount >= item_value

    def total(self, energy_wh: int) -> Decimal:
        if energy_wh not in self._totals:
            self._totals[energy_wh] = self._total(energy_wh)
        return self._totals[energy_wh]

    def _total(self, energy_wh: int) -> Decimal:
        cart = self.cart(energy_wh)
        wheeling = wheeling_lines(self.terms, energy_wh)
        if self.discounts is None:
            return self.taxed(_sum((*cart.lines, *wheeling)))
        found = self.discounts(cart)
        return self.taxed(_sum((*found.before(cart.lines), *found.lines, *wheeling)))

    def total_at_least(self, low_wh: int, high_wh: int) -> Decimal:
        low = self.cart(low_wh)
        wheeling = _sum(wheeling_lines(self.terms, low_wh))
        if self.discounts is None:
            return self.taxed(_sum(low.lines) + wheeling)
        # Where the cap on all surges leaves less to one of them, their sum still grows, and no offer tells them apart.
        return self.taxed(self.discounts.net_at_least(low, self.cart(high_wh)) + wheeling)

    def edges(self, low: int, high: int) -> Iterator[int]:
        """Yield the energies from which on the tariff's price is made otherwise: the first that is not included, and
        those from which on the least price ceases to bind and the highest begins to."""
        least, highest = self.terms.minimum_price, self.terms.maximum_price
        if self.terms.included_wh:
            yield self.terms.included_wh + 1
        if least is not None:
            yield _first(lambda wh: self._charging(wh) >= least, low, high)
        if highest is not None:
            yield _first(lambda wh: self._charging(wh) > highest, low, high)

    def _charging(self, energy_wh: int) -> Decimal:
        """Return the printed cost of charging as it were without limits."""
        return charging_cost(self._listed(energy_wh, self._unlimited).lines)

    @cached_property
    def _unlimited(self) -> PriceTerms:
        return replace(self.terms, minimum_price=None, maximum_price=None)

    def taxed(self, net: Decimal) -> Decimal:
        return net + tax_on(net, self.terms.tax, self.terms.currency)


def _sum(lines: Iterable[QuoteLine]) -> Decimal:
    return sum((x.amount.amount for x in lines), Decimal(0))


def _before_taxes(plans: Plans, amount: Decimal) -> int:
    least = plans.least_cost
    if amount < least:
        raise _too_small(plans, least)
    only = plans.card.energy[0].component if plans.is_linear else None
    if only is not None and only.rate:
        exact = (amount - least) * 1000 / only.rate
        if exact > plans.most:
            raise plans.too_much()
        energy_wh = int(exact)
    else:
        energy_wh = _affordable(plans, amount)
    if energy_wh < 1:
        raise _too_small(plans, least)
    check_energy(energy_wh, plans.request, plans.terms)
    return energy_wh


def _affordable(plans: Plans, amount: Decimal) -> int:
    """Return the last Wh whose exact cost is within the amount; energy may cross rates, time may cost too."""
    if not plans.most or plans.exact_cost(plans.most) < amount:
        raise plans.too_much()
    return _first(lambda wh: plans.exact_cost(wh) > amount, 0, plans.most) - 1


def _largest_within(plans: Plans, budget: Decimal) -> int:
    """Search the energies from the largest down, leaving out stretches that are proven to cost too much.

    A total can fall where an offer unlocks, so the stretches are first cut where the offers say that they may
    jump; within one, `total_at_least` is tight and the search is a bisection.
    """
    low = max(1, plans.terms.minimum_wh or 1)
    high = min(plans.most, plans.terms.maximum_wh or plans.most)
    if high < low:
        raise plans.too_much()
    pending = _regimes(plans, low, high)
    for _ in range(_MOST_STEPS):
        if not pending:
            break
        start, end = pending.pop()
        total = plans.total(end)
        if total <= budget:
            if end == plans.most and total < budget:
                raise plans.too_much()
            return end
        if start < end and plans.total_at_least(start, end) <= budget:
            pending += _pieces(plans, start, end - 1, budget)
    else:
        raise PricingError("NO_EXACT_AMOUNT", "Ask for energy in kWh: with these offers this amount has no one answer.")
    least = plans.total(low)
    if low > 1:
        limit = energy_text(low)
        price = money_text(least, plans.terms.currency)
        raise PricingError("MINIMUM_QUANTITY", f"Raise the amount: the least sold is {limit}, which costs {price}.")
    raise _too_small(plans, plans.taxed(plans.least_cost))


def _pieces(plans: Plans, start: int, end: int, budget: Decimal) -> list[tuple[int, int]]:
    """Cut [start, end] around the place where a straight line between its totals meets the budget."""
    span = end - start
    low, high = plans.total(start), plans.total(end)
    if span < _SHORT or not low <= budget < high:
        cuts = [start + span // 2]
    else:
        guess = start + int(span * (budget - low) / (high - low))
        margin = max(2, span >> 10)
        cuts = [guess - margin, guess + margin]
    inner = sorted({min(max(cut, start), end) for cut in cuts} - {end})
    return list(zip([start, *(cut + 1 for cut in inner)], [*inner, end], strict=True))


def _regimes(plans: Plans, low: int, high: int) -> list[tuple[int, int]]:
    """Cut [low, high] where the item value or the energy reaches an edge of the offers; in rising order."""
    edges = plans.discounts.energy_edges() if plans.discounts is not None else ()
    starts = {low, *(edge for edge in (*edges, *plans.edges(low, high)) if low < edge <= high)}
    for threshold in plans.discounts.thresholds() if plans.discounts is not None else ():
        reached = _first(plans.reaches(threshold), low, high)
        if low < reached <= high:
            starts.add(reached)
    ordered = sorted(starts)
    return [(start, end - 1) for start, end in zip(ordered, [*ordered[1:], high + 1], strict=True)]


def _first(holds: Callable[[int], bool], low: int, high: int) -> int:
    """Return the first whole number of [low, high] at which a monotone condition holds, else high + 1."""
    return bisect_left(range(low, high + 1), True, key=holds) + low


def _too_small(plans: Plans, fixed: Decimal) -> PricingError:
    price = money_text(fixed, plans.terms.currency)
    return PricingError("BUDGET_TOO_SMALL", f"Raise the amount: fixed prices, fees and taxes alone come to {price}.")
