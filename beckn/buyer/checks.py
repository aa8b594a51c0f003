"""What must hold of every callback and of each figure; a deviation is one clear sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from beckn.buyer.server import Body

RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})")
_LIKE_A_TIME = re.compile(r"\d{4}[-:]\d{2}[-:]\d{2}[T: ]\d{2}")
_TIMES = frozenset({"timestamp", "start", "end", "exp", "created_at", "updated_at"})
_CENTS = re.compile(r"-?\d+\.\d{2}")
CLOCKS_APART = timedelta(minutes=2)


class Findings:
    """The deviations so far."""

    def __init__(self) -> None:
        self.deviations: list[str] = []

    def note(self, sentence: str) -> None:
        self.deviations.append(sentence)

    def equal(self, what: str, actual: Any, expected: Any) -> bool:
        """Note a deviation where the two differ; amounts are compared as text, so 91.5 is not 91.50."""
        if actual != expected:
            self.note(f"{what}: {_shown(expected)} expected, {_shown(actual)} came")
        return bool(actual == expected)

    def true(self, what: str, holds: bool) -> bool:
        if not holds:
            self.note(what)
        return holds


def context_faults(context: Body, expected: Body, now: datetime) -> Iterator[str]:
    """Yield what is wrong with a callback's context: ids, addresses, dialect, time."""
    for name, value in expected.items():
        if context.get(name) != value:
            yield f"context.{name}: {_shown(value)} expected, {_shown(context.get(name))} came"
    stamp = context.get("timestamp")
    if not isinstance(stamp, str) or not RFC3339.fullmatch(stamp):
        yield f"context.timestamp is {_shown(stamp)}, which is not RFC 3339"
    elif abs(instant(stamp) - now) > CLOCKS_APART:
        yield f"context.timestamp {stamp} is far from now, {now:%Y-%m-%dT%H:%M:%SZ}"


def time_faults(value: Any, path: str = "$") -> Iterator[str]:
    """Yield every time in a message that is not RFC 3339, by its path."""
    if isinstance(value, dict):
        for key, member in value.items():
            if key in _TIMES and isinstance(member, str) and not RFC3339.fullmatch(member):
                yield f"{path}.{key} is {_shown(member)}, which is not RFC 3339"
            else:
                yield from time_faults(member, f"{path}.{key}")
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from time_faults(member, f"{path}[{index}]")
    elif isinstance(value, str) and _LIKE_A_TIME.match(value) and not RFC3339.fullmatch(value):
        yield f"{path} is {_shown(value)}, which is not RFC 3339"


def quote_faults(order: Body) -> Iterator[str]:
    """Yield what is wrong with an order's quote: its total is the sum of its lines, all in one currency."""
    quote = order.get("quote")
    if not isinstance(quote, dict):
        return
    lines = [price_of(line) for line in quote.get("breakup", [])]
    total = price_of(quote)
    for value, currency in (*lines, total):
        if not _CENTS.fullmatch(value):
            yield f"the amount {_shown(value)} has not two decimals"
        if currency != total[1]:
            yield f"the quote mixes {currency} and {total[1]}"
    summed = sum((decimal(value) for value, _ in lines), Decimal(0))
    if summed != decimal(total[0]):
        yield f"the lines add up to {summed}, and the total is {total[0]}"


def price_of(priced: Any) -> tuple[str, str]:
    """Return (value, currency) of `price`, empty where there is none."""
    price = priced.get("price") if isinstance(priced, dict) else None
    price = price if isinstance(price, dict) else {}
    return str(price.get("value", "")), str(price.get("currency", ""))


def lines_of(order: Body) -> list[tuple[str, str]]:
    """Return (kind, amount) of each line of the quote; the kind is typed, the title is for people."""
    return [
        (tags(line.get("item", {})).get("line", {}).get("kind", "?"), price_of(line)[0])
        for line in order.get("quote", {}).get("breakup", [])
    ]


def tags(holder: Any) -> dict[str, dict[str, str]]:
    """Return {group code: {tag code: value}}."""
    groups = holder.get("tags", []) if isinstance(holder, dict) else []
    return {_code(group): {_code(tag): str(tag.get("value", "")) for tag in group.get("list", [])} for group in groups}


def offer_in(order: Body, offer_id: str) -> Body:
    """Return the offer of this id among the order's or provider's offers, empty where it is not."""
    return next((offer for offer in order.get("offers", []) if offer.get("id") == offer_id), {})


def decimal(text: str) -> Decimal:
    """Return a number, NaN where there is none: it equals nothing."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("NaN")


def instant(text: str) -> datetime:
    """Return an RFC 3339 time as an instant."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


def _code(holder: Body) -> str:
    return str(holder.get("descriptor", {}).get("code", ""))


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "nothing"
    return f"“{value}”" if isinstance(value, str) else str(value)
