"""Terms, requests and quotes as JSON: exact both ways, and one hash for equal terms."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.engine.codec import (
    canonical_hash,
    decode,
    encode,
    line_from_json,
    line_to_json,
    quote_from_json,
    quote_to_json,
    request_from_json,
    request_to_json,
    terms_from_json,
    terms_hash,
    terms_to_json,
)
from pricing.engine.price import price
from pricing.engine.values import (
    AmountMeasure,
    Basis,
    Dimension,
    DurationMeasure,
    EnergyMeasure,
    PriceComponent,
    ProductOrder,
    ProductPrice,
)
from tests.pricing.engine.samples import PLAIN, SATURDAY, ask, delivered, kwh, window

RICH = replace(
    PLAIN,
    components=(
        PriceComponent(Dimension.ENERGY, Decimal("18.50"), (window("18:00", "00:00", frozenset({1, 7})),)),
        PriceComponent(Dimension.IDLE, Decimal(2), grace_minutes=10),
        *PLAIN.components,
    ),
    product_prices=(ProductPrice("coffee", "Coffee", Decimal(60), "FOOD"),),
    minimum_wh=100,
)


def through_text(data):
    return json.loads(json.dumps(data))


measures = st.one_of(
    st.builds(EnergyMeasure, st.integers(1, 10**6)),
    st.builds(DurationMeasure, st.integers(1, 10**4)),
    st.builds(AmountMeasure, st.decimals(1, 10**6, places=2), st.just("INR"), st.sampled_from(Basis)),
)


@settings(deadline=None, max_examples=60)
@given(measures, st.datetimes(timezones=st.just(UTC)), st.booleans())
def test_a_request_survives(measure, start, with_delivery):
    request = replace(ask(measure, start=start), products=(ProductOrder("coffee", 2),), planned_end=start)
    if with_delivery:
        request = replace(request, delivery=delivered((0, 1), (5, 700), stop=None).delivery)
    assert request_from_json(through_text(request_to_json(request))) == request


@pytest.mark.parametrize("terms", [pytest.param(PLAIN, id="plain"), pytest.param(RICH, id="rich")])
def test_terms_survive(terms):
    again = terms_from_json(through_text(terms_to_json(terms)))
    assert again == terms
    assert [str(x.rate) for x in again.components] == [str(x.rate) for x in terms.components]


def test_a_quote_and_its_lines_survive():
    quote = price(kwh("5"), RICH)
    assert quote_from_json(through_text(quote_to_json(quote))) == quote
    assert [line_from_json(through_text(line_to_json(x))) for x in quote.lines] == list(quote.lines)


def test_the_json_of_a_line_is_plain():
    assert line_to_json(price(kwh("5"), PLAIN).lines[0]) == {
        "line_id": "ENERGY-1",
        "kind": "ENERGY",
        "title": "Charging session cost (5 kWh @ ₹18.00/kWh)",
        "amount": {"amount": "90.00", "currency": "INR"},
        "quantity": "5.000",
        "unit": "kWh",
        "rate": "18",
        "item_id": "connector-1",
        "code": "",
        "shares": [],
        "category": "",
    }


def test_instants_are_rfc_3339_in_utc():
    local = SATURDAY.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert request_to_json(ask(EnergyMeasure(1), start=local))["planned_start"] == "2026-11-07T04:30:00Z"
    with pytest.raises(ValueError, match="offset"):
        request_from_json({**request_to_json(kwh("1")), "planned_start": "2026-11-07T04:30:00"})
    assert request_from_json(request_to_json(kwh("1"))).planned_start == datetime(2026, 11, 7, 4, 30, tzinfo=UTC)


def test_equal_terms_have_one_hash():
    same = replace(PLAIN, components=(PriceComponent(Dimension.ENERGY, Decimal("18.0000")),))
    dearer = replace(PLAIN, components=(PriceComponent(Dimension.ENERGY, Decimal("18.0001")),))
    assert terms_hash(same) == terms_hash(PLAIN)
    assert terms_hash(dearer) != terms_hash(PLAIN)
    assert terms_hash(terms_from_json(through_text(terms_to_json(RICH)))) == terms_hash(RICH)


@dataclass(frozen=True)
class Said:
    """Something with every sort of value that a hash is taken of."""

    zone: str
    amount: Decimal
    pair: tuple[Decimal, str]
    names: frozenset[str] = frozenset()


def test_a_hash_is_that_of_canonical_json_and_stays_what_it_was() -> None:
    """Quotes that were stored long ago are looked up by it: sorted keys, no spaces, shortest numbers, UTF-8."""
    text = '{"amount":"18.5","names":["a","b"],"pair":["2","ö"],"zone":"₹"}'
    said = Said("₹", Decimal("18.50"), (Decimal("2.00"), "ö"), frozenset({"b", "a"}))
    assert canonical_hash(said) == sha256(text.encode()).hexdigest()


def test_a_pair_is_read_with_the_type_of_each_place() -> None:
    said = Said("x", Decimal("1.50"), (Decimal("2.5"), "y"))
    again = decode(Said, through_text(encode(said)))
    assert (again, again.pair) == (said, (Decimal("2.5"), "y"))
    with pytest.raises(ValueError, match="zip"):
        decode(Said, through_text(encode(said)) | {"pair": ["2.5"]})


@dataclass(frozen=True)
class Kwh:
    """One of two things that a field may hold."""

    number: Decimal


@dataclass(frozen=True)
class Minutes:
    """The other one."""

    number: Decimal


@dataclass(frozen=True)
class Held:
    """Something with the sorts of value that few things have."""

    wait: timedelta
    counts: Mapping[str, Decimal]
    steps: frozenset[Decimal] = frozenset()
    alone: tuple[Decimal] = (Decimal(1),)
    asked: Kwh | Minutes | None = None
    only: Kwh | None = None


HELD = Held(
    timedelta(seconds=1, microseconds=5),
    {"b": Decimal("2.50"), "a": Decimal("1.00")},
    frozenset({Decimal("3.50")}),
    asked=Minutes(Decimal(4)),
    only=Kwh(Decimal(5)),
)


def test_spans_mappings_and_choices_are_written_in_whole_and_read_again():
    data = through_text(encode(HELD))
    assert json.dumps(data) == (
        '{"wait": 1000005, "counts": {"a": "1.00", "b": "2.50"}, "steps": ["3.50"], "alone": ["1"], '
        '"asked": {"kind": "Minutes", "number": "4"}, "only": {"number": "5"}}'
    )
    assert decode(Held, data) == HELD
    nothing = replace(HELD, asked=None, only=None)
    assert decode(Held, through_text(encode(nothing))) == nothing


def test_numbers_inside_of_sets_and_mappings_are_hashed_shortest():
    same = replace(HELD, counts={"a": Decimal(1), "b": Decimal("2.5")}, steps=frozenset({Decimal("3.5")}))
    assert canonical_hash(same) == canonical_hash(HELD)


def test_what_is_no_value_is_not_written():
    with pytest.raises(TypeError, match="cannot write object as JSON"):
        encode(object())


def test_a_trace_is_left_to_its_own_codec():
    assert quote_to_json(replace(price(kwh("5"), PLAIN), trace=HELD))["trace"] is None
