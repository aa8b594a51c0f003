"""India's GST on a bill: central and state tax within a state, integrated tax across states, what rounding leaves."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from pricing.engine.money import round_amount


@dataclass(frozen=True, slots=True)
class GstParts:
    """The tax of a bill as its invoice names it; `rate` is the percentage of each part that is not zero.

    The parts and `round_off` add up to the tax that the bill has.
    """

    taxable: Decimal
    rate: Decimal
    cgst: Decimal
    sgst: Decimal
    igst: Decimal
    round_off: Decimal


def gst_parts(taxable: Decimal, tax: Decimal, rate: Decimal, currency: str, *, within_state: bool) -> GstParts:
    """Divide the tax that was billed on `taxable` at `rate` percent."""
    nothing = round_amount(Decimal(0), currency)
    if not within_state:
        igst = round_amount(taxable * rate / 100, currency)
        return GstParts(taxable, rate, nothing, nothing, igst, tax - igst)
    half = round_amount(taxable * rate / 200, currency)
    return GstParts(taxable, rate / 2, half, half, nothing, tax - 2 * half)
