"""CSV files as people upload them: bounded, read whole, every fault told by row and column."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from types import MappingProxyType

from cpo_portal.adminkit.cells import unescaped

MOST_BYTES = 2 << 20
MOST_ROWS = 100_000
MOST_COLUMNS = 500
LONGEST_CELL = 1000
#: So many faults are told; the rest is a number.
MOST_FAULTS = 100
#: So many unknown columns are named one by one, and of so many known ones the whole list.
MOST_NAMED = 5
MOST_LISTED = 12


class NotRead(ValueError):
    """The file as a whole cannot be read; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in one cell; the header is row 1."""

    row: int
    column: str
    sentence: str


@dataclass(slots=True)
class Faults:
    """The first faults of a file, and how many there are."""

    shown: list[Fault] = field(default_factory=list)
    count: int = 0

    def add(self, row: int, column: str, sentence: str) -> None:
        """Note a fault."""
        self.count += 1
        if len(self.shown) < MOST_FAULTS:
            self.shown.append(Fault(row, column, sentence))


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much a file may hold: bytes, rows below the header, and characters in a cell."""

    most_bytes: int = MOST_BYTES
    most_rows: int = MOST_ROWS
    longest_cell: int = LONGEST_CELL


_USUAL = Bounds()
_NO_OTHERS: Mapping[str, str] = MappingProxyType({})


def read_rows(data: bytes, *, columns: Sequence[str], needed: Callable[[set[str]], str]) -> list[dict[str, str]]:
    """Return the rows as column in small letters → text without spaces around; columns that are left out are "".

    `needed` says what is missing of the header, in small letters, "" for nothing. Raises NotRead.
    """
    return list(each_row(data, columns=columns, needed=needed))


def each_row(
    data: bytes,
    *,
    columns: Sequence[str],
    needed: Callable[[set[str]], str],
    bounds: Bounds = _USUAL,
    other_names: Mapping[str, str] = _NO_OTHERS,
) -> Iterator[dict[str, str]]:
    """Yield what `read_rows` returns, one row at a time; a column is known by its `other_names` (folded) as well."""
    text = _text_of(data, bounds)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
        written = [name.strip() for name in next(reader, [])]
        header = [other_names.get(name.casefold(), name) for name in written]
        _check_header(header, columns, needed)
        yield from _rows(reader, [name.casefold() for name in header], bounds)
    except csv.Error as error:
        raise NotRead(f"The file is no CSV: {error}. Save it as “CSV UTF-8” and upload it again.") from error


def _text_of(data: bytes, bounds: Bounds) -> str:
    if len(data) > bounds.most_bytes:
        raise NotRead(f"The file is larger than {bounds.most_bytes >> 20} MB: upload it in parts.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotRead("The file is not in UTF-8: save it as “CSV UTF-8” and upload it again.") from error
    if "\0" in text:
        raise NotRead("The file is no text: save the sheet as “CSV UTF-8” and upload that.")
    return text


def _delimiter(text: str) -> str:
    first = text.partition("\n")[0]
    return max(",;\t", key=first.count)


def _check_header(header: list[str], columns: Sequence[str], needed: Callable[[set[str]], str]) -> None:
    """Refuse a header, with all that is wrong in it; `header` is as it is written, `columns` as they are called."""
    if len(header) > MOST_COLUMNS:
        raise NotRead(
            f"The first row has {len(header)} cells, and at most {MOST_COLUMNS} are read: delete the columns that are "
            "not needed, empty ones too, and upload it again."
        )
    if not any(header):
        raise NotRead(f"The file is empty: its first row names the columns, {_such_as(columns)}.")
    folded = [name.casefold() for name in header]
    known = {name.casefold(): name for name in columns}
    times = Counter(folded)
    unknown = list(dict.fromkeys(name for name in header if name.casefold() not in known))
    free = [name for name in known if name not in times]
    meant = {name: get_close_matches(name.casefold(), free, n=1) for name in unknown[:MOST_NAMED]}
    faults = [_unknown(name, known[near[0]] if near else "", columns) for name, near in meant.items()]
    if len(unknown) > MOST_NAMED:
        faults.append(f"{len(unknown) - MOST_NAMED} more columns are unknown.")
    twice = sorted(known[name] for name, count in times.items() if count > 1 and name in known)
    faults += [f"The column “{name}” is there twice: leave one out." for name in twice]
    # Who misspelt a column need not hear that it is missing, too.
    missing = needed({*times, *(name for near in meant.values() for name in near)})
    if missing:
        faults.append(missing)
    if faults:
        raise NotRead(" ".join(faults))


def _unknown(name: str, meant: str, columns: Sequence[str]) -> str:
    said = f"The column “{name[:60]}” is unknown"
    if meant:
        return f"{said}: did you mean “{meant}”?"
    if len(columns) <= MOST_LISTED:
        return f"{said}: use {', '.join(columns)}."
    return f"{said}: leave it out, or take its name from the list of columns."


def _such_as(columns: Sequence[str]) -> str:
    return f"of {', '.join(columns)}" if len(columns) <= MOST_LISTED else f"such as {', '.join(columns[:3])}"


def _rows(reader: Iterator[list[str]], header: list[str], bounds: Bounds) -> Iterator[dict[str, str]]:
    for number, cells in enumerate(reader, start=2):
        if number > bounds.most_rows + 1:
            raise NotRead(f"The file has more than {bounds.most_rows} rows: upload it in parts.")
        if len(cells) > len(header):
            raise NotRead(f"Row {number} has more cells than the header: put a text with commas into quotes.")
        if any(len(cell) > bounds.longest_cell for cell in cells):
            raise NotRead(f"Row {number} has a cell of more than {bounds.longest_cell} characters: shorten it.")
        yield dict.fromkeys(header, "") | {
            name: unescaped(cell.strip()) for name, cell in zip(header, cells, strict=False)
        }


def is_blank(row: Mapping[str, str]) -> bool:
    """Tell whether a row was left empty."""
    return not any(row.values())
