"""What a receipt says of a bill's tax."""

from __future__ import annotations

from django.db import models

from cpo_portal.accounts.tenancy import TenantModel
from cpo_portal.charging.models import Order
from offers.models.columns import MONEY


class BillTax(TenantModel):
    """How the GST of a bill is divided, as it was when the bill was made; append-only.

    The parts and `round_off` add up to the bill's tax. `rate` is the percentage of each part; states are named by
    their codes. The buyer's own number stays with what it wrote about itself in the order.
    """

    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="bill_tax")
    gstin = models.CharField(max_length=15)
    sac_code = models.CharField(max_length=10, blank=True)
    place_of_supply = models.CharField(max_length=2)
    is_business = models.BooleanField(db_default=False)
    taxable = models.DecimalField(**MONEY)
    rate = models.DecimalField(max_digits=6, decimal_places=3)
    cgst = models.DecimalField(**MONEY)
    sgst = models.DecimalField(**MONEY)
    igst = models.DecimalField(**MONEY)
    round_off = models.DecimalField(**MONEY)

    def __str__(self) -> str:
        return f"GST of {self.order_id}"
