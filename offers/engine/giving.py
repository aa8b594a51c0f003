"""The lines of what applied offers give, put among those of the cart; and the cart again as it was without them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from offers.engine.allocation import allocate
from offers.engine.benefits import rule_of
from offers.engine.benefits.gifts import GIVEN
from offers.engine.facts import Good
from offers.engine.situation import Situation
from offers.engine.values import OfferTerms
from pricing.engine.listing import energy_line, product_line
from pricing.engine.money import Money, smallest_unit
from pricing.engine.price_limits import LIMIT_LINE
from pricing.engine.values import LineKind, ProductPrice, QuoteLine

_NOTHING = Decimal(0)
_ORDER = {kind: position for position, kind in enumerate(LineKind)}


@dataclass(frozen=True, slots=True)
class Given:
    """What the applied offers give: `listed` is the cart's lines with the given ones, None where nothing is given;
    `by_offer` are the given lines of each offer, by its id, each with what the offer reduces it by."""

    listed: tuple[QuoteLine, ...] | None = None
    by_offer: Mapping[str, tuple[tuple[QuoteLine, Decimal], ...]] = field(default_factory=dict)

    def shares(self, offer_id: str, amount: Decimal, currency: str) -> tuple[tuple[str, Money], ...]:
        """Return how a discount is allocated to the lines that its offer gives, to the last paisa.

        Each line has what it is reduced by, and of a discount that was cut a part of that.
        """
        lines = self.by_offer[offer_id]
        parts = allocate(amount, [reduced for _, reduced in lines], unit=smallest_unit(currency))
        return tuple((x.line_id, Money(part, currency)) for (x, _), part in zip(lines, parts, strict=True) if part)


NOTHING_GIVEN = Given()


def given_by(offers: Iterable[OfferTerms], situation: Situation) -> Given:
    """Return what these offers give together, in their order."""
    left: dict[int, QuoteLine | None] = {}
    by_offer: dict[str, tuple[tuple[QuoteLine, Decimal], ...]] = {}
    number = 0
    for offer in offers:
        if offer.benefit.item_count is None or (giving := rule_of(offer).giving(offer, situation)) is None:
            continue
        left |= giving.left
        lines = []
        for line in giving.lines:
            number += not line.line_id
            lines.append(line if line.line_id else replace(line, line_id=f"GIVEN-{number}"))
        by_offer[offer.offer_id] = tuple(zip(lines, giving.reduced, strict=True))
    if not by_offer:
        return NOTHING_GIVEN
    kept = (left.get(n, line) for n, line in enumerate(situation.cart.lines))
    lines_ = [line for line in kept if line is not None] + [x for found in by_offer.values() for x, _ in found]
    # Lines of one kind stand together: what is paid first, then what is given.
    return Given(tuple(sorted(lines_, key=lambda x: _ORDER[x.kind])), by_offer)


def without_given(lines: Iterable[QuoteLine]) -> tuple[QuoteLine, ...]:
    """Return the cart that a quote's lines were made of: as it was before anything of it was given."""
    found = list(lines)
    if not any(x.is_given for x in found):
        return tuple(found)
    given = {x.line_id: x for x in found if x.is_given}
    names = {x.line_id for x in found}
    cart: list[QuoteLine] = []
    for line in found:
        if not line.is_given:
            part = given.get(f"{line.line_id}-GIVEN")
            cart.append(line if part is None else _whole(line, part))
        elif line.line_id.endswith("-GIVEN"):
            whole = line.line_id.removesuffix("-GIVEN")
            if whole not in names:
                nothing = Money(_NOTHING, line.amount.currency)
                cart.append(_whole(replace(line, line_id=whole, quantity=_NOTHING, amount=nothing), line))
        elif line.kind is not LineKind.PRODUCT:
            cart.append(replace(line, code=""))
    return tuple(sorted(cart, key=lambda x: (_ORDER[x.kind], _number(x))))


def goods_of(lines: Iterable[QuoteLine]) -> dict[str, Good]:
    """Return the products that a quote's lines give, as they were sold then."""
    given = [x for x in lines if x.is_given and x.kind is LineKind.PRODUCT]
    return {x.item_id: Good(_title(x), x.rate or _NOTHING, x.category) for x in given}


def given_again(line: QuoteLine, count: int) -> QuoteLine:
    """Return the line of a given product as one of so many units; of none it stays, at nothing."""
    product = ProductPrice(line.item_id, _title(line), line.rate or _NOTHING, line.category)
    made = product_line(line.line_id, product, count, line.amount.currency)
    return replace(line, title=f"{made.title}{GIVEN}", quantity=made.quantity, amount=made.amount)


def units_given(lines: Iterable[QuoteLine]) -> dict[str, dict[str, int]]:
    """Return the units of products that a quote's lines give, by the offer's id and the product's."""
    found: dict[str, dict[str, int]] = {}
    for line in lines:
        if line.is_given and line.kind is LineKind.PRODUCT:
            found.setdefault(line.code, {})[line.item_id] = int(line.quantity or 0)
    return found


def _title(line: QuoteLine) -> str:
    """Return what one unit of a given product is called."""
    return line.title.removesuffix(GIVEN).removesuffix(f" × {int(line.quantity or 0)}")


def _number(line: QuoteLine) -> int:
    """Return the place of a line among those of its kind, as its id has it."""
    number = line.line_id.rpartition("-")[2]
    return int(number) if number.isdecimal() else 0


def _whole(paid: QuoteLine, given: QuoteLine) -> QuoteLine:
    """Return an ENERGY line with what was given of it."""
    wh = int(((paid.quantity or _NOTHING) + (given.quantity or _NOTHING)).scaleb(3))
    found = energy_line(paid.line_id, paid.item_id, wh, Money(paid.rate or _NOTHING, paid.amount.currency))
    # A least or highest price is no product of its rate. Of others both parts once were: their sum may be off.
    return replace(found, amount=paid.amount + given.amount) if paid.line_id == LIMIT_LINE else found
