"""Addresses that a map and a buyer app can find: countries, city codes, PINs and points."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from cpo_portal.network.addresses import COUNTRIES, Address, faults_of

NOIDA = Address("IND", "std:0120", "201301", Decimal("28.620000"), Decimal("77.360000"))


@pytest.mark.parametrize(
    "address",
    [
        pytest.param(NOIDA, id="all of it"),
        pytest.param(Address("IND"), id="the country alone"),
        pytest.param(replace(NOIDA, postal_code="201 301"), id="a PIN in two parts"),
        pytest.param(Address("DEU", "iso:BER", "10117", Decimal("52.5"), Decimal("13.4")), id="another country"),
    ],
)
def test_a_good_address_has_no_fault(address: Address) -> None:
    assert faults_of(address) == {}


FAULTS = [
    pytest.param(
        {"country": "Ind"}, "country", "“Ind” is no country code: use the three capitals of ISO 3166, such as IND."
    ),
    pytest.param(
        {"country": "XXX"}, "country", "“XXX” is no country code: use the three capitals of ISO 3166, such as IND."
    ),
    pytest.param(
        {"city_code": "Noida"},
        "city_code",
        "“Noida” is no city code: write std: and the area code with its 0, such as std:080 for Bengaluru.",
    ),
    pytest.param(
        {"country": "DEU", "city_code": "Berlin"},
        "city_code",
        "“Berlin” is no city code: write the kind, a colon and the code, such as std:080.",
    ),
    pytest.param({"postal_code": "2013"}, "postal_code", "“2013” is no PIN code: it has six digits, such as 560001."),
    pytest.param(
        {"postal_code": "012345"}, "postal_code", "“012345” is no PIN code: it has six digits, such as 560001."
    ),
    pytest.param(
        {"latitude": Decimal("77.36"), "longitude": Decimal("28.62")},
        "latitude",
        "77.36, 28.62 lies outside of India: are latitude and longitude swapped?",
    ),
    pytest.param(
        {"latitude": Decimal("52.5"), "longitude": Decimal("13.4")},
        "latitude",
        "52.5, 13.4 lies outside of India: check the point and the country.",
    ),
]


@pytest.mark.parametrize(("changes", "field", "sentence"), FAULTS)
def test_a_fault_is_told_at_its_field(changes: dict[str, Any], field: str, sentence: str) -> None:
    assert faults_of(replace(NOIDA, **changes)) == {field: sentence}


def test_there_are_249_countries() -> None:
    assert len(COUNTRIES) == 249
