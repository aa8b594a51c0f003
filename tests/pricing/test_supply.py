"""Where a supply takes place: states by name and code, GSTINs as buyers write them, and which of them counts."""

from __future__ import annotations

import pytest

from pricing.gstin import check_character
from pricing.supply import STATES, is_wrong_gstin, place_of_supply, read_gstin, state_code

GSTIN = "29AAPFU0939F1Z" + check_character("29AAPFU0939F1Z")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        pytest.param("Karnataka", "29", id="name"),
        pytest.param(" tamil  NADU ", "33", id="case-and-spaces"),
        pytest.param("Jammu & Kashmir", "01", id="ampersand"),
        pytest.param("New Delhi", "07", id="city-that-is-the-state"),
        pytest.param("IN-KA", "29", id="iso"),
        pytest.param("mh", "27", id="iso-without-country"),
        pytest.param("Orissa", "21", id="former-name"),
        pytest.param("TG", "36", id="former-code"),
        pytest.param("29", "29", id="gst-code"),
        pytest.param("Bengaluru, Karnataka", "29", id="after-a-city"),
        pytest.param("Andaman & Nicobar", "35", id="short-name"),
        pytest.param("Bavaria", "", id="elsewhere"),
        pytest.param("", "", id="none"),
    ],
)
def test_a_state_by_its_name(name: str, code: str) -> None:
    assert state_code(name) == code


def test_every_state_is_known_by_its_name() -> None:
    assert {state_code(name): name for name in STATES.values()} == STATES


@pytest.mark.parametrize(
    ("text", "gstin", "wrong"),
    [
        pytest.param(GSTIN, GSTIN, False, id="plain"),
        pytest.param(f"GSTIN{GSTIN.lower()}", GSTIN, False, id="as-the-source-writes-it"),
        pytest.param(f"GSTIN: {GSTIN[:2]} {GSTIN[2:]}", GSTIN, False, id="spaced"),
        pytest.param(GSTIN[:-1] + ("A" if GSTIN[-1] != "A" else "B"), "", True, id="wrong-check-character"),
        pytest.param("GSTIN29ABCDE1234F1Z5x", "", True, id="too-long"),
        pytest.param("VAT 4711", "", False, id="another-number"),
        pytest.param("०७AAPFU0939F1ZV", "", False, id="digits-of-another-script"),
        pytest.param("07AAPFU०९३९F1ZV", "", False, id="some-digits-of-another-script"),
        pytest.param("GSTIN", "", True, id="its-name-alone"),
        pytest.param("", "", False, id="none"),
    ],
)
def test_a_gstin_in_a_tax_id(text: str, gstin: str, wrong: bool) -> None:
    assert (read_gstin(text), is_wrong_gstin(text)) == (gstin, wrong)


@pytest.mark.parametrize(
    ("buyer", "address", "station", "place"),
    [
        pytest.param(GSTIN, "Delhi", "Delhi", "29", id="a-business-where-it-is-registered"),
        pytest.param("", "Maharashtra", "Delhi", "27", id="a-person-at-the-address"),
        pytest.param("", "", "Delhi", "07", id="without-an-address-at-the-station"),
        pytest.param("", "Bavaria", "Delhi", "07", id="an-address-abroad"),
        pytest.param("", "", "", "", id="nothing-known"),
    ],
)
def test_which_state_is_supplied(buyer: str, address: str, station: str, place: str) -> None:
    assert place_of_supply(buyer_gstin=buyer, buyer_state=address, station_state=station) == place
