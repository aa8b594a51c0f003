"""Surges: which of them hold when, and the SURGE lines that they add to a tariff's lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from itertools import pairwise

from pricing.engine.making import maker
from pricing.engine.money import Money, new_money, round_amount, smallest_unit
from pricing.engine.price_limits import LIMIT_LINE, charging_cost
from pricing.engine.values import LineKind, PricedSlice, PriceTerms, QuoteLine, Surge, SurgeBasis, TimeSpan
from pricing.engine.windows import is_open, split_at_boundaries
from pricing.engine.wording import energy_text, money_text, plain_number

_PERCENT, _PER_KWH, _FIXED = SurgeBasis.PERCENT, SurgeBasis.PER_KWH, SurgeBasis.FIXED
_NOTHING = Decimal(0)
_SURGE = LineKind.SURGE
_line = maker(QuoteLine)


def surges_at(terms: PriceTerms, instant: datetime) -> tuple[str, ...]:
    """Return the ids of the surges that hold at an aware instant, in the order of the terms."""
    return tuple(
        surge.surge_id
        for surge in terms.surges
        if is_open(surge.windows, instant, terms.time_zone)
        and (surge.spans is None or any(x.starts_at <= instant < x.ends_at for x in surge.spans))
    )


def surge_edges(terms: PriceTerms, starts_at: datetime, ends_at: datetime) -> list[datetime]:
    """Return the instants strictly between two at which a surge may begin or cease to hold, in order."""
    windows = tuple(window for surge in terms.surges for window in surge.windows)
    pieces = split_at_boundaries(starts_at, ends_at, windows, terms.time_zone) if windows else ()
    edges = {start for start, _ in pieces}
    edges |= {edge for surge in terms.surges for span in surge.spans or () for edge in (span.starts_at, span.ends_at)}
    return sorted(edge for edge in edges if starts_at < edge < ends_at)


def surge_times(terms: PriceTerms, starts_at: datetime, ends_at: datetime) -> dict[str, list[TimeSpan]]:
    """Return when each surge holds between two aware instants, by id, in order; those that never do are left out."""
    found: dict[str, list[TimeSpan]] = {}
    for start, end in pairwise([starts_at, *surge_edges(terms, starts_at, ends_at), ends_at]):
        for surge_id in surges_at(terms, start):
            times = found.setdefault(surge_id, [])
            begun = times.pop().starts_at if times and times[-1].ends_at == start else start
            times.append(TimeSpan(begun, end))
    return found


def surges_counted(slices: Iterable[PricedSlice], terms: PriceTerms) -> frozenset[str]:
    """Return the ids of the surges that count for some of this energy, or would if the driver were not exempt: of a
    group only the largest does."""
    return frozenset(_bases(slices, terms))


def surge_lines(
    listed: Sequence[QuoteLine],
    energy: Iterable[QuoteLine],
    slices: Iterable[PricedSlice],
    terms: PriceTerms,
    *,
    item_id: str,
) -> list[QuoteLine]:
    """Return the SURGE lines on top of the lines so far, for the energy of these slices, within all caps.

    `energy` are the lines of the energy by its rates, also where a least or highest price stands for them in `listed`.
    A surge without energy in its time has no line; one that the driver is exempt from has one of 0.00 that says why.
    """
    bases = _bases(slices, terms)
    highest = _highest_price(listed, terms)
    lines = []
    for number, surge in enumerate(terms.surges, start=1):
        base = bases.get(surge.surge_id)
        if base is not None and (line := _surge_line(surge, base, highest, terms)) is not None:
            lines.append(replace(line, line_id=f"SURGE-{number}", item_id=item_id))
    return _within(_most(listed, energy, highest, terms), lines)


def per_kwh(terms: PriceTerms, surge_ids: Sequence[str], rate: Decimal) -> Decimal:
    """Return what these surges add to each kWh at a rate, within the CPO's cap; exact, before amounts per session."""
    return added_by(raising(terms, surge_ids, rate), terms, rate)


def added_by(surges: Iterable[Surge], terms: PriceTerms, rate: Decimal) -> Decimal:
    """Return what those that are `raising` add to each kWh at a rate, as `per_kwh` does."""
    added = sum((_worth(x, rate) for x in surges), _NOTHING)
    return added if terms.surge_cap_percent is None else min(added, rate * terms.surge_cap_percent / 100)


def raising(terms: PriceTerms, surge_ids: Sequence[str], rate: Decimal) -> tuple[Surge, ...]:
    """Return those of the surges that add to each kWh at a rate, before the CPO's cap, in the order of the terms."""
    by_id = {x.surge_id: x for x in terms.surges}
    counting = _counting([by_id[x] for x in surge_ids], rate)
    return tuple(x for x in terms.surges if x.surge_id in counting and not x.exemption and x.basis is not _FIXED)


def _worth(surge: Surge, rate: Decimal) -> Decimal:
    return surge.value * rate / 100 if surge.basis is _PERCENT else surge.value


