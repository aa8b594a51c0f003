"""Spoils a message in one of a hundred ways, the same way for the same seed."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

#: JSON texts that no parser of ours may give to anything else.
RAW_VALUES = (
    "NaN", "Infinity", "-Infinity", "1e400", "-1e400", "1" + "0" * 400, "18446744073709551616", "-9223372036854775809",
    "0.1e-400", "1E18", "9" * 18, "-0", "-0.0", "1.0000000000000000000000000000000000001",
    '"\\u0000"', '"\\ud800"', '"\\udfff\\ud800"', '"\\u202e"', "[" * 10_000 + "]" * 10_000, "[" * 31 + "]" * 31,
    '{"a":' * 10_000 + "1" + "}" * 10_000, "tru", "", "'x'", '"\\x"', '"a\nb"', "{", "]", "0x10", "01", "+1", ".5",
)  # fmt: skip
WORDS = (
    "", " ", "\t", "x" * 255, "x" * 256, "x" * 1025, "x" * 4096, "x" * 4097, "₹" * 1500, "null", "None", "undefined",
    "' OR 1=1 --", "'; DROP TABLE charging_order; --", "%s", "%(id)s", "{0}", "${7*7}", "{{7*7}}", "<script>x</script>",
    "../../etc/passwd", "=1+1", "@SUM(A1)", "\r\nX: y", "a\u0301", "e\u0301" * 100, "\ufeff", "\u200b", "\u202e", "𝟙𝟘𝟘",
    "١٠٠", "１００", "İ", "ß", "😀" * 50, "\U0010ffff", "\x7f", "\x1f", "yes", "no", "true", "on", "ACTIVE", "COMPLETE",
)  # fmt: skip
NUMBERS = (
    "0", "-0", "-1", "1", "0.001", "0.0000000001", "-100", "1e2", "1E400", "99999999999", "999999999999.99",
    "1000000000000", "1" * 30, "NaN", "Infinity", "-Infinity", "0x10", "1_000", "1,000", "1.5.2", "+100", " 100 ",
    "100.", ".5", "5.005", "100.005", "2147483648", "9223372036854775808", "18446744073709551616",
)  # fmt: skip
TIMES = (
    "0000-00-00T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00", "1970-01-01",
    "2026-02-30T10:00:00Z", "2024-02-29T00:00:00+05:30", "2026-06-01T24:00:00Z", "2026-06-01T10:00:00+99:99",
    "2026-06-01T10:00:00.123456789Z", "2026:06:01:10:00:00", "10:00", "now", "1750000000", "PT30S", "P9999Y", "-PT30S",
    "P1M", "PT0S", "PT1e9S",
)  # fmt: skip
SCALARS: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 10**17, -(10**17), Decimal("0.5"), Decimal("1E+18"), Decimal("1E-18"),
    Decimal("-0.01"),
)  # fmt: skip
SHAPES: tuple[Any, ...] = (
    [], {}, [None], [[]], [{}], {"": {}}, {"id": None}, {"value": "1", "unit": "INR"}, {"descriptor": {"code": 5}},
    [{"id": "1"}] * 101, {"timestamp": "2026-01-01T00:00:00Z"}, [{"descriptor": {"code": "selection"}, "list": {}}],
)  # fmt: skip

Spot = tuple[Any, Any]


def spots(node: Any, found: list[Spot]) -> list[Spot]:
    """Return every (container, key or index) below a node."""
    keys: Any = node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
    for key in keys:
        found.append((node, key))
        spots(node[key], found)
    return found


class Mutator:
    """One seed's way of spoiling messages; `ids` are names that exist but mean something else here."""

    def __init__(self, seed: int, ids: Sequence[str]) -> None:
        self.chance = random.Random(seed)
        self.ids = tuple(ids)
        self.ways: tuple[Callable[[Any, Any], None], ...] = (
            self.remove, self.rename, self.double, self.reorder, self.deepen, self.swap, self.shape, self.scalar,
            self.word, self.number, self.time, self.shift, self.foreign, self.foreign, self.number,
        )  # fmt: skip

    def spoil(self, body: dict[str, Any]) -> bytes:
        """Return the bytes of a message with up to three faults; mostly in what it says, sometimes in its envelope."""
        body = copy.deepcopy(body)
        part = body if self.chance.random() < 0.2 else body.get("message", body)
        for _ in range(self.chance.choice((1, 1, 1, 2, 3))):
            found = spots(part, [])
            if found:
                self.chance.choice(self.ways)(*self.chance.choice(found))
        kind = self.chance.random()
        if kind < 0.06:
            return self.raw_value(body)
        raw = dump(body)
        if kind < 0.09:
            return self.twice(raw)
        return self.bytes(raw) if kind < 0.12 else raw

    def remove(self, holder: Any, key: Any) -> None:
        del holder[key]

    def rename(self, holder: Any, key: Any) -> None:
        if isinstance(holder, dict):
            holder[self.chance.choice((str(key).upper(), f"{key}s", f" {key}", f"{key}\u200b"))] = holder.pop(key)

    def double(self, holder: Any, key: Any) -> None:
        if isinstance(holder, list):
            holder.extend(copy.deepcopy([holder[key]] * self.chance.choice((1, 2, 99, 100))))

    def reorder(self, holder: Any, key: Any) -> None:
        if isinstance(holder, list):
            self.chance.shuffle(holder)
        else:
            entries = list(holder.items())
            self.chance.shuffle(entries)
            holder.clear()
            holder.update(entries)

    def deepen(self, holder: Any, key: Any) -> None:
        for _ in range(self.chance.choice((1, 5, 26, 40))):
            holder[key] = [holder[key]] if self.chance.random() < 0.5 else {"x": holder[key]}

    def swap(self, holder: Any, key: Any) -> None:
        value = holder[key]
        if isinstance(value, str):
            holder[key] = self.chance.choice(([value], {"value": value}, len(value), value.encode().hex()))
        elif isinstance(value, dict):
            holder[key] = list(value.values()) if self.chance.random() < 0.5 else json.dumps(value, default=str)
        elif isinstance(value, list):
            holder[key] = dict(enumerate(map(str, value))) if self.chance.random() < 0.5 else value[:1] and value[0]
        else:
            holder[key] = str(value)

    def shape(self, holder: Any, key: Any) -> None:
        holder[key] = copy.deepcopy(self.chance.choice(SHAPES))

    def scalar(self, holder: Any, key: Any) -> None:
        holder[key] = self.chance.choice(SCALARS)

    def word(self, holder: Any, key: Any) -> None:
        word = self.chance.choice(WORDS)
        old = holder[key] if isinstance(holder[key], str) else ""
        holder[key] = self.chance.choice((word, old + word, word + old, old.upper(), old.swapcase(), old[:-1]))

    def number(self, holder: Any, key: Any) -> None:
        text = self.chance.choice(NUMBERS)
        holder[key] = text if self.chance.random() < 0.8 or not text.isdigit() else int(text[:18])

    def time(self, holder: Any, key: Any) -> None:
        holder[key] = self.chance.choice(TIMES)

    def shift(self, holder: Any, key: Any) -> None:
        days = self.chance.choice((-40_000, -1, -0.02, 0, 0.001, 1, 6, 89, 91, 20_000))
        moment = datetime.now(UTC) + timedelta(days=days)
        holder[key] = moment.isoformat() if self.chance.random() < 0.7 else moment.replace(tzinfo=None).isoformat()

    def foreign(self, holder: Any, key: Any) -> None:
        holder[key] = self.chance.choice(self.ids)

    def raw_value(self, body: dict[str, Any]) -> bytes:
        """Put a text in a value's place that JSON's own writers would not write."""
        found = spots(body, [])
        if not found:
            return b""
        holder, key = self.chance.choice(found)
        holder[key] = "\u2603here\u2603"
        mark = json.dumps(holder[key], ensure_ascii=False).encode()
        return dump(body).replace(mark, self.chance.choice(RAW_VALUES).encode())

    def twice(self, raw: bytes) -> bytes:
        """Give a key twice in one object."""
        at = self.chance.choice([index for index, byte in enumerate(raw) if byte == ord("{")] or [0])
        return raw[: at + 1] + b'"id":"1","order_id":"x","id":"2",' + raw[at + 1 :]

    def bytes(self, raw: bytes) -> bytes:
        """Spoil, cut or pad the text."""
        spoilt = bytearray(raw)
        for _ in range(self.chance.randint(1, 6)):
            spoilt[self.chance.randrange(len(spoilt))] = self.chance.randrange(256)
        kinds = (bytes(spoilt), raw[: self.chance.randrange(len(raw))], raw + b"\0", b"\xef\xbb\xbf" + raw, raw * 2)
        return self.chance.choice(kinds)


def dump(body: Any) -> bytes:
    """Return JSON text; Decimals are written as numbers, half surrogates as escapes."""
    return json.dumps(body, default=float, ensure_ascii=False).encode(errors="surrogatepass")
