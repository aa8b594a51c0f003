"""India's GST: the halves within a state, the whole across states, and what rounding leaves of the billed tax."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.engine.gst import GstParts, gst_parts
from pricing.engine.taxes import tax_on
from pricing.engine.values import Tax

GST = Tax("GST", Decimal(18), "998714")


@pytest.mark.parametrize(
    ("taxable", "tax", "within", "parts"),
    [
        pytest.param("77.50", "13.95", True, ("9", "6.98", "6.98", "0.00", "-0.01"), id="halves-above-the-whole"),
        pytest.param("77.50", "13.95", False, ("18", "0.00", "0.00", "13.95", "0.00"), id="across-states"),
        pytest.param("80.20", "14.44", True, ("9", "7.22", "7.22", "0.00", "0.00"), id="halves-fit"),
        pytest.param("100.03", "18.01", True, ("9", "9.00", "9.00", "0.00", "0.01"), id="halves-below-the-whole"),
        pytest.param("0.00", "0.00", True, ("9", "0.00", "0.00", "0.00", "0.00"), id="nothing"),
    ],
)
def test_the_tax_of_a_bill_is_divided(taxable: str, tax: str, within: bool, parts: tuple[str, ...]) -> None:
    assert tax_on(Decimal(taxable), GST, "INR") == Decimal(tax)
    found = gst_parts(Decimal(taxable), Decimal(tax), Decimal(18), "INR", within_state=within)
    assert found == GstParts(Decimal(taxable), *map(Decimal, parts))


@given(st.decimals(0, 10**6, places=2), st.sampled_from(["0", "5", "12", "18", "28"]), st.booleans())
def test_the_parts_add_up_to_what_was_billed_and_rounding_leaves_a_paisa_at_most(taxable, rate, within):
    tax = tax_on(taxable, Tax("GST", Decimal(rate)), "INR")
    found = gst_parts(taxable, tax, Decimal(rate), "INR", within_state=within)
    assert found.cgst + found.sgst + found.igst + found.round_off == tax
    assert found.cgst == found.sgst
    assert abs(found.round_off) <= (Decimal("0.01") if within else 0)
