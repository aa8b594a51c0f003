"""JSON in: the limits of the protocol, each with its sentence; JSON out."""

from __future__ import annotations

import itertools
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beckn.protocol.jsontext import read_json, write_json
from beckn.protocol.values import ProtocolFault


def refusal(raw: bytes, *, strict: bool = True) -> str:
    """Return the sentence with which a body is refused."""
    with pytest.raises(ProtocolFault) as caught:
        read_json(raw, refuse_duplicates=strict)
    assert caught.value.code == "30000"
    assert caught.value.paths == ("$",)
    return caught.value.message


def nested(depth: int) -> bytes:
    """Return an object with so many levels."""
    return b'{"a":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


def test_fractions_are_decimals_and_whole_numbers_are_ints() -> None:
    body = read_json(b'{"a":18.10,"b":1e2,"c":-7,"d":"18.10","e":null,"f":true}', refuse_duplicates=True)
    assert body == {"a": Decimal("18.10"), "b": Decimal(100), "c": -7, "d": "18.10", "e": None, "f": True}
    assert isinstance(body["c"], int)
    assert str(body["a"]) == "18.10"


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"", "The body is not JSON: Expecting value at line 1, column 1."),
        (b'{"a":1', "The body is not JSON: Expecting ',' delimiter at line 1, column 7."),
        (b"[1]", "The body is not a JSON object."),
        (b'"text"', "The body is not a JSON object."),
        (b'{"a":"\xff"}', "The body is not UTF-8."),
        ('{"a":1}'.encode("utf-16"), "The body is not UTF-8."),
        (b'{"a":NaN}', "The body holds NaN, which is not JSON."),
        (b'{"a":-Infinity}', "The body holds -Infinity, which is not JSON."),
        (b'{"a":"x\\u0000y"}', "The body holds a NUL character."),
        (b'{"x\\u0000y":1}', "The body holds a NUL character."),
        (b'{"a":["\\ud800"]}', "The body holds half of a surrogate pair."),
        (b'{"\\udfff":1}', "The body holds half of a surrogate pair."),
        (b'{"a":1234567890123456789}', "The body holds a whole number of more than 18 digits."),
        (b'{"a":-' + b"9" * 5000 + b"}", "The body holds a whole number of more than 18 digits."),
        (b'{"a":0.' + b"1" * 40 + b"}", "The body holds a number of more than 40 characters."),
        (b'{"a":1e19}', "The body holds a number beyond 10 to the power of 18."),
        (b'{"a":1E-19}', "The body holds a number beyond 10 to the power of 18."),
        (b'{"a":1e99999999999999999999}', "The body holds a number beyond 10 to the power of 18."),
        (b'{"a":0e-999}', "The body holds a number beyond 10 to the power of 18."),
        (b'{"a":{"b":1,"b":1}}', "The key 'b' is given twice in one object."),
        (b'{"a":1,"\\u0061":2}', "The key 'a' is given twice in one object."),
        (b'{"a":"' + b"x" * 4097 + b'"}', "The body holds a string longer than 4 KB."),
        (b'{"' + b"x" * 4097 + b'":1}', "The body holds a string longer than 4 KB."),
        (('{"a":"' + "₹" * 1366 + '"}').encode(), "The body holds a string longer than 4 KB."),
        (b'{"a":"' + b"x" * (1 << 20) + b'"}', "The body is larger than 1 MB."),
        (nested(33), "The body is nested deeper than 32 levels."),
        (b"[" * 500_000, "The body is nested deeper than 32 levels."),
    ],
    ids=itertools.count(),
)
def test_what_the_protocol_refuses_is_refused_with_a_sentence(raw: bytes, sentence: str) -> None:
    assert refusal(raw) == sentence


def test_the_limits_themselves_are_allowed() -> None:
    read_json(nested(32), refuse_duplicates=True)
    assert len(read_json(b'{"a":"' + b"x" * 4096 + b'"}', refuse_duplicates=True)["a"]) == 4096
    assert read_json(b'{"a":-123456789012345678}', refuse_duplicates=True) == {"a": -123456789012345678}
    assert read_json(b'{"a":"\\ud83d\\ude97"}', refuse_duplicates=True) == {"a": "🚗"}


def test_brackets_inside_of_strings_are_no_depth() -> None:
    text = "[" * 100 + '\\"{{{{' + "\\\\"
    body = json.dumps({"a": text, "b": [[1]] * 40}).encode()
    assert read_json(body, refuse_duplicates=True)["a"] == text


def test_a_key_given_twice_keeps_the_last_where_nothing_changes_state() -> None:
    assert read_json(b'{"a":1,"a":2}', refuse_duplicates=False) == {"a": 2}


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":"' + b'\\"' * 500_000,
        b'{"a":"' + b'\\"' * 500_000 + b"\\",
        b"[" + b'"' * 1_000_000,
        b"{" + b'"a\\' * 250_000,
        b"{" + b",".join(b'"%d":1' % index for index in range(80_000)) + b',"79999":1}',
    ],
    ids=["open string", "open escape", "quotes", "broken escapes", "one of many keys twice"],
)
def test_hostile_bodies_are_refused_in_one_pass(raw: bytes) -> None:
    # A quadratic pass over a megabyte would take hours; this test would not end.
    assert refusal(raw).endswith(".")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(max_size=8), _JSON, max_size=5))
def test_ordinary_bodies_come_back_as_they_were(body: dict[str, Any]) -> None:
    raw = json.dumps(body).encode()
    if "\\u0000" in raw.decode().replace("\\\\", ""):
        assert refusal(raw) == "The body holds a NUL character."
    else:
        assert read_json(raw, refuse_duplicates=True) == body
        assert read_json(write_json(body), refuse_duplicates=True) == body


@given(st.binary(max_size=100))
def test_no_bytes_raise_anything_but_a_protocol_fault(raw: bytes) -> None:
    for candidate in (raw, b'{"a":' + raw + b"}"):
        try:
            assert isinstance(read_json(candidate, refuse_duplicates=True), dict)
        except ProtocolFault as fault:
            assert fault.code == "30000"


def test_json_is_written_compact_in_utf_8() -> None:
    assert write_json({"title": "₹18.00", "lines": []}) == '{"title":"₹18.00","lines":[]}'.encode()
