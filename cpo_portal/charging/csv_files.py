"""CSV files as people upload them: bounded, read whole, every fault told by row and column."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cpo_portal.adminkit.cells import unescaped

MOST_BYTES = 2 << 20
MOST_ROWS = 100_000
LONGEST_CELL = 1000
#: So many faults are told; the rest is a number.
MOST_FAULTS = 100


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


def read_rows(data: bytes, *, columns: Sequence[str], needed: Callable[[set[str]], str]) -> list[dict[str, str]]:
    """Return the rows as column → text without spaces around; columns that are left out are "".

    `needed` says what is missing of the header, "" for nothing. Raises NotRead.
    """
    return list(each_row(data, columns=columns, needed=needed))


def each_row(
    data: bytes, *, columns: Sequence[str], needed: Callable[[set[str]], str], bounds: Bounds = _USUAL
) -> Iterator[dict[str, str]]:
    """Yield what `read_rows` returns, one row at a time."""
    text = _text_of(data, bounds)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
        header = [name.strip().casefold() for name in next(reader, [])]
        _check_header(header, columns, needed)
        yield from _rows(reader, header, bounds)
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
    unknown = [name for name in header if name not in columns]
    if not header or header == [""]:
        raise NotRead(f"The file is empty: its first row names the columns, of {', '.join(columns)}.")
    if unknown:
        raise NotRead(f"The column “{unknown[0][:60]}” is unknown: use {', '.join(columns)}.")
    twice = [name for name in header if header.count(name) > 1]
    if twice:
        raise NotRead(f"The column “{twice[0]}” is there twice: leave one out.")
    missing = needed(set(header))
    if missing:
        raise NotRead(missing)


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
