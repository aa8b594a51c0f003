"""What a balance is in: money of a currency, or energy in whole Wh, which people read and write in kWh."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from cpo_portal.adminkit import display

#: What stands in place of the currency of a balance of energy; no currency is called so.
ENERGY = "Wh"
_KWH = Decimal("0.001")


@dataclass(frozen=True, slots=True)
class Means:
    """What is drawn on: money of a currency, or energy that a subscription's tariff includes.

    Of energy `plan` is the id of the tariff that the session has: pools of that tariff and those of any may be used.
    """

    unit: str
    plan: str = ""


def in_words(amount: Decimal | int | None, unit: str) -> str:
    """Return ₹1,84,320.00 of money and 12.5 kWh of energy; – for None."""
    if unit != ENERGY or amount is None:
        return display.money(amount, unit)
    kwh = f"{Decimal(amount).scaleb(-3):,f}"
    return f"{kwh.rstrip('0').rstrip('.') if '.' in kwh else kwh} kWh"


def in_sheet(amount: Decimal | int | None, unit: str) -> Decimal | None:
    """Return an amount as a sheet takes it: money with its own decimals, energy in kWh."""
    if unit != ENERGY or amount is None:
        return display.plain_amount(amount, unit)
    return Decimal(amount).scaleb(-3).quantize(_KWH)


def unit_in_words(unit: str) -> str:
    """Return what amounts that people read and write are in."""
    return "kWh" if unit == ENERGY else unit


def from_people(amount: Decimal, unit: str) -> Decimal:
    """Return an amount that a person wrote as it is kept; energy is written in kWh."""
    return amount.scaleb(3) if unit == ENERGY else amount


def is_exact(amount: Decimal, unit: str) -> bool:
    """Tell whether the amount has no more decimals than the unit: energy is whole Wh."""
    return amount == (amount.to_integral_value() if unit == ENERGY else display.plain_amount(amount, unit))


def too_fine(unit: str) -> str:
    """Return the sentence that refuses an amount with more decimals than the unit has."""
    return "Give an energy of whole Wh: at most three decimals of a kWh." if unit == ENERGY else display.too_fine(unit)
