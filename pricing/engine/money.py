"""Money: an exact amount with its currency, and the one rounding rule of the product."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from pricing.engine.making import maker, quickly_made

#: ISO 4217 currencies whose minor unit is not a hundredth; every other currency has two decimals.
MINOR_UNITS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "BHD": 3, "KWD": 3, "OMR": 3, "JOD": 3, "TND": 3}


_HUNDREDTH = Decimal("0.01")
_UNITS = {currency: Decimal(1).scaleb(-digits) for currency, digits in MINOR_UNITS.items()}


class CurrencyMismatch(ValueError):
    """Two currencies met in one calculation."""


def minor_units(currency: str) -> int:
    """Return how many decimals an amount of this currency has."""
    return MINOR_UNITS.get(currency, 2)


def round_amount(amount: Decimal, currency: str) -> Decimal:
    """Round half up to the currency's minor units; -0.00 becomes 0.00."""
    rounded = amount.quantize(_UNITS.get(currency, _HUNDREDTH), ROUND_HALF_UP)
    return rounded if rounded else abs(rounded)


@quickly_made
@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An exact amount; it may carry more decimals than its currency until `rounded()`."""

    amount: Decimal
    currency: str

    def rounded(self) -> Money:
        return new_money(round_amount(self.amount, self.currency), self.currency)

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return new_money(-self.amount, self.currency)

    def __mul__(self, factor: Decimal | int) -> Money:
        return Money(self.amount * factor, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._same(other)

    def __gt__(self, other: Money) -> bool:
        return self.amount > self._same(other)

    def __ge__(self, other: Money) -> bool:
        return self.amount >= self._same(other)

    def __bool__(self) -> bool:
        return self.amount != 0

    def __str__(self) -> str:
        return f"{self.rounded().amount:f} {self.currency}"

    def _same(self, other: Money) -> Decimal:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"cannot combine {self.currency} with {other.currency}")
        return other.amount


#: Makes Money as the class does, where every microsecond counts.
new_money = maker(Money)


@lru_cache(maxsize=256)
def zero(currency: str) -> Money:
    """Return nothing, in this currency."""
    return Money(round_amount(Decimal(0), currency), currency)


def total_of(amounts: Iterable[Money], currency: str) -> Money:
    """Sum amounts that all carry `currency`; an empty sum is zero."""
    total = zero(currency).amount
    for money in amounts:
        if money.currency is not currency and money.currency != currency:
            raise CurrencyMismatch(f"cannot combine {currency} with {money.currency}")
        total += money.amount
    return new_money(total, currency)


def smallest_unit(currency: str) -> Decimal:
    """Return the smallest amount of this currency that can be paid: 0.01 for INR."""
    return _UNITS.get(currency, _HUNDREDTH)
