"""The least and the highest price of charging: where one of them binds, it stands on one line instead of the others."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from pricing.engine.included import included_energy, is_all_included, of_included
from pricing.engine.making import maker
from pricing.engine.money import new_money, round_amount
from pricing.engine.values import LineKind, PriceTerms, QuoteLine
from pricing.engine.wording import energy_text

#: The lines that the limits are about: what a tariff asks for charging.
CHARGING_KINDS = frozenset({LineKind.ENERGY, LineKind.TIME, LineKind.FLAT})
#: The line of a limit that binds, where energy has a price: its amount stays the same while its energy grows.
LIMIT_LINE = "LIMIT-1"
_NOTHING = Decimal(0)
_RATE = Decimal("0.000001")
_line = maker(QuoteLine)


def limited_cost(cost: Decimal, terms: PriceTerms, energy_wh: int) -> Decimal:
    """Return what charging costs within the tariff's limits; where all its energy is included there is no least."""
    if terms.minimum_price is not None and not is_all_included(terms, energy_wh):
        cost = max(cost, terms.minimum_price)
    return cost if terms.maximum_price is None else min(cost, terms.maximum_price)


def within_price_limits(
    lines: Sequence[QuoteLine], terms: PriceTerms, *, item_id: str, energy_wh: int
) -> Sequence[QuoteLine]:
    """Return the lines as they are, or with the one line of the limit that binds in place of those of charging.

    A session without any energy, or none but what is included, costs no least price; the line of what is included
    stays.
    """
    if terms.minimum_price is None and terms.maximum_price is None:
        return lines
    cost = charging_cost(lines)
    limited = round_amount(limited_cost(cost, terms, energy_wh), terms.currency)
    if limited == cost or (limited > cost and not energy_wh):
        return lines
    included = of_included(lines)
    energy_wh -= included_energy(terms, energy_wh)
    name = "least price of a session" if limited > cost else "highest price of a session"
    of_energy = "" if included is not None and not energy_wh else f"{energy_text(energy_wh)}, "
    title = f"Charging session cost ({of_energy}{name})"
    amount = new_money(limited, terms.currency)
    if energy_wh and any(x.kind is LineKind.ENERGY for x in lines):
        # What a kWh comes to: offers per kWh, and those that give some, go by it.
        quantity = Decimal(energy_wh).scaleb(-3)
        rate = (limited / quantity).quantize(_RATE, ROUND_HALF_UP)
        only = _line(LIMIT_LINE, LineKind.ENERGY, title, amount, quantity, "kWh", rate, item_id)
    else:
        only = _line("FLAT-1", LineKind.FLAT, title, amount, item_id=item_id)
    before = [] if included is None else [included]
    return [*before, only, *(x for x in lines if x.kind not in CHARGING_KINDS)]


def charging_cost(lines: Sequence[QuoteLine]) -> Decimal:
    """Return what charging costs by these lines, whose other kinds do not count."""
    return sum([x.amount.amount for x in lines if x.kind in CHARGING_KINDS], _NOTHING)
