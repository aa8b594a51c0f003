"""Energy that an offer gives out of the session: of every X + Y kWh the last Y, at the lowest rates of the session."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from offers.engine.benefits.gifts import GIVEN, Giving
from offers.engine.situation import Situation
from offers.engine.values import OfferTerms
from pricing.engine.listing import energy_line
from pricing.engine.money import Money, round_amount
from pricing.engine.values import QuoteLine

_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Part:
    """An ENERGY line of the cart (its position) in two: what is paid, None for nothing, and what is given of it.

    Their amounts add up to the line's: what is given takes what is left beside what is paid by its rate.
    """

    position: int
    paid: QuoteLine | None
    given: QuoteLine


def given_wh(offer: OfferTerms, energy_wh: int) -> int:
    """Return how much of so much energy is given: X kWh are paid, then up to Y are given, and so on."""
    paid, more = 1000 * (offer.qualifier.item_count or 0), 1000 * (offer.benefit.item_count or 0)
    if not paid or not more:
        return 0
    blocks, rest = divmod(energy_wh, paid + more)
    return blocks * more + max(0, rest - paid)


def most_paid(offer: OfferTerms, first: int, last: int) -> Decimal:
    """Return the largest part of the energy, of 1, that is paid for between so many Wh and so many, both above 0.

    The part falls while energy is given and rises while it is paid, to a peak where the next begins to be given.
    """
    paid, more = 1000 * (offer.qualifier.item_count or 0), 1000 * (offer.benefit.item_count or 0)
    edges = {first, last}
    if paid and more:
        edges.add(paid + max(0, -(-(first - paid) // (paid + more))) * (paid + more))
    return max(Decimal(x - given_wh(offer, x)) / x for x in edges if first <= x <= last)


def missing_wh(offer: OfferTerms, energy_wh: int) -> int:
    """Return how much energy is missing to the first that is given."""
    return max(0, 1000 * (offer.qualifier.item_count or 0) + 1 - energy_wh)


def energy_of(situation: Situation, lines: tuple[int, ...]) -> int:
    """Return the Wh of these ENERGY lines."""
    return sum(_wh(situation.cart.lines[n]) for n in lines)


def parts_of(offer: OfferTerms, situation: Situation, lines: tuple[int, ...]) -> tuple[Part, ...]:
    """Return the lines of which something is given, the cheapest energy first.

    The dearest kWh are paid: with more energy of any rate what is paid can then only rise.
    """
    return tuple(_parts(offer, situation, lines))


def cost_of(offer: OfferTerms, parts: tuple[Part, ...]) -> Decimal:
    """Return what the given energy costs: the item value per kWh, and never more than its list price."""
    value = offer.benefit.item_value or _NOTHING
    reduced = tuple(x for x in parts if value < (x.given.rate or _NOTHING))
    exact = sum(((x.given.quantity or _NOTHING) * value for x in reduced), _NOTHING)
    return round_amount(exact, offer.currency) + listed_of(parts) - listed_of(reduced)


def listed_of(parts: tuple[Part, ...]) -> Decimal:
    """Return what the given energy costs by its list price."""
    return sum((x.given.amount.amount for x in parts), _NOTHING)


def giving_of(offer: OfferTerms, parts: tuple[Part, ...]) -> Giving | None:
    """Return the given lines in the order of the cart, and what remains of the lines they come from."""
    if not parts:
        return None
    ordered = sorted(parts, key=lambda x: x.position)
    left = {x.position: x.paid for x in ordered}
    return Giving(tuple(x.given for x in ordered), tuple(_reduced(offer, ordered)), left)


def _reduced(offer: OfferTerms, parts: Sequence[Part]) -> Iterator[Decimal]:
    """Yield by how much each given line is reduced.

    What they cost is rounded together, so that it adds up to what all of them do.
    """
    value, exact = offer.benefit.item_value or _NOTHING, _NOTHING
    for part in parts:
        if value >= (part.given.rate or _NOTHING):
            yield _NOTHING
            continue
        before, exact = exact, exact + (part.given.quantity or _NOTHING) * value
        cost = round_amount(exact, offer.currency) - round_amount(before, offer.currency)
        yield max(part.given.amount.amount - cost, _NOTHING)


def _parts(offer: OfferTerms, situation: Situation, lines: tuple[int, ...]) -> Iterator[Part]:
    left = given_wh(offer, energy_of(situation, lines))
    for n in sorted(lines, key=lambda n: (situation.cart.lines[n].rate or _NOTHING, -n)):
        line = situation.cart.lines[n]
        given = min(left, _wh(line))
        if not given:
            continue
        left -= given
        rest = _wh(line) - given
        paid = _of(line, line.line_id, rest) if rest else None
        marked = _of(line, f"{line.line_id}-GIVEN", given)
        # The rate of a least or highest price is rounded, so that what is paid by it may come to more than the line.
        if paid is not None and line.amount < paid.amount:
            paid = replace(paid, amount=line.amount)
        left_over = line.amount if paid is None else line.amount - paid.amount
        yield Part(n, paid, replace(marked, title=f"{marked.title}{GIVEN}", amount=left_over, code=offer.offer_id))


def _of(line: QuoteLine, line_id: str, wh: int) -> QuoteLine:
    rate = Money(line.rate or _NOTHING, line.amount.currency)
    return energy_line(line_id, line.item_id, wh, rate)


def _wh(line: QuoteLine) -> int:
    return int((line.quantity or _NOTHING).scaleb(3))
