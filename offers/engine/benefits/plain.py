"""A percentage or an amount off a sum, up to a cap: the arithmetic that the benefit kinds share."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from offers.engine.benefits.gifts import Giving
from offers.engine.situation import Situation, base_of
from offers.engine.values import Check, OfferTerms, Slab, ValueType
from pricing.engine.money import round_amount
from pricing.engine.wording import money_text, plain_number

_NOTHING = Decimal(0)
_HUNDRED = Decimal(100)
_PERCENT = ValueType.PERCENT


def least_of(*limits: Decimal | None) -> Decimal | None:
    """Return the smallest of the limits that are set."""
    least = None
    for limit in limits:
        if limit is not None and (least is None or limit < least):
            least = limit
    return least


def within(exact: Decimal, base: Decimal, limit: Decimal | None, currency: str) -> Decimal:
    """Return what is saved of `base`: rounded once, from 0 to the limit and to the base."""
    if limit is not None and limit < exact:
        exact = limit
    rounded = round_amount(exact, currency)
    saved = base if base < rounded else rounded
    return saved if saved > _NOTHING else _NOTHING


def taken(offer: OfferTerms, base: Decimal, part: Slab | None = None) -> Decimal:
    """Return what a percentage or an amount saves of `base`, as the offer or one of its slabs says it."""
    said = part or offer.benefit
    exact = base * said.value / _HUNDRED if said.value_type is _PERCENT else said.value
    cap, most = said.value_cap, offer.limits.redemption_cap
    return within(exact, base, most if cap is None or (most is not None and most < cap) else cap, offer.currency)


def saving(offer: OfferTerms, situation: Situation, lines: tuple[int, ...]) -> Decimal:
    return taken(offer, base_of(situation, lines))


def reduces(offer: OfferTerms) -> bool:
    return True


def qualifying(offer: OfferTerms, situation: Situation) -> Decimal:
    return situation.item_value


def giving(offer: OfferTerms, situation: Situation) -> Giving | None:
    return None


def added(offer: OfferTerms, situation: Situation) -> Decimal:
    return _NOTHING


def checks(offer: OfferTerms, situation: Situation) -> tuple[Check, ...]:
    return ()


def most_between(offer: OfferTerms, low: Situation, high: Situation) -> Decimal | None:
    return None


@dataclass(frozen=True, slots=True)
class Line:
    """How a saving follows its base: `percent` of it, up to `limit`."""

    percent: Decimal
    limit: Decimal | None

    def slope_at(self, base: Decimal) -> Decimal:
        reached = self.limit is not None and base * self.percent >= self.limit * _HUNDRED
        return _NOTHING if reached else self.percent

    def bend(self) -> tuple[Decimal, ...]:
        """Return the base at which the limit is reached."""
        return () if self.limit is None or self.percent <= 0 else (self.limit * _HUNDRED / self.percent,)


def line_of(offer: OfferTerms, part: Slab | None = None) -> Line:
    """Return how the saving of a percentage or an amount follows its base; an amount takes all up to itself."""
    said = part or offer.benefit
    cap = least_of(said.value_cap, offer.limits.redemption_cap)
    if said.value_type is ValueType.PERCENT:
        return Line(said.value, cap)
    return Line(_HUNDRED, least_of(cap, said.value))


def slope(offer: OfferTerms, situation: Situation, lines: tuple[int, ...]) -> Decimal:
    return line_of(offer).slope_at(base_of(situation, lines))


def slack(offer: OfferTerms, lines: tuple[int, ...]) -> int:
    return 0


def maximum(offer: OfferTerms) -> Decimal | None:
    amount = offer.benefit.value if offer.benefit.value_type is ValueType.AMOUNT else None
    return least_of(offer.benefit.value_cap, offer.limits.redemption_cap, amount)


def least_value(offer: OfferTerms) -> tuple[Decimal, ...]:
    """Return the cart value from which the offer holds, where it names one."""
    return () if offer.qualifier.min_value is None else (offer.qualifier.min_value,)


def thresholds(offer: OfferTerms) -> tuple[Decimal, ...]:
    return (*least_value(offer), *line_of(offer).bend())


def energy_edges(offer: OfferTerms) -> tuple[int, ...]:
    return ()


def value_title(offer: OfferTerms, part: Slab | None = None) -> str:
    """Return "25% off" or "₹50.00 off"."""
    said = part or offer.benefit
    if said.value_type is _PERCENT:
        return f"{plain_number(said.value)}% off"
    return f"{money_text(said.value, offer.currency)} off"


def value_words(offer: OfferTerms, part: Slab | None = None) -> str:
    """Return "25 % off" or "₹50.00 off"."""
    return value_title(offer, part).replace("% off", " % off")


def capped_words(text: str, offer: OfferTerms, *limits: Decimal | None) -> str:
    """Add "at most ₹100.00" where one of the limits is set."""
    cap = least_of(*limits, offer.limits.redemption_cap)
    return text if cap is None else f"{text}, at most {money_text(cap, offer.currency)}"