def _most(
    listed: Sequence[QuoteLine], energy: Iterable[QuoteLine], highest: Decimal | None, terms: PriceTerms
) -> Decimal | None:
    """Return the most that all surges together may come to, None where nothing bounds them.

    It is a part of what the energy costs by its rates, at most of the highest price where that stands for it; a least
    price lifts no bound, or a session would cost less for more energy. Where energy has no price of its own it is a
    part of what charging costs.
    """
    if terms.surge_cap_percent is None:
        return None
    amounts = [x.amount.amount for x in energy]
    base = sum(amounts, _NOTHING) if amounts else charging_cost(listed)
    base = base if highest is None else min(base, highest)
    # Down, so that no rounding goes beyond the promise.
    return (base * terms.surge_cap_percent / 100).quantize(smallest_unit(terms.currency), ROUND_DOWN)


def _within(most: Decimal | None, lines: list[QuoteLine]) -> list[QuoteLine]:
    """Return the lines up to the CPO's cap: what goes beyond it is cut, from the last line on."""
    if most is None:
        return lines
    found, left = [], most
    for line in lines:
        found.append(line if line.amount.amount <= left else _cut_to(left, line))
        left -= found[-1].amount.amount
    return found


def _cut_to(most: Decimal, line: QuoteLine) -> QuoteLine:
    title = f"{line.title}, cut to the most that surges may add"
    return replace(line, title=title, amount=new_money(most, line.amount.currency))


@dataclass(slots=True)
class _Base:
    """The energy that a surge counts for, and its exact cost."""

    energy_wh: int = 0
    cost: Decimal = _NOTHING


def _bases(slices: Iterable[PricedSlice], terms: PriceTerms) -> dict[str, _Base]:
    by_id = {x.surge_id: x for x in terms.surges}
    found: dict[str, _Base] = {}
    for piece in slices:
        if not piece.energy_wh or not piece.surges:
            continue
        # A percentage is of no included energy, which has no price.
        included = terms.included_wh is not None and not piece.rate
        for surge_id in _counting([by_id[x] for x in piece.surges], piece.rate):
            if included and by_id[surge_id].basis is _PERCENT:
                continue
            base = found.setdefault(surge_id, _Base())
            base.energy_wh += piece.energy_wh
            base.cost += (piece.rate * piece.energy_wh).scaleb(-3)
    return found


def _counting(surges: Sequence[Surge], rate: Decimal) -> list[str]:
    """Return which of the surges that hold count at this rate: of a group the largest, and of equal ones the first.

    An amount per session goes before what is per energy, with which it cannot be compared. What the driver is exempt
    from counts for its line alone and hides no other of its group: so the end of it makes no session dearer.
    """
    largest: dict[str, tuple[bool, Decimal, Surge]] = {}
    counting = []
    for surge in surges:
        if surge.exemption or not surge.group:
            counting.append(surge.surge_id)
        else:
            worth = surge.basis is _FIXED, _worth(surge, rate)
            best = largest.get(surge.group)
            if best is None or worth > best[:2]:
                largest[surge.group] = (*worth, surge)
    return [*counting, *(x[2].surge_id for x in largest.values())]


def _highest_price(listed: Iterable[QuoteLine], terms: PriceTerms) -> Decimal | None:
    """Return what the energy costs where the tariff's highest price stands for it."""
    if terms.maximum_price is None:
        return None
    highest = round_amount(terms.maximum_price, terms.currency)
    return next((highest for x in listed if x.line_id == LIMIT_LINE and x.amount.amount == highest), None)


def _surge_line(surge: Surge, base: _Base, highest: Decimal | None, terms: PriceTerms) -> QuoteLine | None:
    currency, energy = terms.currency, energy_text(base.energy_wh)
    if surge.exemption:
        return _named(surge, f"{surge.name}: not charged, {surge.exemption}", _NOTHING, currency)
    if surge.basis is _FIXED:
        exact, title = surge.value, surge.name
    elif surge.basis is _PER_KWH:
        exact = (surge.value * base.energy_wh).scaleb(-3)
        title = f"{surge.name} ({energy} @ {money_text(surge.value, currency)}/kWh)"
    else:
        # A percentage of a price that the tariff cuts off is of what is left of it.
        cost = base.cost if highest is None else min(base.cost, highest)
        exact = cost * surge.value / 100
        title = f"{surge.name} ({plain_number(surge.value)}% on {energy})"
    amount = round_amount(exact, currency)
    if not amount:
        return None
    if surge.cap is not None and amount > surge.cap:
        amount, title = round_amount(surge.cap, currency), f"{title}, at most {money_text(surge.cap, currency)}"
    line = _named(surge, title, amount, currency)
    if surge.basis is _PER_KWH:
        return replace(line, quantity=Decimal(base.energy_wh).scaleb(-3), unit="kWh", rate=surge.value)
    return replace(line, rate=surge.value) if surge.basis is _PERCENT else line


def _named(surge: Surge, title: str, amount: Decimal, currency: str) -> QuoteLine:
    return _line("", _SURGE, title, Money(round_amount(amount, currency), currency), code=surge.surge_id)
