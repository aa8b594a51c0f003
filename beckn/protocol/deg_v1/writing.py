"""Small forms that every callback of DEG v1 is made of: amounts, descriptors, sparse objects."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from beckn.protocol.times import format_time
from pricing.engine.money import Money, round_amount


def sparse(**members: Any) -> dict[str, Any]:
    """Return the members that say something: no None, no empty text, list or object; 0 and False do."""
    return {name: value for name, value in members.items() if value or value == 0}


def number(value: Decimal) -> str:
    """Write a rate, a percentage or a quantity as it was given, never with an exponent."""
    return f"{value:f}"


def amount(value: Decimal, currency: str) -> str:
    """Write an amount with its currency's decimals: "90.00"."""
    return f"{round_amount(value, currency):f}"


def price(money: Money) -> dict[str, Any]:
    """Write a signed amount with its currency."""
    return {"currency": money.currency, "value": amount(money.amount, money.currency)}


def instant(moment: datetime | None) -> str:
    """Write an instant, "" for none."""
    return "" if moment is None else format_time(moment)


def span(start: datetime | None, end: datetime | None) -> dict[str, Any]:
    """Write a range that may be open at either end; an empty object where it is open at both."""
    return sparse(start=instant(start), end=instant(end))


def descriptor(
    name: str = "",
    *,
    code: str = "",
    short_desc: str = "",
    long_desc: str = "",
    images: tuple[str, ...] = (),
    page_url: str = "",
) -> dict[str, Any]:
    """Write what people read about a thing; `page_url` is where more of it stands, as HTML."""
    return sparse(
        name=name,
        code=code,
        short_desc=short_desc,
        long_desc=long_desc,
        additional_desc={"url": page_url, "content_type": "text/html"} if page_url else {},
        images=[{"url": url} for url in images],
    )


def yes_or_no(value: bool) -> str:
    """Write a flag of the offers construct."""
    return "yes" if value else "no"


def true_or_false(value: bool) -> str:
    """Write a flag of the DEG pages' tags."""
    return "true" if value else "false"
