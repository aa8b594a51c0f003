"""Price terms, requests and quotes as JSON and back, exactly: Decimals as strings, instants as RFC 3339."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from pricing.engine.making import maker
from pricing.engine.terms import ADDED_LATER
from pricing.engine.values import ChargingRequest, PriceTerms, Quote, QuoteLine

Json = Any
_KIND = "kind"
_T = TypeVar("_T")


def terms_to_json(terms: PriceTerms) -> dict[str, Json]:
    return _object(terms)


def terms_from_json(data: Mapping[str, Json]) -> PriceTerms:
    """Return the terms; raises ValueError or KeyError for what `terms_to_json` did not write."""
    return decode(PriceTerms, data)


def terms_hash(terms: PriceTerms) -> str:
    """Return the SHA-256 of the canonical JSON; 18 and 18.00 are the same rate."""
    return canonical_hash(terms)


def request_to_json(request: ChargingRequest) -> dict[str, Json]:
    return _object(request)


def request_from_json(data: Mapping[str, Json]) -> ChargingRequest:
    """Return the request; raises ValueError or KeyError for what `request_to_json` did not write."""
    return decode(ChargingRequest, data)


def quote_to_json(quote: Quote) -> dict[str, Json]:
    """Return everything of a quote but the trace of its discounts, which has its own codec."""
    return _object(quote)


def line_to_json(line: QuoteLine) -> dict[str, Json]:
    return _object(line)


def line_from_json(data: Mapping[str, Json]) -> QuoteLine:
    """Return the line; raises ValueError or KeyError for what `line_to_json` did not write."""
    return decode(QuoteLine, data)


def quote_from_json(data: Mapping[str, Json]) -> Quote:
    """Return the quote without its trace."""
    return decode(Quote, data)


def canonical_hash(value: Any) -> str:
    """Return the SHA-256 of a dataclass as canonical JSON: sorted keys, no spaces, shortest numbers."""
    text = json.dumps(_encode(value, shortest=True), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def encode(value: Any) -> Json:
    """Turn a frozen dataclass of these packages into JSON values; sets become sorted lists."""
    return _encode(value, shortest=False)


def decode(kind: type[_T], data: Json) -> _T:
    """Build a dataclass from what `encode` made of it; fields that are missing take their defaults."""
    hint: Any = kind
    made: _T = _decoder(hint)(data)
    return made


def _object(value: Any) -> dict[str, Json]:
    data: dict[str, Json] = encode(value)
    return data


def _encode(value: Any, *, shortest: bool) -> Json:
    if isinstance(value, Decimal):
        return f"{value.normalize() if shortest else value:f}"
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | int | bool):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, time | date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value // timedelta(microseconds=1)
    if isinstance(value, frozenset | set):
        return sorted(_encode(x, shortest=shortest) for x in value)
    if isinstance(value, tuple | list):
        return [_encode(x, shortest=shortest) for x in value]
    if isinstance(value, Mapping):
        return {str(key): _encode(value[key], shortest=shortest) for key in sorted(value)}
    if is_dataclass(value):
        return {x.name: _field(value, x.name, shortest) for x in _written(value, shortest)}
    raise TypeError(f"cannot write {type(value).__name__} as JSON")


def _written(owner: Any, shortest: bool) -> list[Field[Any]]:
    """Return the fields that are written; what was added later and says nothing must not change an old hash."""
    return [
        x for x in fields(owner) if not (shortest and x.metadata == ADDED_LATER and getattr(owner, x.name) == x.default)
    ]


def _field(owner: Any, name: str, shortest: bool) -> Json:
    value = getattr(owner, name)
    if name == "trace":
        # A quote's trace belongs to whoever made its discounts.
        return None
    data = _encode(value, shortest=shortest)
    if is_dataclass(value) and _is_choice(_hints(owner.__class__)[name]):
        return {_KIND: type(value).__name__, **data}
    return data


@lru_cache(maxsize=256)
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _is_choice(hint: Any) -> bool:
    return len(_members(hint)) > 1


def _members(hint: Any) -> tuple[Any, ...]:
    return tuple(x for x in get_args(hint) if x is not NoneType) if get_origin(hint) in {UnionType, Union} else ()


@lru_cache(maxsize=512)
def _decoder(hint: Any) -> Callable[[Json], Any]:
    """Return the function that reads one type; unions are of one type and None, or of dataclasses by name."""
    if hint in _READERS:
        return _READERS[hint]
    members = _members(hint)
    if members:
        return _union_decoder(members)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is frozenset:
        member = _decoder(arguments[0])
        return lambda data: frozenset(member(x) for x in data)
    if origin is tuple:
        return _tuple_decoder(arguments)
    if origin is Mapping:
        entry = _decoder(arguments[1])
        return lambda data: {key: entry(x) for key, x in data.items()}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    if is_dataclass(hint):
        return _dataclass_decoder(hint)
    return lambda data: data


def _union_decoder(members: tuple[Any, ...]) -> Callable[[Json], Any]:
    if len(members) == 1:
        only = _decoder(members[0])
        return lambda data: None if data is None else only(data)
    by_name = {x.__name__: _decoder(x) for x in members}
    return lambda data: None if data is None else by_name[data[_KIND]](data)


def _tuple_decoder(arguments: tuple[Any, ...]) -> Callable[[Json], Any]:
    if arguments[-1] is Ellipsis:
        member = _decoder(arguments[0])
        return lambda data: tuple(member(x) for x in data)
    parts = [_decoder(x) for x in arguments]
    return lambda data: tuple(part(x) for part, x in zip(parts, data, strict=True))


def _dataclass_decoder(kind: Any) -> Callable[[Json], Any]:
    hints = _hints(kind)
    readers = [(x.name, _decoder(hints[x.name])) for x in fields(kind)]
    all_names = frozenset(name for name, _ in readers)
    required = {x.name for x in fields(kind) if x.default is MISSING and x.default_factory is MISSING}
    make = maker(kind)

    def read(data: Mapping[str, Json]) -> Any:
        if all_names <= data.keys():
            return make(*[reader(data[name]) for name, reader in readers])
        return make(**{name: reader(data[name]) for name, reader in readers if name in data or name in required})

    return read


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is UTC:
        return instant
    if instant.tzinfo is None:
        raise ValueError(f"{text} has no offset from UTC")
    return instant.astimezone(UTC)


_READERS: dict[Any, Callable[[Json], Any]] = {
    Decimal: Decimal,
    datetime: _instant,
    date: date.fromisoformat,
    time: time.fromisoformat,
    timedelta: lambda data: timedelta(microseconds=data),
    str: str,
    int: int,
    bool: bool,
}
