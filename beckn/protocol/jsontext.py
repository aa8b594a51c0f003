"""JSON text in, under the protocol's limits, and out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NoReturn

import orjson

from beckn.protocol.errors import INVALID_REQUEST
from beckn.protocol.values import ProtocolFault

MAX_BYTES = 1 << 20
MAX_DEPTH = 32
MAX_STRING = 4096
#: Wider than any amount, energy or coordinate that we read.
MAX_INT_DIGITS = 18
MAX_NUMBER_CHARS = 40
MAX_EXPONENT = 18

# A whole string literal. Possessive, and satisfied with the end of the text, so that a hostile body without a
# closing quote costs one pass and not one per quote.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_SURROGATE = re.compile("[\ud800-\udfff]")


def read_json(raw: bytes, *, refuse_duplicates: bool) -> dict[str, Any]:
    """Parse a body whose top level is an object; fractions are Decimals, whole numbers ints.

    Raises ProtocolFault with one sentence for text that is too long, too deep, not JSON, or holds what the
    protocol refuses: NaN, Infinity, NUL, lone surrogates, strings over 4 KB, absurd numbers and, where asked for,
    a key given twice.
    """
    if len(raw) > MAX_BYTES:
        _refuse("The body is larger than 1 MB.")
    _check_depth(raw)
    try:
        text = raw.decode()
        body = (_STRICT if refuse_duplicates else _PLAIN).decode(text)
    except UnicodeDecodeError:
        _refuse("The body is not UTF-8.")
    except json.JSONDecodeError as error:
        _refuse(f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}.")
    if not isinstance(body, dict):
        _refuse("The body is not a JSON object.")
    # Only an escape can make a NUL or a lone surrogate, and a short body cannot hold a long string.
    if len(raw) > MAX_STRING or b"\\u" in raw:
        _check_strings(body)
    return body


def write_json(message: Mapping[str, Any]) -> bytes:
    """Return compact UTF-8; the dialect has already rendered every amount and instant as a string."""
    return orjson.dumps(message)


def _refuse(sentence: str, path: str = "$") -> NoReturn:
    raise ProtocolFault(INVALID_REQUEST, sentence, (path,))


def _check_depth(raw: bytes) -> None:
    """Refuse more than 32 levels, before a parser recurses into them."""
    if raw.count(b"{") + raw.count(b"[") <= MAX_DEPTH:
        return
    depth = 0
    for bracket in _STRING.sub(b"", raw).translate(None, _NOT_BRACKETS):
        if bracket in b"{[":
            depth += 1
            if depth > MAX_DEPTH:
                _refuse(f"The body is nested deeper than {MAX_DEPTH} levels.")
        else:
            depth -= 1


def _check_strings(body: dict[str, Any]) -> None:
    """Refuse long strings, NUL and lone surrogates, in keys as in values."""
    pending: list[Any] = [body]
    while pending:
        value = pending.pop()
        if isinstance(value, str):
            if len(value) > MAX_STRING or len(value.encode(errors="replace")) > MAX_STRING:
                _refuse("The body holds a string longer than 4 KB.")
            if "\0" in value:
                _refuse("The body holds a NUL character.")
            if _SURROGATE.search(value):
                _refuse("The body holds half of a surrogate pair.")
        elif isinstance(value, dict):
            pending.extend(value)
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)


def _whole(digits: str) -> int:
    if len(digits.removeprefix("-")) > MAX_INT_DIGITS:
        _refuse(f"The body holds a whole number of more than {MAX_INT_DIGITS} digits.")
    return int(digits)


def _fraction(digits: str) -> Decimal:
    if len(digits) > MAX_NUMBER_CHARS:
        _refuse(f"The body holds a number of more than {MAX_NUMBER_CHARS} characters.")
    _, _, written_exponent = digits.lower().partition("e")
    # An exponent of five digits may overflow Decimal itself.
    number = Decimal(digits) if len(written_exponent) < 5 else Decimal("Infinity")
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or abs(exponent) > MAX_EXPONENT or abs(number.adjusted()) > MAX_EXPONENT:
        _refuse(f"The body holds a number beyond 10 to the power of {MAX_EXPONENT}.")
    return number


def _constant(name: str) -> NoReturn:
    _refuse(f"The body holds {name}, which is not JSON.")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                _refuse(f"The key {key[:60]!r} is given twice in one object.")
            seen.add(key)
    return result


_PLAIN = json.JSONDecoder(parse_float=_fraction, parse_int=_whole, parse_constant=_constant)
_STRICT = json.JSONDecoder(
    parse_float=_fraction, parse_int=_whole, parse_constant=_constant, object_pairs_hook=_without_duplicates
)
