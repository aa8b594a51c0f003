"""Divides the GST of a bill when it is made: within a state or across states, for a business or a person."""

from __future__ import annotations

from typing import Any

from cpo_portal.charging.models import Order, OrderContact
from offers.models import BillTax
from pricing.engine.gst import gst_parts
from pricing.engine.values import LineKind, Quote
from pricing.models import TaxProfile
from pricing.supply import is_wrong_gstin, place_of_supply, read_gstin

#: What becomes of a tax id that looks like a GSTIN, whose characters do not fit each other.
DOUBT = "This tax id is no valid GSTIN, so the tax is that of a buyer without one"


def divide_tax(order: Order, bill: Quote) -> BillTax | None:
    """Write how the tax of a bill is divided, once; None where the CPO has no GSTIN or the bill no tax.

    In the transaction that writes the bill: later changes of the tax profile change no receipt.
    """
    profile = TaxProfile.objects.filter(cpo=order.cpo).first()
    tax = next((line for line in bill.lines if line.kind is LineKind.TAX), None)
    if profile is None or not profile.gstin or tax is None or tax.rate is None:
        return None
    billing = billing_of(order)
    buyer = read_gstin(billing.get("tax_id") or "")
    location = order.connector.charger.location
    home = profile.gstin[:2]
    place = (
        place_of_supply(buyer_gstin=buyer, buyer_state=billing.get("state") or "", station_state=location.state) or home
    )
    taxable = bill.total.amount - tax.amount.amount
    parts = gst_parts(taxable, tax.amount.amount, tax.rate, order.currency, within_state=place == home)
    return BillTax.objects.create(
        cpo=order.cpo,
        order=order,
        gstin=profile.gstin,
        sac_code=tax.code,
        place_of_supply=place,
        is_business=bool(buyer),
        taxable=parts.taxable,
        rate=parts.rate,
        cgst=parts.cgst,
        sgst=parts.sgst,
        igst=parts.igst,
        round_off=parts.round_off,
    )


def is_doubtful(billing: dict[str, Any]) -> bool:
    """Tell whether the buyer's tax id was meant as a GSTIN and counts as none."""
    return is_wrong_gstin(billing.get("tax_id") or "")


def billing_of(order: Order) -> dict[str, Any]:
    """Return who is billed as the buyer app wrote it; nothing of who was forgotten."""
    contact = OrderContact.objects.filter(order=order).first()
    return contact.billing if contact is not None else {}
