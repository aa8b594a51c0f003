"""How the cells of a file say what is more than one word: names, dates, and rows of windows, slabs and ways to pay.

Each list has a short form that people write; JSON, as the API has it, says what the short form cannot. What is written
is always read back as it was.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError

from cpo_portal.adminkit.rows import DAYS

#: So many rows the form takes as well, and so many characters a row of the short form has.
MOST_ROWS = 200
_LONGEST_ROW = 200
_DAY_NAMES = {int(number): name for number, name in DAYS}
_DAY_NUMBERS = {name.casefold(): number for number, name in _DAY_NAMES.items()}
_WINDOW = re.compile(r"(?P<days>[a-z ,-]+?)(?: +(?P<start>\d\d:\d\d) *- *(?P<end>\d\d:\d\d))?", re.IGNORECASE)
_SLAB = re.compile(
    r"(?P<first>\d{1,9}) *(?:- *(?P<last>\d{1,9})|(?P<open>\+)) *: *(?P<value>[\d.]{1,20}) *(?P<percent>%?)"
    r" +max +(?P<cap>[\d.]{1,20})",
    re.IGNORECASE,
)
_TERM = re.compile(
    r"(?P<provider>.+): *(?P<method>EMI|PAY_LATER) +(?P<months>\d{1,9}) +months +(?P<annual>[\d.]{1,20}) *%"
    r"(?: +bearing +(?P<subvention>[\d.]{1,20}) *%)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ShortForm:
    """How one row is written, an example of several, and the two directions; `read` returns None for what is none."""

    example: str
    read: Callable[[str], Any]
    write: Callable[[Any], str]


def read_names(text: str) -> tuple[str, ...]:
    """Return names between semicolons, or in a list of JSON."""
    if text.startswith("["):
        names = _json_list(text, '["highway", "new-station"]')
        if not all(isinstance(name, str) for name in names):
            raise ValidationError('Write the names between semicolons, or as JSON: ["highway", "new-station"].')
        return tuple(names)
    return tuple(name for name in (part.strip() for part in text.split(";")) if name)


def write_names(names: Sequence[str]) -> str:
    """Return the names as `read_names` reads them."""
    text = "; ".join(names)
    return text if read_names_or_none(text) == tuple(names) else _as_json(names)


def read_names_or_none(text: str) -> tuple[str, ...] | None:
    """Return the names, None where the text cannot be read as such."""
    try:
        return read_names(text)
    except ValidationError:
        return None


def write_dates(days: Sequence[date]) -> str:
    """Return dates between semicolons."""
    return "; ".join(day.isoformat() for day in days)


def read_rows_of(name: str, text: str) -> tuple[Any, ...]:
    """Return the rows of a field as the domain takes them, from the short form or from JSON; raises ValidationError."""
    form = SHORT_FORMS.get(name)
    if text.startswith("[") or form is None:
        rows = _json_list(text, "a list of what the API takes" if form is None else f"{form.example}, or JSON")
    else:
        parts = [part.strip() for part in text.split(";") if part.strip()]
        rows = [form.read(part) if len(part) <= _LONGEST_ROW else None for part in parts[: MOST_ROWS + 1]]
        if unread := [part for part, row in zip(parts, rows, strict=False) if row is None]:
            raise ValidationError(f"Write it as {form.example} instead of “{unread[0][:60]}”.")
    if len(rows) > MOST_ROWS:
        raise ValidationError(f"Give at most {MOST_ROWS} of them.")
    return tuple(rows)


def write_rows_of(name: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the rows as `read_rows_of` reads them: in the short form where it says everything."""
    form = SHORT_FORMS.get(name)
    if not rows:
        return ""
    text = "; ".join(form.write(row) for row in rows) if form is not None else ""
    try:
        whole = bool(text) and list(read_rows_of(name, text)) == list(rows)
    except ValidationError:
        whole = False
    return text if whole else _as_json(rows)


def _json_list(text: str, example: str) -> list[Any]:
    try:
        found = json.loads(text, parse_float=str)
        kept = _is_kept(found)
    except (ValueError, RecursionError):
        kept = False
    if not kept or not isinstance(found, list):
        raise ValidationError(f"This is no list: write it as {example}.")
    return found


def _is_kept(value: Any) -> bool:
    """Tell whether a database keeps what the JSON says: no zero byte; half a surrogate pair raises ValueError."""
    json.dumps(value, ensure_ascii=False).encode()
    return "\\u0000" not in json.dumps(value)


def _as_json(rows: Sequence[Any]) -> str:
    return json.dumps(list(rows), ensure_ascii=False)


def _read_window(text: str) -> dict[str, Any] | None:
    found = _WINDOW.fullmatch(text)
    days = _read_days(found["days"]) if found else None
    if found is None or days is None:
        return None
    return {"weekdays": days, "start": found["start"] or "00:00", "end": found["end"] or "00:00"}


def _read_days(text: str) -> list[int] | None:
    days: set[int] = set()
    for part in text.replace(" ", "").split(","):
        first, _, last = part.casefold().partition("-")
        if first not in _DAY_NUMBERS or (last and last not in _DAY_NUMBERS):
            return None
        begin, end = _DAY_NUMBERS[first], _DAY_NUMBERS[last or first]
        # Fri-Mon goes on over the week's end.
        days |= {(day - 1) % 7 + 1 for day in range(begin, end + 1 if end >= begin else end + 8)}
    return sorted(days)


def _write_window(row: Mapping[str, Any]) -> str:
    days = ",".join(_DAY_NAMES[day] for day in row["weekdays"])
    return f"{days} {row['start']}-{row['end']}"


def _read_slab(text: str) -> dict[str, Any] | None:
    found = _SLAB.fullmatch(text)
    if found is None:
        return None
    return {
        "item_count": int(found["first"]),
        "item_count_upper": None if found["open"] else int(found["last"]),
        "value": found["value"],
        "value_type": "percent" if found["percent"] else "amount",
        "value_cap": found["cap"],
    }


def _write_slab(row: Mapping[str, Any]) -> str:
    last = "+" if row["item_count_upper"] is None else f"-{row['item_count_upper']}"
    percent = "%" if row["value_type"] == "percent" else ""
    return f"{row['item_count']}{last}: {row['value']}{percent} max {row['value_cap']}"


def _read_term(text: str) -> dict[str, Any] | None:
    found = _TERM.fullmatch(text)
    if found is None:
        return None
    return {
        "provider": found["provider"].strip(),
        "method": found["method"].upper(),
        "months": int(found["months"]),
        "annual_percent": found["annual"],
        "subvention_percent": found["subvention"] or "0",
    }


def _write_term(row: Mapping[str, Any]) -> str:
    share = f" bearing {row['subvention_percent']}%"
    return f"{row['provider']}: {row['method']} {row['months']} months {row['annual_percent']}%{share}"


#: By field of the content: what people write for a list of rows.
SHORT_FORMS: dict[str, ShortForm] = {
    "weekly_windows": ShortForm("Sat,Sun; Mon-Fri 22:00-06:00", _read_window, _write_window),
    "slabs": ShortForm("0-9: 5% max 20; 10-19: 10% max 50; 20+: 80 max 80", _read_slab, _write_slab),
    "finance_terms": ShortForm("Some Bank: EMI 6 months 12% bearing 50%", _read_term, _write_term),
}
