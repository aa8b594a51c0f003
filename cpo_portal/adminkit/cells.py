"""Cells of a CSV file that no spreadsheet runs as a formula, and back."""

from __future__ import annotations

import re

#: What a file begins with by which spreadsheets know UTF-8: without it some show ₹ as rubbish.
UTF_8_MARK = "\ufeff"
#: What a spreadsheet runs, behind apostrophes that say it is text.
_RUN = re.compile(r"'* *[=+\-@\t\r\n|%]")
_ESCAPED = re.compile(r"'+ *[=+\-@\t\r\n|%]")
# Many sheets split a file at semicolons or tabs, and leave quotes within a line alone: what stands behind one, or
# begins a line, would then be a cell of its own.
_RUN_INSIDE = re.compile(r"([;\t\r\n])('* *[=+\-@|%])")
_ESCAPED_INSIDE = re.compile(r"([;\t\r\n])'('* *[=+\-@|%])")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def escaped(text: str) -> str:
    """Return a cell as a spreadsheet shows it instead of running any part of it; a number stays a number."""
    if _NUMBER.fullmatch(text):
        return text
    text = _RUN_INSIDE.sub(r"\1'\2", text)
    return f"'{text}" if _RUN.match(text) else text


def unescaped(cell: str) -> str:
    """Return the text that `escaped` made this cell of; other cells stay as they are, but for an apostrophe there."""
    cell = cell[1:] if _ESCAPED.match(cell) else cell
    return _ESCAPED_INSIDE.sub(r"\1\2", cell)
