"""How values look in lists and forms: chips, bars, money, instants; everything is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display as column

__all__ = [
    "EMPTY",
    "Tone",
    "bar",
    "chip",
    "column",
    "group_indian",
    "link_to",
    "money",
    "pairs",
    "plain_amount",
    "sign",
    "table",
    "too_fine",
    "unlimited",
    "when",
    "words",
]

EMPTY = "–"

#: ISO 4217 currencies whose minor unit is not a hundredth; a test holds them equal to the engine's.
MINOR_UNITS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "BHD": 3, "KWD": 3, "OMR": 3, "JOD": 3, "TND": 3}
SYMBOLS = {"INR": "₹", "USD": "$", "EUR": "€", "GBP": "£"}


class Tone(StrEnum):
    """What a chip or a bar says at a glance."""

    NEUTRAL = "neutral"
    INFO = "info"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"


def chip(text: object, tone: str = Tone.NEUTRAL) -> SafeString:
    """Return a state as a small coloured word."""
    return format_html('<span class="portal-chip portal-{}">{}</span>', Tone(tone), text)


def bar(
    used: Decimal | int, limit: Decimal | int | None, currency: str = "", *, tone: Tone | None = None
) -> SafeString:
    """Return used of limit as a bar with the figures beside it, amounts of a currency; no limit is said in words.

    The nearer the limit, the more the bar warns, unless a tone is given: work that is done is no limit reached.
    """
    figure = (lambda value: money(value, currency)) if currency else _plain
    if limit is None:
        return unlimited(figure(used))
    share = 100 if limit <= 0 else min(100, max(0, int(used * 100 / limit)))
    tone = tone or (Tone.BAD if share >= 100 else Tone.WARN if share >= 80 else Tone.GOOD)
    return format_html(
        '<span class="portal-bar"><progress class="portal-{}" max="100" value="{}" aria-label="{}% used"></progress>'
        '<span class="portal-figures">{} / {}</span></span>',
        tone,
        share,
        share,
        figure(used),
        figure(limit),
    )


def unlimited(used: str) -> SafeString:
    """Return how much is used, in figures, of what has no limit."""
    return format_html('<span class="portal-figures">{} used, no limit</span>', used)


def link_to(model: str, key: object, text: object) -> SafeString:
    """Return a link to a row's page; `model` is its room and its name, such as "charging_balance"."""
    return format_html('<a class="text-link" href="{}">{}</a>', reverse(f"admin:{model}_change", args=[key]), text)


def money(amount: Decimal | int | None, currency: str = "INR") -> str:
    """Return ₹1,84,320.00 for rupees, thousands for other currencies, each with its own decimals; – for None."""
    value = plain_amount(amount, currency)
    if value is None:
        return EMPTY
    whole, point, cents = f"{abs(value):f}".partition(".")
    grouped = group_indian(whole) if currency == "INR" else f"{int(whole):,}"
    sign = "−" if value < 0 else ""
    return f"{sign}{SYMBOLS.get(currency, currency + ' ')}{grouped}{point}{cents}"


def sign(currency: str) -> str:
    """Return ₹ for INR, and the code of a currency that has no sign here."""
    return SYMBOLS.get(currency, currency)


def plain_amount(amount: Decimal | int | None, currency: str) -> Decimal | None:
    """Return an amount with the currency's own decimals and nothing else, as a sheet takes it."""
    if amount is None:
        return None
    return Decimal(amount).quantize(Decimal(1).scaleb(-MINOR_UNITS.get(currency, 2)), ROUND_HALF_UP)


def too_fine(currency: str) -> str:
    """Return the sentence that refuses an amount with more decimals than the currency has."""
    places = MINOR_UNITS.get(currency, 2)
    return f"Give an amount with at most {places} decimals." if places else "Give an amount without decimals."


def group_indian(digits: str) -> str:
    """Return 1843200 as 18,43,200: the last three digits, then pairs."""
    head, tail = digits[:-3], digits[-3:]
    pairs: list[str] = []
    while head:
        pairs.insert(0, head[-2:])
        head = head[:-2]
    return ",".join([*pairs, tail])


def table(headers: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: Sequence[int] = ()) -> SafeString:
    """Return an escaped HTML table; `numbers` are the columns that are set to the right. Without rows it says so.

    On a narrow screen each row becomes a card, which names its values by the headers.
    """
    classes = ["portal-number" if place in numbers else "" for place in range(len(headers))]
    head = format_html_join("", '<th scope="col" class="{}">{}</th>', zip(classes, headers, strict=True))
    cell = '<td class="{}" data-label="{}">{}</td>'
    lines = [format_html_join("", cell, zip(classes, headers, row, strict=True)) for row in rows]
    if not lines:
        return SafeString('<p class="text-subtle">Nothing yet.</p>')
    body = format_html_join("", "<tr>{}</tr>", ((line,) for line in lines))
    return format_html(
        '<div class="portal-table"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>', head, body
    )


def pairs(rows: Iterable[tuple[object, object]]) -> SafeString:
    """Return names with their values as an escaped HTML table without headers."""
    lines = format_html_join("", '<tr><th scope="row">{}</th><td>{}</td></tr>', rows)
    return format_html('<div class="portal-table portal-pairs"><table><tbody>{}</tbody></table></div>', lines)


def when(instant: datetime | None, zone: str = "Asia/Kolkata", *, seconds: bool = False) -> str:
    """Return an instant as the clock at the place shows it, with the zone: "Sat 4 Jan 2025, 18:30 IST"."""
    if instant is None:
        return EMPTY
    try:
        local = instant.astimezone(ZoneInfo(zone))
    except OverflowError:
        # The calendar's first and last day are not over everywhere.
        local = instant.replace(tzinfo=UTC)
    clock = f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"
    return f"{local:%a} {local.day} {local:%b %Y}, {clock} {local:%Z}"


def words(items: Iterable[object], limit: int = 5) -> SafeString:
    """Return "a, b, c and 4 more"."""
    listed = list(items)
    if not listed:
        return SafeString(EMPTY)
    shown = format_html_join(", ", "{}", ((item,) for item in listed[:limit]))
    return format_html("{} and {} more", shown, len(listed) - limit) if len(listed) > limit else shown


def _plain(number: Decimal | int) -> str:
    if isinstance(number, Decimal) and number != number.to_integral_value():
        return f"{number:,.2f}"
    return f"{int(number):,}"
