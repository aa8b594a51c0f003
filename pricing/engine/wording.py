"""Amounts, energies and spans of time in words, as lines, errors and traces print them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from pricing.engine.money import minor_units

_SIGNS = {"INR": "₹", "EUR": "€", "USD": "$", "GBP": "£"}
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

#: So many days ahead the name of a weekday means one day.
_DAYS_BY_NAME = 6


@lru_cache(maxsize=4096)
def plain_number(number: Decimal) -> str:
    """Return a number without trailing zeros, exponent or a sign before 0: 5.200 is 5.2, 1E+2 is 100, -0 is 0."""
    if not number:
        return "0"
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@lru_cache(maxsize=4096)
def money_text(amount: Decimal, currency: str) -> str:
    """Return an amount with its sign and grouped digits: ₹1,84,320.00; never fewer decimals than the currency has."""
    places = max(minor_units(currency), _decimals(amount))
    whole, _, fraction = f"{abs(amount):.{places}f}".partition(".")
    digits = _grouped(whole, currency) if len(whole) > 3 else whole
    sign = _SIGNS.get(currency) or f"{currency} "
    return f"{'−' if amount < 0 else ''}{sign}{digits}{'.' + fraction if fraction else ''}"


def count_text(number: int, currency: str) -> str:
    """Return a count with its digits grouped as those of amounts are: 1,00,000 beside rupees, 100,000 beside euros."""
    return _grouped(str(number), currency)


@lru_cache(maxsize=4096)
def energy_text(energy_wh: int) -> str:
    """Return an energy in kWh without trailing zeros: 5200 Wh is "5.2 kWh"."""
    return f"{plain_number(Decimal(energy_wh).scaleb(-3))} kWh"


def power_text(watts: int) -> str:
    """Return a power in kW without trailing zeros: 7400 W is "7.4 kW"."""
    return f"{plain_number(Decimal(watts).scaleb(-3))} kW"


def span_text(span: timedelta) -> str:
    """Return the two largest parts of a span: "3 d 4 h", "45 min", "20 s"; from a month on the days alone."""
    if abs(span) >= timedelta(days=30):
        return f"{abs(span).days} days"
    seconds = abs(int(span.total_seconds()))
    parts = []
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def moment_text(local: datetime) -> str:
    """Return a local instant with its zone: "1 Nov 2026 00:00 IST"."""
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year} {local:%H:%M} {local.tzname()}"


def date_text(day: date) -> str:
    """Return a day: "8 Nov 2026"."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def weekday_text(local: datetime) -> str:
    """Return the weekday and the time of a local instant: "Sat 00:00"."""
    return f"{_WEEKDAYS[local.weekday()]} {local:%H:%M}"


def opening_text(local: datetime, today: date) -> str:
    """Return a local instant to come: "Sat 00:00", with its date where that day is more than six days after today."""
    if (local.date() - today).days <= _DAYS_BY_NAME:
        return weekday_text(local)
    return f"{_WEEKDAYS[local.weekday()]} {date_text(local.date())} {local:%H:%M}"


def _decimals(amount: Decimal) -> int:
    text = plain_number(amount)
    return len(text) - text.index(".") - 1 if "." in text else 0


def _grouped(whole: str, currency: str) -> str:
    if currency != "INR":
        return f"{int(whole):,}"
    head, tail = whole[:-3], whole[-3:]
    pairs = [head[max(0, end - 2) : end] for end in range(len(head), 0, -2)]
    return ",".join([*reversed(pairs), tail])
